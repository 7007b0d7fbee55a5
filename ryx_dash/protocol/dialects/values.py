"""Foreign values made fit for an event: lenient, but never invented."""

import ast
import json
import warnings
from collections.abc import Mapping
from math import isfinite
from typing import Any

from ryx_dash.protocol.events import JsonObject

MAX_REPR = 65_536
"""Characters of the longest ``repr`` that is read back; a longer one stays text."""

CUT = "… (cut by the backend)"
"""What stands after a text whose end the backend has not sent."""

EXECUTOR_CUT = 100
"""Characters after which Ryx's executor cuts the output of a tool."""

_TRUE, _FALSE = frozenset({"true", "yes", "ok", "success"}), frozenset({"false", "no", "error"})


def text(value: Any) -> str:
    """The value as text; nothing is the empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return f"({type(value).__name__})"


def number(value: Any) -> float | None:
    """A finite number, also if it came as text; ``None`` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def truth(value: Any) -> bool | None:
    """True or false, also if it came as a number or a word; ``None`` if it says neither."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value)
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def mapping(value: Any) -> JsonObject:
    """``data`` as an object: ``None`` is the empty one, other values become ``{"value": …}``."""
    if isinstance(value, dict):
        return dict(value)
    return {} if value is None else {"value": value}


def first(payload: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The first of the fields that is there and not null."""
    return next((payload[name] for name in names if payload.get(name) is not None), None)


def from_repr(output: str) -> tuple[Any, bool]:
    """The value that a Python ``repr`` stands for, and whether its end is missing.

    What is complete comes back as lists, objects, texts and numbers. What was cut comes back as
    text that says so. Text that never was a ``repr`` of one of these comes back as it is.
    """
    if not output.startswith(("[", "{", "(", "'", '"')) or len(output) > MAX_REPR:
        cut = len(output) == EXECUTOR_CUT
        return (output + CUT if cut else output), cut
    try:
        with warnings.catch_warnings():  # of odd escapes within the text: it is not our code
            warnings.simplefilter("ignore")
            return _plain(ast.literal_eval(output)), False
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        cut = len(output) >= EXECUTOR_CUT
        return (output + CUT if cut else output), cut


def _plain(value: Any) -> Any:
    """The value as JSON has it; keys and members that JSON lacks become text."""
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, set):
        value = sorted(value, key=repr)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return repr(value)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else repr(key)
