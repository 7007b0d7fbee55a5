"""Two texts as one: what both have, what only one has. Its cost is bounded, whatever they hold."""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from operator import eq
from typing import Literal

Piece = tuple[Literal["both", "a", "b"], str]
"""A part of two texts: in both, or only in one."""

PATIENCE = 1_000_000
"""Steps that a search for the shortest edit may take: a second at most. It takes few where texts
are alike, and most where they have nothing in common, when its result would say nothing."""

_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Scripts without spaces between words: each character counts as one."""

_WORDS = re.compile(rf"[{_UNSPACED}]\s*|[^\s{_UNSPACED}]+\s*|\s+")
"""Words with the space after each."""

_LINES = re.compile(r"[^\n]*\n|[^\n]+")


def compare_texts(a: str, b: str) -> tuple[Piece, ...]:
    """Two texts as one, each part marked with where it stands.

    They are compared by their words; by lines if that takes too long; as wholes if that does too.
    """
    for unit in (_WORDS, _LINES):
        parts = unit.findall(a), unit.findall(b)
        common = longest_common(*parts)
        if common is not None:
            return tuple(_readable(_pieces(*parts, common)))
    return tuple(_one_after_the_other(a, b))


def longest_common(
    a: Sequence[str], b: Sequence[str], *, patience: int = PATIENCE
) -> list[tuple[int, int]] | None:
    """The places in both of a longest common subsequence, in order; ``None`` if to find it takes
    more steps than ``patience``. This is the greedy search of E. W. Myers (1986)."""
    history: list[array[int]] = []  # by number of edits, then by diagonal: how far `a` is used up
    steps = 0
    while True:
        edits = len(history)
        reached = array("q")
        for index in range(edits + 1):
            start = _before(history[-1], index)[0] if history else 0
            x = _slide(a, b, start, diagonal=2 * index - edits)
            steps += 1 + x - start
            if x >= len(a) and x - 2 * index + edits >= len(b):
                return _walked_back(history, index, x)
            reached.append(x)
        if steps > patience:
            return None
        history.append(reached)


def _before(reached: "array[int]", index: int) -> tuple[int, int]:
    """Where one more edit begins on the diagonal ``index``, and which diagonal it comes from."""
    left = reached[index - 1] if index else -2
    right = reached[index] if index < len(reached) else -2
    return (right, index) if left < right else (left + 1, index - 1)


def _slide(a: Sequence[str], b: Sequence[str], x: int, *, diagonal: int) -> int:
    """How far both are equal from ``x`` on."""
    last = min(len(a), len(b) + diagonal)
    while x < last and a[x] == b[x - diagonal]:
        x += 1
    return x


def _walked_back(history: "list[array[int]]", index: int, x: int) -> list[tuple[int, int]]:
    """The equal places on the way that the search has found to ``x``."""
    found: list[tuple[int, int]] = []
    for edits in range(len(history), 0, -1):
        start, came_from = _before(history[edits - 1], index)
        diagonal = 2 * index - edits
        found += [(place, place - diagonal) for place in range(x - 1, start - 1, -1)]
        x, index = start if came_from == index else start - 1, came_from
    found += [(place, place) for place in range(x - 1, -1, -1)]
    return found[::-1]


def _pieces(
    a: Sequence[str], b: Sequence[str], common: Iterable[tuple[int, int]]
) -> Iterator[Piece]:
    i = j = 0
    for here, there in (*common, (len(a), len(b))):
        yield from _one_after_the_other("".join(a[i:here]), "".join(b[j:there]))
        if here < len(a):
            yield "both", a[here]
        i, j = here + 1, there + 1


def _one_after_the_other(a: str, b: str) -> Iterator[Piece]:
    if a:
        yield "a", a
    if b:
        yield "b", b


def _readable(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same texts in fewer pieces: a word or two that happen to be equal between longer
    differences are taken into these, since nobody can read a text that changes at every word."""
    found: list[list[str]] = [["", "", ""]]  # equal text, then what of `a` and of `b` follows it
    for where, text in pieces:
        if where == "both":
            if found[-1][1] or found[-1][2]:
                _join(found)
                found.append(["", "", ""])
            found[-1][0] += text
        else:
            found[-1]["ab".index(where) + 1] += text
    _join(found)
    for both, a, b in found:
        same = _words_in_front(a, b)
        if both or same:
            yield "both", both + a[:same]
        yield from _one_after_the_other(a[same:], b[same:])


def _words_in_front(a: str, b: str) -> int:
    """How many characters of whole words both begin with: of two last words, one may have space
    after it that the other has not."""
    same = len(list(takewhile(bool, map(eq, a, b))))
    while same and not (_ends_word(a, same) and _ends_word(b, same)):
        same -= 1
    return same


def _ends_word(text: str, at: int) -> bool:
    return at == len(text) or text[at].isspace() or text[at - 1].isspace()


def _join(found: list[list[str]]) -> None:
    """Make one of the last two, if the equal text between them is no longer than each of them."""
    while len(found) > 1:
        (_, *before), (both, *after) = found[-2:]
        if len(both) > min(max(map(len, before)), max(map(len, after))):
            return
        found.pop()
        found[-1][1:] = [one + both + other for one, other in zip(before, after, strict=True)]
