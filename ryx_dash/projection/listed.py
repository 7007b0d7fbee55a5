"""A run as a line of a list: texts only, ready to be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ryx_dash.protocol.steps import STEPS, RunStatus

Parts = tuple[tuple[str, bool], ...]
"""A text in pieces; of each, whether it is what was looked for."""

_LABELS = {step.name: step.label for step in STEPS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An event that a search found: its ``seq``, its step, and a part of it."""

    seq: int
    step: str
    parts: Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """One line. ``started`` is UTC, as is ``created``; ``latency`` is milliseconds."""

    run_id: str
    status: RunStatus
    input: Parts
    model: str = ""
    intent: str = ""
    created: str = ""
    started: str = ""
    latency: float | None = None
    events: int = 0
    calls: int = 0
    tools: tuple[str, ...] = ()
    step: str = ""
    """The step that a running run is in, or a failed one failed in."""
    imported: bool = False
    hit: Hit | None = None


def moment(utc: str, zone: ZoneInfo, today: date) -> str:
    """A time of an event as a list shows it: the clock today, else the day and the clock.

    >>> moment("2026-01-02T13:45:09.000000Z", ZoneInfo("UTC"), date(2026, 1, 3))
    '2026-01-02 13:45'
    """
    try:
        local = datetime.fromisoformat(utc).astimezone(zone)
    except (ValueError, OverflowError):
        return ""
    return local.strftime("%H:%M:%S" if local.date() == today else "%Y-%m-%d %H:%M")


def step_label(step: str) -> str:
    """A step's name for people; an unknown one's own."""
    return _LABELS.get(step, step)


def tool_names(tools: Sequence[str], most: int = 2) -> str:
    """Names of tools, the first few of them.

    >>> tool_names(["a", "b", "c"])
    'a, b +1'
    """
    rest = f" +{len(tools) - most}" if len(tools) > most else ""
    return ", ".join(tools[:most]) + rest
