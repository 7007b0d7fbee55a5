from ryx_dash.engine.evidence import (
    Excerpt,
    beyond,
    from_output,
    from_passages,
    named_files,
    web_pages,
)
from ryx_dash.engine.retrieval.query import Passage

HITS = {
    "hits": [
        {"path": "a.md", "line": None, "snippet": "a.md"},
        {"path": "a.md", "line": 4, "snippet": "four"},
    ]
}


def excerpt(path: str, start: int, *lines: str) -> Excerpt:
    return Excerpt(path=path, start=start, lines=lines)


def test_passages_are_scored_in_relation_to_the_best() -> None:
    found = from_passages(
        [
            Passage(path="a", start=3, end=4, line=3, score=8.0, text="x\ny\n"),
            Passage(path="b", start=1, end=1, line=1, score=2.0, text="z"),
        ]
    )
    assert [(e.path, e.start, e.end, e.lines, e.score) for e in found] == [
        ("a", 3, 4, ("x", "y"), 1.0),
        ("b", 1, 1, ("z",), 0.25),
    ]


def test_scores_that_are_all_zero_stay_zero() -> None:
    [found] = from_passages([Passage(path="a", start=1, end=1, line=1, score=0.0, text="x")])
    assert found.score == 0


def test_only_a_line_feed_ends_a_line() -> None:
    [found] = from_output("read_file", {"path": "a", "start": 1, "text": "x\u2028y\fz\n\n"})
    assert found.lines == ("x\u2028y\fz", "")


def test_hits_with_a_line_are_excerpts_and_others_names() -> None:
    assert from_output("search_local", HITS) == (excerpt("a.md", 4, "four"),)
    assert named_files("search_local", HITS) == ("a.md",)


def test_other_outputs_show_no_files() -> None:
    assert from_output("read_file", {"path": "a", "start": 1, "text": ""}) == ()
    assert from_output("search_web", HITS) == ()
    assert from_output("search_local", None) == ()
    assert named_files("read_file", HITS) == ()
    assert web_pages("read_file", HITS) == ()


def test_web_pages() -> None:
    output = {"results": [{"title": "T", "url": "https://x.org", "snippet": "s"}]}
    assert web_pages("search_web", output) == (("T", "https://x.org"),)


def test_beyond_leaves_out_what_is_shown() -> None:
    shown = [excerpt("a", 3, "x", "y", "z")]
    inside, before, other = excerpt("a", 4, "y"), excerpt("a", 2, "w", "x"), excerpt("b", 4, "y")
    assert beyond(shown, [inside, before, other]) == (before, other)
