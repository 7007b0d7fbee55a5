"""Two texts as one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.projection.diff import compare_texts, longest_common


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("", "", ()),
        ("same", "same", (("both", "same"),)),
        ("It is red now", "It is blue now", (
            ("both", "It is "), ("a", "red "), ("b", "blue "), ("both", "now"),
        )),
        ("", "new", (("b", "new"),)),
        ("It is red.", "It is red. Or so.\n", (("both", "It is red."), ("b", " Or so.\n"))),
        ("red dog", "red dogs", (("both", "red "), ("a", "dog"), ("b", "dogs"))),
        ("昨日は晴れです", "今日は晴れです", (
            ("a", "昨"), ("b", "今"), ("both", "日は晴れです"),
        )),
    ],
)  # fmt: skip
def test_texts_word_by_word(a, b, expected):
    assert compare_texts(a, b) == expected


def test_words_that_are_equal_by_chance_do_not_break_up_what_differs():
    a = "No model was reachable, so these are the best passages of the files."
    b = "Afterwards the lock is free and the next worker takes it."
    assert compare_texts(a, b) == (("a", a), ("b", b))


def test_an_equal_part_that_is_longer_than_a_difference_beside_it_stays():
    pieces = compare_texts("one and the same text, x", "another and the same text, y")
    assert ("both", "and the same text, ") in pieces


REPEATED = "again and " * 4_000
MIXED = "".join(f"{n * n % 997} " for n in range(8_000))


@pytest.mark.parametrize("other", ["so and again " * 4_000, MIXED])
def test_texts_that_would_take_for_ever_are_compared_in_whole(other):
    assert compare_texts(REPEATED, other) == (("a", REPEATED), ("b", other))


def test_texts_whose_words_take_too_long_are_compared_by_lines():
    a, b = (f"{REPEATED}\n{words}\n{MIXED}\n" for words in ("again so " * 4_000, "so and " * 4_000))
    assert [where for where, _ in compare_texts(a, b)] == ["both", "a", "b", "both"]


def longest(a, b):
    """The length of a longest common subsequence, by the book."""
    row = [0] * (len(b) + 1)
    for one in a:
        above = 0
        for place, other in enumerate(b, 1):
            above, row[place] = (
                row[place],
                above + 1 if one == other else max(row[place], row[place - 1]),
            )
    return row[-1]


few_letters = st.lists(st.sampled_from("abc"), max_size=12)


@given(few_letters, few_letters)
def test_what_is_common_is_common_in_order_and_no_shorter_than_it_can_be(a, b):
    common = longest_common(a, b)
    assert all(a[i] == b[j] for i, j in common)
    assert all(x < i and y < j for (x, y), (i, j) in pairwise(common))
    assert len(common) == longest(a, b)


def test_a_search_gives_up():
    assert longest_common("abc" * 9, "xyz" * 9, patience=50) is None


texts = st.text(max_size=40) | st.text(alphabet="ab \n", max_size=40)


@given(a=texts, b=texts)
def test_both_texts_can_be_read_out_of_the_pieces(a, b):
    pieces = compare_texts(a, b)
    assert "".join(text for where, text in pieces if where != "b") == a
    assert "".join(text for where, text in pieces if where != "a") == b
