"""What an address like ``/runs?status=failed&since=2026-01-31`` asks for, read with distrust."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from ryx_dash.callbacks.frame import MAX_TEXT
from ryx_dash.log.base import RunFilter
from ryx_dash.log.words import wanted
from ryx_dash.protocol.analysis import parse_part
from ryx_dash.protocol.clean import clean_text
from ryx_dash.protocol.events import utc
from ryx_dash.protocol.steps import RunStatus

PARAMETERS = ("q", "status", "model", "intent", "tool", "since", "until", "took")
"""What narrows the list, in the order of the page's controls."""

PART = "part"
"""What narrows it besides, and has no control: a link from the analysis brings it."""

BEFORE = "before"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsQuery:
    """A page of a list. ``given`` are the parameters that narrow it."""

    where: RunFilter
    given: tuple[tuple[str, str], ...] = ()
    ignored: tuple[tuple[str, str], ...] = ()
    """Those that cannot be understood, and narrow nothing."""
    before: str | None = None

    def page(self, before: str | None) -> str:
        """The address of another page of the same list."""
        query = urlencode([*self.given, *([(BEFORE, before)] if before else [])])
        return f"/runs?{query}" if query else "/runs"


def parse_query(search: Any, zone: ZoneInfo) -> RunsQuery:
    """Read the part of an address from its ``?`` on. Dates are days in ``zone``."""
    text = search if isinstance(search, str) else ""
    pairs = parse_qsl(text.lstrip("?"), keep_blank_values=True)
    # Of a name that is there twice the first one counts, as it does for the page's controls.
    values = {name: clean_text(value)[:MAX_TEXT] for name, value in reversed(pairs)}
    shortest, longest = _span(values.get("took", ""))
    fields: dict[str, Any] = {
        "q": _text(values.get("q", "")),
        "status": _statuses(values.get("status", "")),
        "model": _one(values.get("model", "")),
        "intent": _one(values.get("intent", "")),
        "tool": _one(values.get("tool", "")),
        "since": _moment(values.get("since", ""), zone),
        "until": _moment(values.get("until", ""), zone, days=1),
        "took": (shortest, longest) if (shortest, longest) != (None, None) else None,
    }
    fields[PART] = parse_part(values.get(PART, ""))
    where = RunFilter(
        text=fields["q"],
        statuses=fields["status"],
        models=fields["model"],
        intents=fields["intent"],
        tools=fields["tool"],
        since=fields["since"],
        until=fields["until"],
        shortest=shortest,
        longest=longest,
        part=fields[PART],
    )
    told = [name for name in (*PARAMETERS, PART) if values.get(name, "").strip()]
    return RunsQuery(
        where=where,
        given=tuple((name, values[name]) for name in told if fields[name]),
        ignored=tuple((name, values[name]) for name in told if not fields[name]),
        before=values.get(BEFORE),
    )


def _text(value: str) -> str:
    """What is searched for; a text without a word asks for nothing."""
    return value.strip() if wanted(value) else ""


def _one(value: str) -> frozenset[str]:
    return frozenset({value}) if value else frozenset()


def _statuses(value: str) -> frozenset[RunStatus]:
    """Those named; none if one of the names is no status."""
    names = frozenset(value.split(","))
    return frozenset(map(RunStatus, names)) if names <= frozenset(RunStatus) else frozenset()


def _span(value: str) -> tuple[float | None, float | None]:
    """``1000-10000`` in milliseconds; either end may be missing."""
    first, dash, last = value.partition("-")
    return (_milliseconds(first), _milliseconds(last)) if dash else (None, None)


def _milliseconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _moment(value: str, zone: ZoneInfo, days: int = 0) -> str:
    """A time (``2026-01-31T14:00``, which may name a zone of its own), or the beginning of the day
    so many days after one, as events carry times; empty for what is neither."""
    try:
        if "T" in value:
            named = datetime.fromisoformat(value)
            moment = (named if named.tzinfo else named.replace(tzinfo=zone)).astimezone(UTC)
        else:
            day = date.fromisoformat(value) + timedelta(days=days)
            moment = datetime.combine(day, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return utc(moment) if moment.year > 999 else ""
