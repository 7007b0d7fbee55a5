"""What the text filter compares: the words of a text, with case and accents ignored.

One definition for every log, so that all find the same. It is made here and not by a tokenizer
of SQLite, whose own leave out symbols and take a whole sentence of Japanese for one word.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any

from ryx_dash.protocol.events import RAW, Event

Phrase = tuple[str, ...]
"""Words that must follow each other; the last may be the beginning of a longer one."""

LONGEST = 100
"""Characters of a word that are compared. What is longer is data, not language."""

MOST = 50
"""Phrases of one filter that are looked at; each costs a search of its own."""

MAX_RAW = 1_048_576
"""Characters of a backend's message that are searched."""

_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # ideographs
    (0x4E00, 0x9FFF),
    (0x20000, 0x3FFFF),
)
"""Scripts that put no space between words: each character counts as a word."""


class _Folding(dict[int, str]):
    """What becomes of a character, worked out when it is first met (for ``str.translate``)."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold(chr(code))
        return folded


_FOLDING = _Folding()


def words(text: str) -> list[str]:
    """The words of a text, in order.

    A word is a run of letters and digits. Emoji and the characters of scripts without spaces
    are words of their own; everything else, ``_`` too, stands between words.

    >>> words("Café_crème, naïve: ☕!")
    ['cafe', 'creme', 'naive', '☕']
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKD", text)
    return [word[:LONGEST] for word in plain.translate(_FOLDING).split()]


def event_words(event: Event) -> list[str]:
    """The words of an event's message and of the values in its payload."""
    return words(" ".join(event_texts(event)))


def event_texts(event: Event) -> Iterator[str]:
    """The texts that :func:`event_words` cuts into words, one by one."""
    yield event.message
    for name, value in event.data.items():
        # The fields of a very long message are beside it, the beginnings of its texts too.
        is_long = name == RAW and isinstance(value, str) and len(value) > MAX_RAW
        yield from _texts(value[:MAX_RAW] if is_long else value)


def wanted(text: str) -> tuple[Phrase, ...]:
    """What a filter's text asks for: all of these phrases.

    Each part between spaces is one phrase, so ``src/ma`` finds ``src/main.py``. Parts without
    a letter, digit or symbol ask for nothing, nor do parts after the first :data:`MOST`.
    """
    phrases = (tuple(words(part)) for part in text.split())
    return tuple(dict.fromkeys(filter(None, phrases)))[:MOST]


def contains(found: list[str], phrase: Phrase) -> bool:
    """Whether the words ``found`` contain a phrase."""
    *whole, start = phrase
    last = len(whole)
    return any(
        word.startswith(start) and found[place - last : place] == whole
        for place, word in enumerate(found[last:], last)
    )


def _texts(value: Any) -> Iterator[str]:
    """The texts and numbers in a JSON value. Keys, ``true``, ``false`` and ``null`` are left out:
    they stand in every payload of a kind, so nobody finds anything by them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield repr(value)


def _fold(char: str) -> str:
    category = unicodedata.category(char)
    if unicodedata.combining(char) or category == "Cf" or _is_variation(char):
        return ""
    if category == "So" or _is_skin_tone(char) or _is_unspaced(char):
        return f" {char} "
    return char.casefold() if category[0] in "LMN" or category == "Co" else " "


def _is_variation(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _is_skin_tone(char: str) -> bool:
    return "\U0001f3fb" <= char <= "\U0001f3ff"


def _is_unspaced(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _UNSPACED)
