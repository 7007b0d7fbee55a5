"""What an address like ``/analytics?span=30d&model=small:3b`` asks for, read with distrust."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from ryx_dash.callbacks.frame import MAX_TEXT
from ryx_dash.callbacks.runs_query import parse_query
from ryx_dash.log.base import RunFilter
from ryx_dash.log.periods import CalendarCut, end_of_hour
from ryx_dash.protocol.analysis import Period
from ryx_dash.protocol.clean import clean_text
from ryx_dash.protocol.events import utc

SPAN = "span"
DAYS = {"7d": 7, "30d": 30}
"""Spans of whole days in the viewer's zone, today the last of them."""

SPANS = ("24h", *DAYS, "all")
USUAL = "7d"
TIMES = ("since", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsQuery:
    """The runs that an analysis is about. ``span`` is empty for dates of one's own."""

    where: RunFilter
    span: str
    given: tuple[tuple[str, str], ...]
    ignored: tuple[tuple[str, str], ...] = ()
    zone: ZoneInfo
    now: str
    """The end of this hour: what is asked for until then, or longer, is still going on."""

    @property
    def cut(self) -> CalendarCut:
        """The periods of the analysis."""
        times = {"since": self.where.since, "until": self.where.until}
        return CalendarCut(**times, now=self.now, zone=self.zone.key)

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
        if until >= self.now:  # what comes meanwhile belongs to it
            until = self.where.until
        times = {"since": self._local(since), "until": self._local(until)}
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
        local = datetime.fromisoformat(moment).astimezone(self.zone)
        offset = f"{local:%z}" if local.fold else ""  # clocks that were put back show it twice
        return f"{local:%Y-%m-%dT%H:%M}{offset}"


def parse_analytics(search: Any, zone: ZoneInfo, now: datetime) -> AnalyticsQuery:
    """Read the part of an address from its ``?`` on; ``now`` is a moment of any zone."""
    runs = parse_query(search, zone)
    span = "" if runs.where.since or runs.where.until else _span(search)
    where = replace(runs.where, since=runs.where.since or _begin(span, zone, now))
    ignored = [*runs.ignored, *_ignored(search)]
    told = {"given": runs.given, "ignored": tuple(ignored)}
    end = end_of_hour(utc(now.astimezone(UTC)))
    return AnalyticsQuery(where=where, span=span, zone=zone, now=end, **told)


def _ignored(search: Any) -> list[tuple[str, str]]:
    given = _given(search)
    return [] if given in SPANS else [(SPAN, given)]


def _span(search: Any) -> str:
    given = _given(search)
    return given if given in SPANS else USUAL


def _given(search: Any) -> str:
    text = search.lstrip("?") if isinstance(search, str) else ""
    [span, *_] = parse_qs(text).get(SPAN, [USUAL])
    return clean_text(span)[:MAX_TEXT]


def _begin(span: str, zone: ZoneInfo, now: datetime) -> str:
    """When a span begins that ends now."""
    if span == "24h":
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return utc(hour - timedelta(hours=23))
    if span not in DAYS:
        return ""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return utc((today - timedelta(days=DAYS[span] - 1)).astimezone(UTC))
