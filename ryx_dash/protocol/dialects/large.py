"""Large messages: what they mean is kept, and their bulk once, as long as there is room for it."""

import json
from collections.abc import Set
from typing import Any

from ryx_dash.protocol.events import JsonObject

SMALL = 16_384
"""Characters of a message that is always kept whole."""

ROOM = 64 * 1024 * 1024
"""Characters of larger messages that are kept of one run, so that it can be read back."""

MAX_DATA = 1_048_576
"""Characters of a message whose fields are kept whole; those of a larger one are in its text."""

MAX_RAW = 24 * 1024 * 1024
"""Bytes of a message's text, written as JSON, that is kept whole: with these an event is still a
message that a client takes."""

MAX_TEXT = 100_000
"""Characters kept of a message that is not kept whole."""

MAX_MEMBERS = 100
"""Members kept of an object in such a message."""


class Room:
    """What is kept of the messages of one run."""

    def __init__(self) -> None:
        self._left = ROOM

    def keep(
        self, text: str, payload: JsonObject, *, first: Set[str] = frozenset(), whole: bool = False
    ) -> tuple[str, JsonObject, list[str]]:
        """A message's text and its object as they are kept, and notes on what was cut.

        The fields ``first`` are the last to be cut: they say what the event is. An object that is
        to stay ``whole`` is not cut at all; its text is then.
        """
        size = len(text)
        if size <= SMALL:
            return text, payload, []
        most = MAX_TEXT if self._left >= MAX_TEXT else SMALL
        fits = size <= self._left
        if fits and size <= MAX_DATA:
            self._left -= size
            return text, payload, []
        raw = text if fits and not whole and _written(text) <= MAX_RAW else text[:most]
        self._left = max(0, self._left - len(raw))
        brief = payload if whole else _brief(payload, first, most)
        return raw, brief, [_note(size, len(raw), whole)]


def _written(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode(errors="surrogatepass"))


def _note(size: int, kept: int, whole: bool) -> str:
    what = "Its fields are whole" if whole else "Long texts in its fields are cut"
    raw = "all of it" if kept == size else f"its first {kept:,}"
    return f"The message has {size:,} characters. {what}; the raw text has {raw}."


def _brief(payload: JsonObject, first: Set[str], most: int) -> JsonObject:
    names = [*(name for name in payload if name in first)]
    names += [name for name in payload if name not in first][: MAX_MEMBERS - len(names)]
    return _Cutter(most).members({name: payload[name] for name in names}, 0)


class _Cutter:
    """Cuts texts to half of what is left each time, so that one of them leaves room for others."""

    def __init__(self, most: int) -> None:
        self._left = most

    def members(self, value: JsonObject, depth: int) -> JsonObject:
        """An object with short names and values."""
        found = list(value.items())[:MAX_MEMBERS]
        return {name[:200]: self._cut(item, depth) for name, item in found}

    def _cut(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict) and depth == 0:
            return self.members(value, 1)
        if isinstance(value, dict | list):
            return f"(left out: the message was too large; this had {len(value):,} members)"
        return value

    def _text(self, value: str) -> str:
        kept = value[: self._left // 2]
        self._left -= len(kept)
        if len(kept) == len(value):
            return value
        return f"{kept}… (cut here: the text has {len(value):,} characters)"
