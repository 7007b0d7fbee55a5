"""Finding and ranking hits, without files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.snippets import excerpt, first_position
from ryx_dash.engine.tools.scan import Scan, search_words
from ryx_dash.protocol.events import JsonObject


def never() -> bool:
    return False


def scanned(query: str, files: dict[str, str], limit: int = 100) -> Scan:
    scan = Scan(query, limit)
    for path, text in files.items():
        scan.file(path, text, never)
    return scan


def places(hits: list[JsonObject]) -> list[str]:
    return [f"{hit['path']}:{hit['line']}" for hit in hits]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("launch code", ["launch", "code"]),
        ("What is the launch code of project Zephyr?", ["launch", "code", "project", "zephyr"]),
        ("Where is notes.md?", ["notes.md"]),
        ("docs/guide.md", ["docs/guide.md"]),
        ("read_text() read_text()", ["read_text"]),
        ('"quoted words"', ["quoted", "words"]),
        ("the", ["the"]),
        ("->", ["->"]),
        ("?", ["?"]),
        ("日本語", ["日本語"]),
    ],
)
def test_the_words_of_a_query(query: str, words: list[str]) -> None:
    assert search_words(query) == words


def test_case_does_not_matter() -> None:
    hits = scanned("ZEPHYR Ärger", {"a": "zephyr\n", "b": "ÄRGER\n"}).hits()
    assert places(hits) == ["a:1", "b:1"]


def test_more_words_go_first_and_the_whole_phrase_before_all() -> None:
    text = "code\nlaunch\ncode for the launch\nthe launch code\n"
    assert places(scanned("launch code", {"a": text}).hits()) == ["a:4", "a:3", "a:1", "a:2"]


def test_a_rarer_word_weighs_more() -> None:
    files = {f"{number}": "common\n" for number in range(9)} | {"z": "common\nrare\n"}
    assert places(scanned("common rare", files).hits())[0] == "z:2"


def test_a_phrase_with_words_that_tell_nothing() -> None:
    files = {"a": "state code\n", "b": "state of the code\n"}
    assert places(scanned("state of the code", files).hits()) == ["b:1", "a:1"]


def test_names_match_too_and_have_no_line() -> None:
    hits = scanned("zephyr", {"zephyr/other.md": "", "docs/Zephyr.md": "zephyr\n"}).hits()
    assert hits == [
        {"path": "docs/Zephyr.md", "line": None, "snippet": "docs/Zephyr.md"},
        {"path": "docs/Zephyr.md", "line": 1, "snippet": "zephyr"},
    ]


def test_a_word_with_a_slash_is_looked_for_in_the_path() -> None:
    assert places(scanned("zephyr/a", {"zephyr/a.md": "", "a.md": ""}).hits()) == [
        "zephyr/a.md:None"
    ]


def test_no_file_crowds_out_the_others() -> None:
    files = {"big": "word\n" * 1000, "b": "word\n", "c": "word\nword\n"}
    scan = scanned("word", files, limit=5)
    assert places(scan.hits()) == ["big:1", "b:1", "c:1", "big:2", "c:2"]
    assert scan.total == 1003


def test_a_rare_line_far_down_in_a_file_of_many_hits_is_found() -> None:
    files = {"big": "common\n" * 5000 + "rare\n", "b": "common\n", "c": "common\n"}
    assert places(scanned("common rare", files, limit=3).hits())[0] == "big:5001"


def test_many_hits_in_many_files_keep_the_first_of_each() -> None:
    files = {f"{number:03}": "word\nword\n" for number in range(500)}
    scan = scanned("word", files, limit=10)
    assert places(scan.hits()) == [f"{number:03}:1" for number in range(10)]
    assert scan.total == 1000


def test_the_snippet_shows_the_match() -> None:
    line = "  " + "a " * 500 + "needle" + " b" * 500
    [hit] = scanned("needle", {"a": line}).hits()
    assert "needle" in hit["snippet"]
    assert len(hit["snippet"]) == 240
    assert hit["snippet"].startswith("…")
    assert hit["snippet"].endswith("…")


def test_lines_are_counted_as_editors_do() -> None:
    assert places(scanned("x", {"a": "\x0c\u2028\n\nx"}).hits()) == ["a:3"]


def test_letters_that_change_length_in_lower_case() -> None:
    [hit] = scanned("needle", {"a": "İ" * 300 + "needle"}).hits()
    assert len(hit["snippet"]) <= 240


def test_stops_within_a_file() -> None:
    scan = Scan("x", 100)
    scan.file("a", "x\n" * 100_000, lambda: True)
    assert 0 < scan.total < 5000


@given(
    query=st.text(min_size=1).filter(str.strip),
    files=st.dictionaries(st.text(min_size=1), st.text(), max_size=5),
    limit=st.integers(1, 5),
)
def test_any_text(query: str, files: dict[str, str], limit: int) -> None:
    scan = scanned(query, files, limit)
    hits = scan.hits()
    assert len(hits) == min(limit, scan.total)
    for hit in hits:
        assert hit["path"] in files
        assert len(hit["snippet"]) <= 240


@given(line=st.text(), at=st.integers(0, 500), width=st.integers(10, 100))
def test_an_excerpt_is_a_piece_of_the_line(line: str, at: int, width: int) -> None:
    piece = excerpt(line, at, width=width)
    assert len(piece) <= width
    if len(line.strip()) <= width:
        assert piece == line.strip()
    assert piece.strip("…") in line


def test_an_excerpt_holds_what_stands_at_the_position() -> None:
    for at in (0, 50, 500, 994):
        line = "." * at + "needle" + "." * (994 - at)
        assert "needle" in excerpt(line, at)
    assert first_position("b a", ["z", "a", "b"]) == 2
    assert first_position("b a", ["z"]) == 0
