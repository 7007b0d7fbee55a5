"""Cutting a span of time into periods that a person reads: hours, days, weeks, months, years.

They begin where they do on the clock and in the calendar of a time zone.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ryx_dash.protocol.events import utc

MOST = 62
"""Periods of one kind, at most: more bars than that nobody tells apart."""

Calendar = Callable[[datetime], datetime]


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
