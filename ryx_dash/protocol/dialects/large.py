"""Messages too large to be kept whole: what they mean stays, their bulk does not."""

from typing import Any

from ryx_dash.protocol.events import JsonObject

MAX_RAW = 1_048_576
"""Characters of a message that is kept whole; of a larger one only its beginning is."""

MAX_TEXT = 100_000
"""Characters kept of each text in a message that is larger than that."""


def shorten(text: str, payload: JsonObject) -> tuple[str, JsonObject]:
    """A message's raw text and its object, both as they are or, if too large, both cut.

    The fields that say what the event is are kept; so the run goes on as the backend means it.
    """
    if len(text) <= MAX_RAW:
        return text, payload
    note = f"… (cut here: the message has {len(text):,} characters)"
    return text[:MAX_TEXT] + note, {name: _cut(value, 0) for name, value in payload.items()}


def _cut(value: Any, depth: int) -> Any:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return f"{value[:MAX_TEXT]}… (cut here: the text has {len(value):,} characters)"
    if isinstance(value, dict) and depth == 0:
        return {name: _cut(item, depth + 1) for name, item in list(value.items())[:100]}
    if isinstance(value, dict | list):
        return f"(left out: the message was too large; this had {len(value):,} members)"
    return value
