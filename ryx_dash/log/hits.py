"""Where a text was found: the part of an event that shows it, the words that were meant marked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ryx_dash.log.words import Phrase, contains, event_texts, wanted, words
from ryx_dash.protocol.events import Event

Parts = tuple[tuple[str, bool], ...]
"""A text in pieces; of each, whether it is what was looked for."""

AROUND = 40
"""Characters shown before the first hit of a long text."""

LONGEST = 110
"""Characters of one place in an excerpt."""

PLACES = 2
"""Places of an event that an excerpt shows at most: words may stand far from each other."""

_PIECES = re.compile(r"[^\W_]+|[\x00-/:-@\[-`{-\x7f]+|[\W_]")
"""Words, what no word has, and symbols one by one."""


def marked(text: str, searched: str) -> Parts:
    """``text`` in pieces, those marked that a search for ``searched`` means."""
    return _Meaning.of(wanted(searched)).marked(text)


def excerpt(event: Event, searched: str) -> Parts:
    """What shows best why ``event`` was found: of its message and the values of its payload the
    one that has most of the words, and another place for those that are not seen there."""
    phrases = wanted(searched)
    texts = [(text, words(text)) for text in event_texts(event)]
    shown: list[str] = []
    left: Sequence[Phrase] = phrases
    while left and len(shown) < PLACES:
        best, told = max(texts, key=lambda text: len(_found(text[1], left)), default=("", []))
        found = _found(told, left)
        if shown and not found:
            break
        shown.append(_Meaning.of(found or left).part(best))
        seen = words(shown[-1])
        left = [phrase for phrase in left if not contains(seen, phrase)]
    return _Meaning.of(phrases).marked(" · ".join(shown))


def _found(told: list[str], phrases: Sequence[Phrase]) -> list[Phrase]:
    return [phrase for phrase in phrases if contains(told, phrase)]


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The words that are searched for: whole ones, and the beginnings of others."""

    whole: frozenset[str]
    starts: tuple[str, ...]

    @classmethod
    def of(cls, phrases: Sequence[Phrase]) -> "_Meaning":
        whole = frozenset(word for phrase in phrases for word in phrase[:-1])
        return cls(whole, tuple({phrase[-1] for phrase in phrases}))

    def part(self, text: str) -> str:
        """The text about its first hit, on one line."""
        text = " ".join(text.split())
        hits = (piece.start() for piece in _PIECES.finditer(text) if self._means(piece[0]))
        place = next(hits, 0)
        first = max(place - AROUND, 0)
        first = (first and text.find(" ", first, place) + 1) or first
        part = text[first : first + LONGEST]
        return f"{'…' if first else ''}{part}{'…' if first + LONGEST < len(text) else ''}"

    def marked(self, text: str) -> Parts:
        """The text in pieces, what is searched for apart."""
        pieces = groupby(_PIECES.findall(text), self._means)
        return tuple(("".join(group), hit) for hit, group in pieces)

    def _means(self, piece: str) -> bool:
        return any(word in self.whole or word.startswith(self.starts) for word in words(piece))
