"""What a search shows of what it found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.log.hits import LONGEST, excerpt, marked
from tests.log.samples import event


def hits(parts: tuple[tuple[str, bool], ...]) -> list[str]:
    return [text for text, hit in parts if hit]


@pytest.mark.parametrize(
    ("text", "searched", "expected"),
    [
        ("Where is the Kettle?", "kett", ["Kettle"]),
        ("open src/main.py now", "src/ma", ["src", "main"]),
        ("Ärger, ärgerlich", "arger", ["Ärger", "ärgerlich"]),
        ("mainly src", "src/main", ["mainly", "src"]),
        ("nothing", "kettle", []),
        ("anything", "", []),
        ("tea ☕ time", "☕", ["☕"]),
    ],
)
def test_what_was_looked_for_is_marked(text: str, searched: str, expected: list[str]) -> None:
    assert hits(marked(text, searched)) == expected


@given(text=st.text(max_size=60), searched=st.text(max_size=10))
def test_marking_changes_no_text(text: str, searched: str) -> None:
    assert "".join(part for part, _ in marked(text, searched)) == text


def test_an_excerpt_is_of_the_text_that_has_most_of_it() -> None:
    one = event("r", 1, message="red", output={"a": "red and\n blue", "b": "blue"})
    assert excerpt(one, "red blue") == (("red", True), (" and ", False), ("blue", True))


def test_an_excerpt_shows_words_that_stand_far_apart() -> None:
    far = event("r", 1, output="needle " + "more " * 500 + "thread " + "more " * 500)
    assert hits(excerpt(far, "needle thread")) == ["needle", "thread"]
    apart = event("r", 1, message="a needle", output={"x": "neither", "y": "a thread"})
    assert excerpt(apart, "needle thread") == (
        *(("a ", False), ("needle", True), (" · a ", False), ("thread", True)),
    )


def test_an_excerpt_shows_two_places_at_most() -> None:
    one = event("r", 1, output=["one", "two", "three"])
    assert hits(excerpt(one, "one two three")) == ["one", "two"]


def test_an_excerpt_of_an_event_that_has_none_of_it_is_empty_or_its_message() -> None:
    assert excerpt(event("r", 1, message="red"), "blue") == (("red", False),)
    assert excerpt(event("r", 1, message="red"), "") == ()


def test_an_excerpt_of_a_long_text_is_about_its_hit() -> None:
    one = event("r", 1, output="word " * 500 + "needle " + "more " * 500)
    parts = excerpt(one, "needle")
    text = "".join(part for part, _ in parts)
    assert hits(parts) == ["needle"]
    assert len(text) <= LONGEST + 2
    assert text.startswith("…word")
    assert text.endswith("…")
