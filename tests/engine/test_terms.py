import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.terms import MAX_TERMS, fold, matches, telling_words, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the launch code of project Zephyr?", ("launch", "code", "project", "Zephyr")),
        ("Où est le café du Zéphyr ?", ("café", "Zéphyr")),
        ("Wie heißt das Passwort für den Server?", ("heißt", "Passwort", "Server")),
        ("Zephyr zephyr ZEPHYR", ("Zephyr",)),
        ("what is it", ("what", "is", "it")),
        ("read_text() of notes.md", ("read_text", "notes", "md")),
        ("?!", ()),
    ],
)
def test_telling_words(text: str, expected: tuple[str, ...]) -> None:
    assert telling_words(text) == expected


def test_words_that_say_nothing_can_be_refused() -> None:
    assert telling_words("what is it", any_words=False) == ()


def test_case_and_accents_fold() -> None:
    assert words("Ça STRASSE straße ﬁn") == ["ca", "strasse", "strasse", "fin"]


@pytest.mark.parametrize(
    ("term", "word", "same"),
    [
        ("code", "code", True),
        ("code", "codes", True),
        ("codes", "code", True),
        ("launch", "launched", True),
        ("cat", "cats", False),
        ("cat", "category", False),
        ("code", "codependent", False),
        ("launch", "lunch", False),
    ],
)
def test_matches(term: str, word: str, same: bool) -> None:
    assert matches(term, word) is same


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert words(fold(text)) == words(text)
    assert not any(unicodedata.combining(char) for char in fold(text))


@given(st.text(max_size=400))
def test_telling_words_are_distinct_words_of_the_text(text: str) -> None:
    found = telling_words(text)
    assert len(found) <= MAX_TERMS
    assert len({fold(word) for word in found}) == len(found)
    assert all(word in text for word in found)
