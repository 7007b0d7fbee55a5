"""The monitor's rows: one event as the table shows it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ryx_dash.projection.text import format_latency, one_line
from ryx_dash.protocol.events import Event, EventKind, level

ICONS: Mapping[str, str] = {
    "info": "ℹ",
    "success": "✓",
    "warning": "⚠",
    "error": "✗",
    "running": "⋯",
}
"""The sign of each level of :func:`protocol.events.level`."""


def row(event: Event, zone: ZoneInfo) -> dict[str, Any]:
    """One row of the table.

    ``time`` is the clock in ``zone`` (``12:03:04.120``), ``utc`` the whole time as logged,
    ``latency`` and ``message`` are texts, ``id`` is the ``seq``, and ``call_id`` is empty unless
    the event is a tool's. A token without a message shows its text.
    """
    mark = level(event.event, event.data)
    message = event.message
    if not message and event.event == EventKind.LLM_TOKEN:
        message = _text(event.data, "text")
    return {
        "id": event.seq,
        "seq": event.seq,
        "time": clock(event.ts, zone),
        "utc": event.ts,
        "step": one_line(event.step, 64),
        "node": one_line(event.node, 64),
        "level": mark,
        "icon": ICONS[mark],
        "message": one_line(message),
        "latency": format_latency(event.latency),
        "kind": event.event,
        "call_id": _text(event.data, "call_id"),
    }


def clock(ts: str, zone: ZoneInfo) -> str:
    """The clock in ``zone`` at ``ts``, to the millisecond; what is no time stays as it is."""
    try:
        moment = datetime.fromisoformat(ts).astimezone(zone)
    except (ValueError, OverflowError):
        return one_line(ts, 32)
    return moment.isoformat(timespec="milliseconds")[11:23]


def day(ts: str | None, zone: ZoneInfo) -> str:
    """The date in ``zone`` at ``ts``; empty if that is no time."""
    try:
        return datetime.fromisoformat(ts or "").astimezone(zone).date().isoformat()
    except (ValueError, OverflowError):
        return ""


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""
