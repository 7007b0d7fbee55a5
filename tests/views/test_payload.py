"""Payloads as JSON, text and table, and how much of a large one is drawn."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.views import payload
from ryx_dash.views.markup import markup
from ryx_dash.views.payload import FIRST, FIRST_ROWS, FORMS, MOST, draw, plain
from tests.views.tree import find, text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
ROWS = [{"path": "a.md", "line": 3}, {"path": "b.md", "score": 0.5, "more": {"x": [1]}}]


@pytest.mark.parametrize("form", FORMS)
@given(value=JSON)
def test_any_value_can_be_drawn(form, value):
    shown = draw(value, form)
    assert "<script" not in markup(shown.content).replace("&lt;script", "")
    assert not shown.cut


def test_a_list_of_objects_is_a_table_with_the_columns_of_all():
    table = draw(ROWS, "table").content
    assert [text(th) for th in find(table, type="Th")] == ["path", "line", "score", "more"]
    cells = [text(td) for td in find(table, type="Td")]
    assert cells == ["a.md", "3", "", "", "b.md", "", "0.5", '{"x": [1]}']


def test_an_object_is_a_table_of_pairs_with_its_lists_inside():
    table = draw({"hits": ROWS, "total": 2}, "table").content
    assert [text(th) for th in find(table, type="Th", scope="row")] == ["hits", "total"]
    assert len(find(table, type="Table")) == 2


@pytest.mark.parametrize("value", [["a", "b"], [{"x": 1}, "y"], [], 7, "words"])
def test_what_is_no_table_is_shown_as_it_is(value):
    assert find(draw(value, "table").content, type="Table") == []


def test_a_raw_message_is_read_where_it_can_be():
    raw = '{"a":{"b":[1]}}'
    assert text(draw(raw, "json").content).count("\n") > 3
    assert text(draw(raw, "text").content) == raw
    assert find(draw(raw, "table").content, type="Table") != []
    assert text(draw('{"a":', "json").content) == '{"a":'
    assert text(draw("[" * 100_000, "json", whole=True).content) == "[" * 100_000


def test_text_has_real_line_ends_and_no_quotes():
    value = {"text": "one\ntwo", "n": 1, "list": [{"a": "b"}, []], "none": None}
    assert plain(value).split("\n") == [
        "text:",
        "  one",
        "  two",
        "n: 1",
        "list:",
        "  -",
        "    a: b",
        "  - []",
        "none: null",
    ]


def test_a_long_text_is_cut_and_said_then_whole():
    value = "".join(f"line {n}\n" for n in range(20_000))
    first = draw(value, "text")
    assert text(first.content) == value[:FIRST]
    assert first.cut == f"The first 50,000 of {len(value):,} characters."
    assert first.more
    whole = draw(value, "text", whole=True)
    assert (text(whole.content), whole.cut) == (value, "")
    huge = draw("x" * (MOST + 1), "text", whole=True)
    assert (len(text(huge.content)), huge.more) == (MOST, False)
    assert huge.cut


@given(st.text(alphabet="ab\n", max_size=400))
def test_pieces_are_the_text(value):
    size, payload.CHUNK = payload.CHUNK, 7
    try:
        pieces = list(payload._pieces(value))
    finally:
        payload.CHUNK = size
    assert "".join(pieces) == value
    assert all(0 < len(piece) <= 7 for piece in pieces)


def test_a_long_table_is_cut_and_said_then_whole():
    rows = [{"n": n} for n in range(FIRST_ROWS + 50)]
    first, whole = draw(rows, "table"), draw(rows, "table", whole=True)
    assert (first.cut, first.more) == ("The first 100 of 150 rows.", True)
    assert len(find(first.content, type="Td")) == FIRST_ROWS
    assert (len(find(whole.content, type="Td")), whole.cut) == (150, "")
    inner = draw({"rows": rows}, "table")
    assert (inner.cut, inner.more) == ("Lists are cut at 100 rows; the JSON has them all.", False)
    members = draw({str(n): n for n in range(150)}, "table")
    assert (members.cut, members.more) == ("The first 100 of 150 members.", True)


def test_a_wide_table_says_what_it_leaves_out():
    row = {f"c{n}": n for n in range(20)}
    heads = [text(th) for th in find(draw([row], "table").content, type="Th")]
    assert heads[-1] == "8 more columns: see JSON"


def test_long_cells_are_cut_and_say_so():
    cell = find(draw({"a": "x" * 1_000}, "table").content, type="Td")[0]
    assert cell["title"] == "1,000 characters; see JSON or text"
    assert len(text(cell["children"])) == payload.CELL


def test_json_is_json():
    value = {"a": [1, {"b": "ø"}]}
    assert json.loads(text(draw(value, "json").content)) == value
