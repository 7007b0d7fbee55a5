import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.steps.input_reception import MAX_CHARACTERS, clean
from ryx_dash.errors import StepFailed


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  why?\n", "why?"),
        ("e\u0301", "é"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\x00b\x1b[31mc\td", "ab[31mc\td"),
        ("a\ud800b", "ab"),
        ("\u200bx", "\u200bx"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_the_limit_itself_is_allowed() -> None:
    assert len(clean(" " + "x" * MAX_CHARACTERS)) == MAX_CHARACTERS


@pytest.mark.parametrize("text", ["", "\n \t", "\x00", "\ufeff\n".strip("\ufeff")])
def test_nothing_is_refused(text: str) -> None:
    with pytest.raises(StepFailed, match="The query is empty"):
        clean(text)


def test_too_much_is_refused() -> None:
    with pytest.raises(StepFailed, match="32,001 characters, over the limit of 32,000"):
        clean("x" * (MAX_CHARACTERS + 1))


@given(st.text(st.characters(), max_size=200))
def test_what_is_clean_stays(text: str) -> None:
    try:
        cleaned = clean(text)
    except StepFailed:
        return
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    cleaned.encode()
