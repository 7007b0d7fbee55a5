import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.views.outputs import PREVIEW, PREVIEW_ITEMS, draw
from tests.views.tree import find, one, text

HIT = {"path": "docs/a.md", "line": 3, "snippet": "the code is 7421"}


def hits(count, **more):
    return {"hits": [HIT] * count, "total": count, "truncated": False, **more}


def test_hits_have_place_and_snippet():
    drawn = draw("search_local", hits(1))
    assert drawn.size is None
    assert text(drawn.parts) == "1 hitdocs/a.md:3the code is 7421"


def test_a_hit_on_a_name_has_no_line():
    named = {"path": "a.md", "line": None, "snippet": ""}
    drawn = draw("search_local", {"hits": [named], "total": 1, "truncated": True})
    assert text(one(drawn.parts, className="place")) == "a.md"
    assert "1 or more hit" in text(drawn.parts)


def test_many_hits_are_cut_and_all_of_them_can_be_had():
    output = hits(PREVIEW_ITEMS + 5)
    cut, whole = draw("search_local", output), draw("search_local", output, whole=True)
    assert len(find(cut.parts, type="Li")) == PREVIEW_ITEMS
    assert cut.size is not None
    assert len(find(whole.parts, type="Li")) == PREVIEW_ITEMS + 5
    assert whole.size is None


def test_no_hits_are_said():
    assert text(draw("search_local", hits(0)).parts) == "Nothing was found."
    assert text(draw("search_web", {"query": "x", "results": []}).parts) == "Nothing was found."


def test_a_file_is_coloured_and_placed():
    output = {"path": "a.py", "text": "x = 1", "start": 1, "end": 1, "lines": 9}
    drawn = draw("read_file", output)
    code = one(drawn.parts, type="Pre")
    assert (code["children"], code["data-language"]) == ("x = 1", "python")
    assert "lines 1–1 of 9" in text(drawn.parts)


def test_a_long_file_is_cut_at_a_line():
    source = "line of text\n" * 1_000
    cut = draw("read_file", {"path": "a.txt", "text": source})
    assert cut.size == len(source)
    shown = text(one(cut.parts, type="Pre"))
    assert len(shown) <= PREVIEW
    assert source.startswith(shown + "\n")
    assert text(draw("read_file", {"path": "a", "text": source}, whole=True).parts[1]) == source


def test_a_long_line_is_cut_anywhere():
    cut = draw("unknown", "x" * 10_000)
    assert len(text(cut.parts)) == PREVIEW


def test_web_results_are_links_only_to_http():
    results = [
        {"title": "Good", "url": "https://example.org/a", "snippet": "words"},
        {"title": "Bad", "url": "javascript:alert(1)", "snippet": ""},
    ]
    drawn = draw("search_web", {"query": "x", "results": results})
    assert one(drawn.parts, type="A")["href"] == "https://example.org/a"
    assert "javascript:alert(1)" in text(drawn.parts)


def test_a_diff_has_its_lines_marked():
    diff = "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same"
    drawn = draw("edit_file", {"path": "a", "diff": diff})
    marks = [
        span["className"]
        for span in one(drawn.parts, className="diff")["children"]
        for span in [span.to_plotly_json()["props"]]
    ]
    assert marks == ["diff-file", "diff-file", "diff-at", "diff-del", "diff-add", "diff-same"]


def test_a_created_file_is_its_path():
    assert text(draw("create_file", {"path": "a/b", "bytes": 1200}).parts) == "a/b1,200 bytes"
    assert text(draw("create_file", {"path": "a/b"}).parts) == "a/b"


@pytest.mark.parametrize(("code", "ok"), [(0, "True"), (2, "False")])
def test_a_terminal_has_output_and_exit_code(code, ok):
    output = {"command": "make", "stdout": "out\n", "stderr": "err", "exit_code": code}
    drawn = draw("launch_app", output)
    assert text(one(drawn.parts, className="terminal")) == "$ make\nout\nerr"
    assert one(drawn.parts, className="exit-code")["data-ok"] == ok


def test_long_terminal_output_is_cut_with_its_size():
    output = {"command": "x", "stdout": "o" * 10_000, "stderr": "", "exit_code": 0}
    assert draw("launch_app", output).size == 10_000
    assert draw("launch_app", output, whole=True).size is None


def test_anything_else_is_json():
    drawn = draw("other", {"a": [1, None], "é": "```"})
    shown = one(drawn.parts, type="Pre")
    assert shown["data-language"] == "json"
    assert json.loads(shown["children"]) == {"a": [1, None], "é": "```"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["hits", "results", "total", "path", "text", "diff", "exit_code", "url", "stdout", "bytes"]
)


@given(
    st.sampled_from(
        ["search_local", "read_file", "search_web", "edit_file", "create_file", "launch_app"]
    ),
    JSON | st.dictionaries(FIELDS, JSON | st.lists(st.dictionaries(FIELDS, JSON))),
    st.booleans(),
)
def test_no_output_breaks_a_card(tool, output, whole):
    drawn = draw(tool, output, whole=whole)
    assert drawn.parts
