import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.callbacks import frame as read
from ryx_dash.callbacks.frame import Frame, Shown

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["n", "run", "seq", "log", "on", "node", "data", "column_id", "direction"])
HOSTILE = JSON | st.dictionaries(KEYS, JSON) | st.lists(st.dictionaries(KEYS, JSON), max_size=2)

PARSERS = [
    read.parse_frame,
    read.parse_shown,
    read.parse_follow,
    read.parse_selected,
    read.parse_sort,
    read.parse_page,
    read.parse_choice,
    read.parse_search,
    read.parse_zone,
    read.parse_zoom,
    read.parse_ahead,
    read.parse_place,
    lambda value: read.parse_mark(value, "r"),
]


def message(**frame):
    return {"data": json.dumps(frame)}


def test_a_frame_is_its_number_run_and_head():
    assert read.parse_frame(message(n=7, run="r", head=9, status="running")) == Frame(
        n=7, run="r", head=9
    )
    assert read.parse_frame(message(n=1, run=None)) == Frame(n=1)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"data": None},
        {"data": b"{}"},
        {"data": "no JSON"},
        {"data": "[1]"},
        {"data": "[" * 100_000},
        message(n=True),
        message(n=-1),
        message(n="7"),
        message(run="r"),
    ],
)
def test_what_is_no_frame_is_none(value):
    assert read.parse_frame(value) is None


@pytest.mark.parametrize("run", ["", 3, "x" * 65, ["r"]])
def test_a_run_of_another_shape_is_no_run(run):
    assert read.parse_frame(message(n=1, run=run)) == Frame(n=1)


@given(st.sampled_from(PARSERS), HOSTILE)
def test_nothing_raises(parse, value):
    parse(value)


@given(st.text())
def test_no_text_of_a_frame_raises(text):
    read.parse_frame({"data": text})


def test_what_is_shown_counts_only_for_its_run_and_log():
    shown = read.parse_shown({"n": 3, "run": "r", "seq": 9, "log": "a", "asked": "k", "rows": "x"})
    assert shown == Shown(n=3, run="r", seq=9, log="a", asked="k", rows="x")
    assert shown.since("r", "a", 9) == 9
    assert shown.since("s", "a", 9) == shown.since("r", "b", 9) == shown.since(None, "a", 9) == -1
    assert shown.since("r", "a", 8) == -1
    assert read.parse_shown(None) == Shown()


def test_marks_are_about_one_run():
    assert read.parse_mark({"run": "r", "seq": 4}, "r") == 4
    assert read.parse_mark({"run": "r", "seq": 4}, "s") is None
    assert read.parse_mark({"run": "r", "seq": -4}, "r") is None


def test_following_is_the_default():
    assert read.parse_follow(None) is None
    assert read.parse_follow({"on": True, "seq": 3}) is None
    assert read.parse_follow({"on": False, "seq": 3}) == 3
    assert read.parse_follow({"on": False}) == 0


@pytest.mark.parametrize(
    ("value", "order"),
    [
        ([], ()),
        ([{"column_id": "time", "direction": "desc"}], (("seq", "desc"),)),
        ([{"column_id": "icon", "direction": "asc"}], (("level", "asc"),)),
        ([{"column_id": "id; DROP TABLE", "direction": "asc"}], ()),
        ([{"column_id": "time", "direction": "sideways"}], ()),
        ([{"column_id": ["time"], "direction": "asc"}], ()),
    ],
)
def test_orders(value, order):
    assert read.parse_sort(value) == order


def test_choices_and_searches():
    assert read.parse_choice("rag_context") == {"rag_context"}
    assert read.parse_choice("all") == read.parse_choice("") == read.parse_choice(None) == set()
    assert read.parse_search("  two words ") == "two words"
    assert len(read.parse_search("x" * 9_999)) == read.MAX_TEXT


@pytest.mark.parametrize("name", ["Mars/Base", "../../etc/passwd", "", None, "Europe", "A" * 65, 3])
def test_a_zone_that_nobody_knows_is_utc(name):
    assert read.parse_zone(name).key == "UTC"


def test_a_known_zone():
    assert read.parse_zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")


def test_text_that_no_log_can_hold_is_replaced():
    assert read.parse_search("a\ud800b") == "a?b"
