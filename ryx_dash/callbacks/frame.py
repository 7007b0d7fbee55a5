"""What the page sends to the server callback, read with distrust: nothing here raises.

A browser tab is anybody's. A value of the wrong shape is as good as none, a position is held
against the log, and a time zone that nobody knows is UTC.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ryx_dash.log.base import SortField
from ryx_dash.views.monitor import ALL

MAX_TEXT = 200
"""Characters of a search that are looked at."""

Sort = tuple[tuple[SortField, Literal["asc", "desc"]], ...]

_SORT_FIELDS: Mapping[str, SortField] = {
    "time": "seq",
    "step": "step",
    "node": "step",
    "icon": "level",
    "message": "message",
    "latency": "latency",
}
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame of the gateway: its number, the run that the page should show, its newest event."""

    n: int
    run: str | None = None
    head: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page says it shows: a run at ``seq``, drawn as it was ``asked``, and its rows.

    ``asked``, ``rows`` and ``sort`` are the keys of :mod:`callbacks.monitor`, ``drawn`` the digests
    of :mod:`callbacks.drawn`.
    """

    n: int = -1
    run: str | None = None
    seq: int = -1
    log: str | None = None
    asked: str = ""
    rows: str = ""
    sort: str = ""
    drawn: Mapping[str, str] = field(default_factory=dict)

    def since(self, run: str | None, log: str, head: int) -> int:
        """The position up to which panels of ``run`` are drawn; -1 if they show anything else.

        What lies beyond ``head`` was of a log that an older copy has taken the place of.
        """
        known = run is not None and (self.run, self.log) == (run, log) and self.seq <= head
        return self.seq if known else -1


def parse_frame(message: Any) -> Frame | None:
    """The frame in the WebSocket component's ``message``; ``None`` if there is none."""
    text = _object(message).get("data")
    if not isinstance(text, str):
        return None
    try:
        frame = _object(json.loads(text))
    except (ValueError, RecursionError):
        return None
    number = _count(frame.get("n"))
    if number is None:
        return None
    return Frame(n=number, run=_run_id(frame.get("run")), head=_count(frame.get("head")) or 0)


def parse_shown(value: Any) -> Shown:
    """What the store ``shown`` says."""
    store = _object(value)
    seq, number = _count(store.get("seq")), _count(store.get("n"))
    return Shown(
        n=-1 if number is None else number,
        run=_run_id(store.get("run")),
        seq=-1 if seq is None else seq,
        log=_text(store.get("log")),
        asked=_text(store.get("asked")) or "",
        rows=_text(store.get("rows")) or "",
        sort=_text(store.get("sort")) or "",
        drawn={key: str(value) for key, value in _object(store.get("drawn")).items()},
    )


def parse_mark(value: Any, run: str) -> int | None:
    """The position in ``pause`` or ``cleared`` if it is about ``run``."""
    mark = _object(value)
    return _count(mark.get("seq")) if mark.get("run") == run else None


def parse_ahead(value: Any) -> tuple[str, int] | None:
    """The run, and the position, after which the page wants to know when events happened."""
    return _place(value, "after")


def parse_place(value: Any) -> tuple[str, int] | None:
    """A run, and a position in it."""
    return _place(value, "seq")


def _place(value: Any, key: str) -> tuple[str, int] | None:
    asked = _object(value)
    run, seq = _run_id(asked.get("run")), _count(asked.get(key))
    return None if run is None or seq is None else (run, seq)


def parse_zoom(value: Any) -> tuple[float, float] | None:
    """The part of a chart that a person chose to see."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    if not all(type(end) in (int, float) and isfinite(end) for end in value):
        return None
    return (value[0], value[1]) if value[0] < value[1] else None


def parse_follow(value: Any) -> int | None:
    """``None``: follow the newest event; else the position at which following stopped."""
    follow = _object(value)
    return (_count(follow.get("seq")) or 0) if follow.get("on") is False else None


def parse_selected(value: Any) -> str | None:
    """The id of the selected node."""
    return _text(_object(value).get("node")) or None


def parse_sort(value: Any) -> Sort:
    """The order of the table's rows; empty for the order in which things happened."""
    first = _object(value[0]) if isinstance(value, list) and value else {}
    column, direction = first.get("column_id"), first.get("direction")
    field = _SORT_FIELDS.get(column) if isinstance(column, str) else None
    if field is None or direction not in ("asc", "desc"):
        return ()
    return ((field, direction),)


def parse_page(value: Any) -> int:
    """The table's page, from 0."""
    return _count(value) or 0


def parse_choice(value: Any) -> frozenset[str]:
    """What a select has chosen; empty for "all"."""
    text = _text(value)
    return frozenset({text[:MAX_TEXT]}) if text and text != ALL else frozenset()


def parse_search(value: Any) -> str:
    """The words to search for."""
    return (_text(value) or "")[:MAX_TEXT].strip()


def parse_zone(value: Any) -> ZoneInfo:
    """The browser's time zone."""
    name = _text(value)
    return _zone(name) if name and len(name) <= 64 and _ZONE.fullmatch(name) else ZoneInfo("UTC")


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    """Text without lone surrogates, which no log and no file name can hold."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode("utf-8")


def _run_id(value: Any) -> str | None:
    text = _text(value)
    return text if text and len(text) <= 64 else None


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= 2**31 else None
