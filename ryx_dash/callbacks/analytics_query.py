"""What an address like ``/analytics?span=30d&model=small:3b`` asks for, read with distrust."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from ryx_dash.callbacks.runs_query import parse_query
from ryx_dash.log.base import EventLog, RunFilter
from ryx_dash.log.periods import edges
from ryx_dash.protocol.analysis import Period
from ryx_dash.protocol.events import utc

SPAN = "span"
DAYS = {"7d": 7, "30d": 30}
"""Spans of whole days in the viewer's zone, today the last of them."""

USUAL = "7d"
TIMES = ("since", "until")
OLDEST = "1970-01-01T00:00:00.000000Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsQuery:
    """The runs that an analysis is about. ``span`` is empty for dates of one's own."""

    where: RunFilter
    span: str
    given: tuple[tuple[str, str], ...]
    ignored: tuple[tuple[str, str], ...] = ()
    zone: ZoneInfo
    until: str
    """When the span ends, as far as it has been lived."""

    @property
    def narrowed(self) -> bool:
        """Whether a filter besides the time is given."""
        return bool(self._others)

    @property
    def _others(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self.given if name not in TIMES]

    def spanning(self, span: str) -> str:
        """The address of the same analysis over another span."""
        return f"/analytics?{urlencode([*self._others, (SPAN, span)])}"

    def behind(self, period: Period | None = None, **more: str) -> str:
        """The address of the list of the runs behind a mark of the analysis.

        ``more`` narrows the page's own filters; where one says the same, the page's holds.
        """
        since = period.since if period else self.where.since
        until = period.until if period else self.where.until
        times = {"since": self._local(since), "until": self._local(until)}
        if until >= self.until:  # what comes meanwhile belongs to it
            times["until"] = ""
        given = {**more, **dict(self._others), **times}
        if more.get("status") in self.where.statuses:
            given["status"] = more["status"]
        return f"/runs?{urlencode([(name, value) for name, value in given.items() if value])}"

    def file(self, chart: str) -> str:
        """The address of a chart as a file."""
        where = self.where
        fields = {
            "status": ",".join(sorted(where.statuses)),
            "model": "".join(where.models),
            "intent": "".join(where.intents),
            "tool": "".join(where.tools),
            "since": where.since,
            "until": where.until,
            "shortest": "" if where.shortest is None else f"{where.shortest:.0f}",
            "longest": "" if where.longest is None else f"{where.longest:.0f}",
            "text": where.text,
            "part": str(where.part or ""),
            "zone": self.zone.key,
        }
        query = urlencode([(name, value) for name, value in fields.items() if value])
        return f"/api/analytics/{chart}.csv?{query}"

    def _local(self, moment: str) -> str:
        if not moment:
            return ""
        return f"{datetime.fromisoformat(moment).astimezone(self.zone):%Y-%m-%dT%H:%M}"


def parse_analytics(search: Any, zone: ZoneInfo, now: datetime) -> AnalyticsQuery:
    """Read the part of an address from its ``?`` on; ``now`` is a moment of any zone."""
    runs = parse_query(search, zone)
    span = "" if runs.where.since or runs.where.until else _span(search)
    where = replace(runs.where, since=runs.where.since or _begin(span, zone, now))
    until = min(runs.where.until or utc(now.astimezone(UTC)), utc(now.astimezone(UTC)))
    told = {"given": runs.given, "ignored": runs.ignored}
    return AnalyticsQuery(where=where, span=span, zone=zone, until=until, **told)


def periods(log: EventLog, query: AnalyticsQuery) -> list[str]:
    """The edges of the periods that the analysis is cut into."""
    since = query.where.since
    if not since:
        found = log.span(query.where)
        since = f"{max(found[0], OLDEST)[:13]}:00:00.000000Z" if found else query.until
    return edges(max(since, OLDEST), query.until, query.zone.key)


def _span(search: Any) -> str:
    text = search.lstrip("?") if isinstance(search, str) else ""
    [span, *_] = parse_qs(text).get(SPAN, [USUAL])
    return span if span in (*DAYS, "24h", "all") else USUAL


def _begin(span: str, zone: ZoneInfo, now: datetime) -> str:
    """When a span begins that ends now."""
    if span == "24h":
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return utc(hour - timedelta(hours=23))
    if span not in DAYS:
        return ""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return utc((today - timedelta(days=DAYS[span] - 1)).astimezone(UTC))
