"""Cutting a span of time into periods that a person reads: hours, days, weeks, months, years.

They begin where they do on the clock and in the calendar of a time zone.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ryx_dash.protocol.events import utc

MOST = 62
"""Periods of one kind, at most: more bars than that nobody tells apart."""

OLDEST, LATEST = "1970-01-01T00:00:00.000000Z", "3000-01-01T00:00:00.000000Z"
"""Runs that say that they are from outside of this are in no period."""

Calendar = Callable[[datetime], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarCut:
    """Cuts some runs into the periods of a zone: between ``since`` and ``until`` if they are given.

    Else from the hour of the first run to the end of this hour (:func:`end_of_hour` of now,
    ``now``) or of the last run's, so that no run is left out. Equal ones cut in the same way.
    """

    since: str
    until: str
    now: str
    zone: str

    def __call__(self, span: tuple[str, str] | None) -> list[str]:
        """The :func:`edges`; ``span`` is when the first and the last of the runs were asked for."""
        first, last = span or (self.now, self.now)
        end = max(self.now, end_of_hour(last))
        since = self.since if _is_time(self.since) else f"{first[:13]}:00:00.000000Z"
        until = min(self.until, end) if _is_time(self.until) else end
        since, until = max(since, OLDEST), min(until, LATEST)
        return edges(since, until, self.zone) if since < until else [since]


def end_of_hour(moment: str) -> str:
    """When the hour of a UTC text is over. Figures up to there are the same for all of it."""
    hour = datetime.fromisoformat(moment).replace(minute=0, second=0, microsecond=0)
    with suppress(OverflowError):
        hour += timedelta(hours=1)
    return utc(hour.astimezone(UTC))


def _is_time(text: str) -> bool:
    """Whether a UTC text, or its beginning, says a time."""
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def edges(since: str, until: str, zone: str) -> list[str]:
    """Where the periods of a span begin, and where the last of them ends: UTC texts.

    ``since`` and ``until`` are UTC texts, or beginnings of them; the first period begins with the
    one, the last ends with the other. ``zone`` is the name of a time zone. Raises ``ValueError``
    for what is none of these.
    """
    try:
        place = ZoneInfo(zone)
        first, last = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (since, until))
        for floor, following in _KINDS:
            found = list(_inner(first, last, place, floor, following))
            if len(found) < MOST:
                break
    except (OverflowError, OSError, ZoneInfoNotFoundError) as error:
        raise ValueError(str(error)) from error
    return [utc(first), *found, utc(last)] if first < last else [utc(first)]


def _inner(
    first: datetime, last: datetime, zone: ZoneInfo, floor: Calendar, following: Calendar
) -> Iterator[str]:
    """The beginnings between the ends of a span, :data:`MOST` of them if there are so many."""
    moment, edge = floor(first.astimezone(zone)), first
    for _ in range(MOST + 1):
        begins = moment.astimezone(UTC)
        if begins >= last:
            return
        if begins > edge:  # clocks that are put back go through an hour twice
            edge = begins
            yield utc(edge)
        moment = following(moment)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _next_hour(moment: datetime) -> datetime:
    return (moment.astimezone(UTC) + timedelta(hours=1)).astimezone(moment.tzinfo)


def _quarter(moment: datetime) -> datetime:
    return _hour(moment).replace(hour=moment.hour // 6 * 6)


def _day(moment: datetime) -> datetime:
    return _hour(moment).replace(hour=0)


def _week(moment: datetime) -> datetime:
    return _day(moment) - timedelta(days=moment.weekday())


def _month(moment: datetime) -> datetime:
    return _day(moment).replace(day=1)


def _year(moment: datetime) -> datetime:
    return _month(moment).replace(month=1)


# Adding to a moment of a zone moves the hands of the clock, whatever happens to the clock there.
_KINDS: tuple[tuple[Calendar, Calendar], ...] = (
    (_hour, _next_hour),
    (_quarter, lambda moment: moment + timedelta(hours=6)),
    (_day, lambda moment: moment + timedelta(days=1)),
    (_week, lambda moment: moment + timedelta(days=7)),
    (_month, lambda moment: _month(moment + timedelta(days=31))),
    (_year, lambda moment: moment.replace(year=moment.year + 1)),
    (_year, lambda moment: moment.replace(year=moment.year + 100)),
)
