"""Numbers and foreign text as people read them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.projection.text import format_count, format_latency, one_line


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        (0, "0 ms"),
        (0.04, "<0.1 ms"),
        (0.05, "0.1 ms"),
        (1.2345, "1.2 ms"),
        (9.94, "9.9 ms"),
        (9.96, "10 ms"),
        (87, "87 ms"),
        (999.4, "999 ms"),
        (999.6, "1.00 s"),
        (1240, "1.24 s"),
        (9994, "9.99 s"),
        (9996, "10.0 s"),
        (59_940, "59.9 s"),
        (59_960, "1 min 0 s"),
        (123_000, "2 min 3 s"),
        (3_599_400, "59 min 59 s"),
        (3_599_600, "1 h 0 min"),
        (7_380_000, "2 h 3 min"),
        (1e12, "277,777 h 46 min"),
        (-87, "−87 ms"),
    ],
)
def test_latency(ms: float | None, text: str) -> None:
    assert format_latency(ms) == text


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0"), (999, "999"), (48_211, "48,211"), (-1000, "-1,000")]
)
def test_count(n: int, text: str) -> None:
    assert format_count(n) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain", "plain"),
        ("  a\r\n\tb  ", "a b"),
        ("a\u2028b\x85c\x1cd", "a b c d"),
        ("\x1b[31mred\x00\x7f", "␛[31mred␀␡"),
        ("\x9b31m", "\ufffd31m"),
        ("abc\u202edef\u2066", "abc\ufffddef\ufffd"),
        ("שלום 😀", "שלום 😀"),
        ("<b>&amp;", "<b>&amp;"),
    ],
)
def test_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_long_text_is_cut() -> None:
    assert one_line("x" * 500) == "x" * 500
    assert one_line("x" * 501) == "x" * 499 + "…"
    assert one_line("x" * 1_000_000, 10) == "xxxxxxxxx…"
    assert one_line(" " * 3000 + "far away") == "…"


@given(st.text(st.characters()), st.integers(1, 40))
def test_any_text_becomes_a_short_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert "Cc" not in {unicodedata.category(sign) for sign in line}
