"""The words that the text filter compares."""

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.log.driver import query
from ryx_dash.log.index import SCOPE_BITS, match, scoped
from ryx_dash.log.words import LONGEST, MOST, contains, event_words, wanted, words
from tests.log.samples import event


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Café_crème, naïve: ☕!", ["cafe", "creme", "naive", "☕"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("ﬁne ½ Ⅷ", ["fine", "1", "2", "viii"]),
        ("co\u00adoperate a\u200db", ["cooperate", "ab"]),
        ("ローカル検索", ["ロ", "ー", "カ", "ル", "検", "索"]),
        ("ภาษาไทย", list("ภาษาไทย")),
        ("मिलना", ["मिलना"]),
        ("👍🏽❤️ 🇩🇪", ["👍", "🏽", "❤", "🇩", "🇪"]),
        ("a\x00b\ud800c", ["a", "b", "c"]),
        ("x" * 300, ["x" * LONGEST]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_an_events_words_are_its_message_and_the_values_of_its_payload() -> None:
    one = event("r", 1, message="One", a="two", b=[{"c": "three"}, 4, 5.5, True, None], d=("six",))
    assert event_words(one) == ["one", "two", "three", "4", "5", "5", "six"]


def test_a_filter_asks_for_each_part_once_and_for_so_many_at_most() -> None:
    assert wanted("b.c a -> A") == (("b", "c"), ("a",))
    assert len(wanted(" ".join(f"w{number}" for number in range(MOST + 9)))) == MOST


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        (("b",), True),
        (("bb", "cc"), True),
        (("bb", "c"), True),
        (("b", "cc"), False),
        (("cc", "aa"), False),
        (("aa", "bb", "cc", "d"), False),
    ],
)
def test_a_phrase_is_words_in_a_row_the_last_one_begun(
    phrase: tuple[str, ...], expected: bool
) -> None:
    assert contains(["aa", "bb", "cc"], phrase) is expected


@given(text=st.text(), more=st.text())
def test_a_text_is_found_by_itself_and_by_its_beginning(text: str, more: str) -> None:
    found = words(f"{more} {text} {more}")
    for length in range(len(text) + 1):
        assert all(contains(found, phrase) for phrase in wanted(text[:length])[:3])


@given(text=st.text(), other=st.text())
def test_the_index_takes_words_as_they_are(text: str, other: str) -> None:
    """FTS5 and :func:`contains` agree on every text."""
    db = apsw.Connection(":memory:")
    query(db, "CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = 'ascii')")
    found = words(text)
    query(
        db,
        "INSERT INTO words (rowid, text) VALUES (1, ?)",
        scoped(0x1F << SCOPE_BITS, found, token=False),
    )
    for looked_for in (text, other, text[:3], text[1:4]):
        for phrase in wanted(looked_for):
            rows = query(
                db,
                "SELECT rowid FROM words WHERE words MATCH ?",
                match([0x1F << SCOPE_BITS], [phrase], tokens=True),
            )
            assert bool(rows) is contains(found, phrase)
            assert not query(
                db,
                "SELECT rowid FROM words WHERE words MATCH ?",
                match([0x1 << SCOPE_BITS], [phrase], tokens=True),
            )
