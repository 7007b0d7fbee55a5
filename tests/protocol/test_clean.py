"""Any value becomes one that JSON and browsers take, and what changed is said."""

import json
from datetime import date
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.protocol.clean import MAX_DEPTH, MAX_INT, clean, clean_draft, clean_text, encodable
from ryx_dash.protocol.events import Draft

any_text = st.text(st.characters(), max_size=8)  # surrogates included
any_scalar = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**700, max_value=10**700 + 5).map(lambda n: n * 10**5000)
    | st.floats()
    | any_text
    | st.binary(max_size=4)
    | st.dates()
)
any_value = st.recursive(
    any_scalar,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(any_text | st.integers() | st.none(), inner, max_size=4)
        | st.frozensets(st.integers(), max_size=2)
    ),
    max_leaves=12,
)


def strict_json(value: object) -> str:
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")
    return text


@given(any_value)
def test_whatever_comes_out_is_strict_json(value: Any) -> None:
    data, notes = clean(value)
    assert json.loads(strict_json(data)) == data
    assert len(notes) <= 20
    assert all(encodable(note) for note in notes)


@given(any_value)
def test_cleaning_twice_changes_nothing_more(value: Any) -> None:
    data, _ = clean(value)
    again, notes = clean(data)
    assert again is data
    assert notes == []


@given(any_text)
def test_clean_text_is_utf8_and_keeps_good_text(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned.encode().decode() == cleaned
    if encodable(text):
        assert cleaned == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udc00", "\ufffd"),
        ("x\ud83d", "x\ufffd"),
        ("\ud83d\ude00", "😀"),  # both halves: the character that was meant
        ("\ufeffé", "\ufeffé"),
    ],
)
def test_lone_surrogates(text: str, expected: str) -> None:
    assert clean_text(text) == expected


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


@pytest.mark.parametrize(
    ("value", "expected", "note"),
    [
        (float("nan"), None, "data.x: NaN became null."),
        (float("-inf"), None, "data.x: an infinite number became null."),
        (MAX_INT, MAX_INT, None),
        (MAX_INT + 1, str(MAX_INT + 1), "data.x: an integer of more than 53 bits became text."),
        (-MAX_INT - 1, str(-MAX_INT - 1), "data.x: an integer of more than 53 bits became text."),
        (True, True, None),
        (1.5, 1.5, None),
        ("\ud800", "\ufffd", "data.x: half a character became U+FFFD."),
        ((1, 2), [1, 2], None),
        (Colour.RED, "red", None),
        (Size.BIG, 3, None),
        (
            date(2026, 1, 2),
            "datetime.date(2026, 1, 2)",
            "data.x: date is not JSON and became text.",
        ),
        ({1: "a", "1": "b"}, {"1": "a", "1'": "b"}, "data.x: the key 1 became text."),
        ({"\ud800": 1}, {"\ufffd": 1}, "a key of data.x: half a character became U+FFFD."),
        ([0, [float("nan")]], [0, [None]], "data.x[1][0]: NaN became null."),
    ],
)
def test_each_replacement_and_its_note(value: object, expected: object, note: str | None) -> None:
    data, notes = clean({"x": value})
    assert data == {"x": expected}
    assert type(data["x"]) is type(expected)
    assert notes == ([] if note is None else [note])


def test_an_integer_too_long_for_decimals() -> None:
    assert clean({"x": 16**5000})[0] == {"x": hex(16**5000)}


def test_a_safe_object_is_not_copied() -> None:
    data = {"a": [1, {"b": None}], "c": "é"}
    assert clean(data)[0] is data


def test_what_is_no_object_becomes_one() -> None:
    assert clean("x") == ({"value": "x"}, ["data: was no object and became one."])
    assert clean([1]) == ({"value": [1]}, ["data: was no object and became one."])


def nested(levels: int) -> dict[str, Any]:
    value: Any = "core"
    for _ in range(levels):
        value = {"a": value}
    return value  # type: ignore[no-any-return]


def test_the_deepest_allowed_nesting_stays() -> None:
    data = nested(MAX_DEPTH)
    assert clean(data) == (data, [])


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 100_000])
def test_deeper_nesting_is_cut_and_said(levels: int) -> None:
    data, notes = clean(nested(levels))
    assert strict_json(data).count("{") == MAX_DEPTH
    assert "(nested deeper than 64 levels)" in strict_json(data)
    assert len(notes) == 1
    assert notes[0].startswith("data.a.a")
    assert notes[0].endswith("more than 64 levels were cut.")


def test_a_value_within_itself_is_cut_at_once() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = [loop, loop]
    data, notes = clean(loop)
    assert data == {"again": ["(refers to itself)", "(refers to itself)"]}
    assert notes == [f"data.again[{n}]: a value within itself was cut." for n in (0, 1)]


def test_the_same_value_twice_is_no_loop() -> None:
    shared = [float("nan")]
    assert clean({"a": shared, "b": shared})[0] == {"a": [None], "b": [None]}


def test_many_notes_are_counted() -> None:
    _, notes = clean({"x": [float("nan")] * 50})
    assert len(notes) == 20
    assert notes[-1] == "31 more values were replaced."
    _, exactly = clean({"x": [float("nan")] * 20})
    assert exactly[-1] == "data.x[19]: NaN became null."


def test_an_object_whose_repr_fails() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert clean({"x": Broken()})[0] == {"x": "<Broken>"}


def test_a_sound_draft_is_given_back_itself() -> None:
    draft = Draft(event="llm_token", message="é", latency=1.0, data={"text": "x"})
    assert clean_draft(draft) is draft


def test_a_draft_with_faults_says_them() -> None:
    draft = Draft(event="x\ud800", message="m\ud800", latency=float("nan"), data={"n": 2**60})
    assert clean_draft(draft) == Draft(
        event="x\ufffd",
        message="m\ufffd",
        latency=None,
        data={
            "n": str(2**60),
            "_notes": [
                "event: half a character became U+FFFD.",
                "message: half a character became U+FFFD.",
                "latency: NaN became null.",
                "data.n: an integer of more than 53 bits became text.",
            ],
        },
    )


def test_the_notes_of_an_earlier_cleaning_stay() -> None:
    draft = Draft(event="x", data={"_notes": ["earlier"], "n": float("inf")})
    assert clean_draft(draft).data["_notes"] == [
        "earlier",
        "data.n: an infinite number became null.",
    ]


def test_notes_that_are_no_list_give_way() -> None:
    draft = Draft(event="x", data={"_notes": "mine", "n": float("inf")})
    assert clean_draft(draft).data["_notes"] == ["data.n: an infinite number became null."]


@pytest.mark.parametrize("field", ["event", "step", "node", "message"])
@given(text=any_text, data=any_value)
def test_any_draft_becomes_sendable(field: str, text: str, data: Any) -> None:
    cleaned = clean_draft(Draft(**{"event": "x", field: text, "data": {"value": data}}))
    strict_json(cleaned.model_dump())
