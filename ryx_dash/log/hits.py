"""Where a text was found: the part of an event that shows it, the words that were meant marked."""

import re
from collections.abc import Sequence

from ryx_dash.log.words import Phrase, contains, event_texts, wanted, words
from ryx_dash.protocol.events import Event

Parts = tuple[tuple[str, bool], ...]
"""A text in pieces; of each, whether it is what was looked for."""

AROUND = 60
"""Characters shown before the first hit of a long text."""

LONGEST = 200
"""Characters of an excerpt."""

_PIECES = re.compile(r"[^\W_]+|[\W_]")


def marked(text: str, searched: str) -> Parts:
    """``text`` in pieces, those marked that a search for ``searched`` means."""
    return _marked(text, wanted(searched))


def excerpt(event: Event, searched: str) -> Parts:
    """What shows best why ``event`` was found: its message, or a value of its payload."""
    phrases = wanted(searched)
    texts = [" ".join(text.split()) for text in event_texts(event)]
    best = max(texts, key=lambda text: _found(text, phrases), default="")
    return _marked(_part(best, phrases), phrases)


def _found(text: str, phrases: Sequence[Phrase]) -> int:
    told = words(text)
    return sum(contains(told, phrase) for phrase in phrases)


def _part(text: str, phrases: Sequence[Phrase]) -> str:
    """The text about its first hit, on one line."""
    place = 0
    for piece in _PIECES.finditer(text):
        if _means(piece[0], phrases):
            place = piece.start()
            break
    first = max(place - AROUND, 0)
    first = (first and text.find(" ", first, place) + 1) or first
    part = text[first : first + LONGEST]
    return f"{'…' if first else ''}{part}{'…' if first + LONGEST < len(text) else ''}"


def _marked(text: str, phrases: Sequence[Phrase]) -> Parts:
    parts: list[tuple[str, bool]] = []
    for piece in _PIECES.findall(text):
        hit = _means(piece, phrases)
        if parts and parts[-1][1] == hit:
            parts[-1] = (parts[-1][0] + piece, hit)
        else:
            parts.append((piece, hit))
    return tuple(parts)


def _means(piece: str, phrases: Sequence[Phrase]) -> bool:
    told = words(piece)
    return any(
        word == other or (last and word.startswith(other))
        for phrase in phrases
        for last, other in zip([False] * (len(phrase) - 1) + [True], phrase, strict=True)
        for word in told
    )
