import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.citations import MAX_CITATIONS, check
from ryx_dash.engine.evidence import Excerpt

SEEN = (
    Excerpt(path="notes.md", start=3, lines=("a", "b", "c")),
    Excerpt(path="my docs/two words.md", start=1, lines=("x",)),
    Excerpt(path="Makefile", start=9, lines=("all:",)),
)


def cited(text: str) -> list[tuple[str, int, int, bool]]:
    return [(c.path, c.line, c.end, c.verified) for c in check(text, SEEN)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is so (`notes.md:3`).", [("notes.md", 3, 3, True)]),
        ("It is so (notes.md:3).", [("notes.md", 3, 3, True)]),
        ("[notes.md:3]", [("notes.md", 3, 3, True)]),
        (
            "see ./notes.md:4, and `./notes.md:5`",
            [("notes.md", 4, 4, True), ("notes.md", 5, 5, True)],
        ),
        ("`notes.md:3-5`", [("notes.md", 3, 5, True)]),
        ("notes.md:3–5", [("notes.md", 3, 5, True)]),
        ("`notes.md:L3-L5`", [("notes.md", 3, 5, True)]),
        ("`notes.md:4-9`", [("notes.md", 4, 9, False)]),
        ("`notes.md:9-4`", [("notes.md", 9, 9, False)]),
        ("`notes.md:2`", [("notes.md", 2, 2, False)]),
        (
            "`invented.md:3` and other/made.py:7",
            [("invented.md", 3, 3, False), ("other/made.py", 7, 7, False)],
        ),
        ("my docs/two words.md:1", [("my docs/two words.md", 1, 1, True)]),
        ("`my docs/two words.md:1`", [("my docs/two words.md", 1, 1, True)]),
        ("Makefile:9", [("Makefile", 9, 9, True)]),
        ("`notes.md:3` twice: notes.md:3", [("notes.md", 3, 3, True)]),
        ("notes.md:3:17", [("notes.md", 3, 3, True)]),
        ("`notes.md:0`", []),
        ("```\nnotes.md:3\n```", []),
        ("at http://example.com:8080/ or localhost:8050", []),
        ("`127.0.0.1:8050` `example.com:80` `redis:6379`", []),
        ("12:30, ratio 3.5:2, C:1, `a: 1`", []),
        ("notes.md says so", []),
        ("notes.md:3rd", []),
    ],
)
def test_citations(text: str, expected: list[tuple[str, int, int, bool]]) -> None:
    assert cited(text) == expected


def test_data_names_the_end_only_of_a_range() -> None:
    one, many = check("`notes.md:3` `notes.md:3-4`", SEEN)
    assert one.data() == {"path": "notes.md", "line": 3, "verified": True}
    assert many.data() == {"path": "notes.md", "line": 3, "end": 4, "verified": True}


def test_nothing_seen_verifies_nothing() -> None:
    [citation] = check("`notes.md:3`", [])
    assert not citation.verified


def test_not_too_many() -> None:
    text = " ".join(f"a.md:{n}" for n in range(1, MAX_CITATIONS + 50))
    assert len(check(text, SEEN)) == MAX_CITATIONS


@given(st.sampled_from(SEEN), st.integers(1, 12), st.sampled_from(["`{}`", "{}", "({})", "**{}**"]))
def test_a_citation_is_verified_exactly_when_its_line_was_seen(
    excerpt: Excerpt, line: int, frame: str
) -> None:
    text = "so " + frame.format(f"{excerpt.path}:{line}") + " it is"
    assert cited(text) == [(excerpt.path, line, line, excerpt.start <= line <= excerpt.end)]


@given(st.text(st.sampled_from("`:/.-a1 \n@"), max_size=80))
def test_any_text_is_checked(text: str) -> None:
    for citation in check(text, SEEN):
        assert 1 <= citation.line <= citation.end
