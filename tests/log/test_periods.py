"""Spans of time cut into periods of the clock and the calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.log.periods import MOST, edges
from ryx_dash.protocol.events import utc


def local(text: str, zone: str) -> str:
    return datetime.fromisoformat(text).astimezone(ZoneInfo(zone)).isoformat()[:16]


@pytest.mark.parametrize(
    ("since", "until", "count", "second"),
    [
        ("2026-01-01T14:30", "2026-01-02T14:10", 25, "2026-01-01T15:00"),
        ("2026-01-01", "2026-01-08", 28, "2026-01-01T06:00"),
        ("2026-01-01", "2026-01-31", 30, "2026-01-02T00:00"),
        ("2026-01-01", "2026-10-31", 44, "2026-01-05T00:00"),
        ("2023-01-15", "2026-10-31", 46, "2023-02-01T00:00"),
        ("2000-01-15", "2026-10-31", 27, "2001-01-01T00:00"),
        ("1000-01-15", "2026-10-31", 11, "1100-01-01T00:00"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_periods_begin_with_the_calendar(
    zone: str, since: str, until: str, count: int, second: str
) -> None:
    place = ZoneInfo(zone)
    first, last = (
        utc(datetime.fromisoformat(text).replace(tzinfo=place).astimezone(UTC))
        for text in (since, until)
    )
    found = edges(first, last, zone)
    assert len(found) - 1 == count
    assert (found[0], found[-1]) == (first, last)
    assert local(found[1], zone) == second


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_on_which_clocks_are_changed(day: str, hours: int) -> None:
    place = ZoneInfo("Europe/Berlin")
    begin = datetime.fromisoformat(day).replace(tzinfo=place)
    end = begin + timedelta(days=1)
    found = edges(utc(begin.astimezone(UTC)), utc(end.astimezone(UTC)), "Europe/Berlin")
    assert len(found) - 1 == hours


def test_a_span_of_no_time_has_no_period() -> None:
    assert len(edges("2026-01-01", "2026-01-01", "UTC")) == 1
    assert len(edges("2026-01-02", "2026-01-01", "UTC")) == 1


@pytest.mark.parametrize(
    ("since", "zone"), [("soon", "UTC"), ("2026-01-01", "Mars"), ("2026-01-01", "../etc"), ("", "")]
)
def test_what_is_no_time_or_zone(since: str, zone: str) -> None:
    with pytest.raises(ValueError):
        edges(since, "2026-01-01", zone)


@given(
    since=st.datetimes(datetime(1001, 1, 1), datetime(9000, 1, 1)),
    length=st.timedeltas(timedelta(0), timedelta(days=300_000)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_periods_are_in_order_and_few(since: datetime, length: timedelta, zone: str) -> None:
    last = utc(since + length)
    found = edges(utc(since), last, zone)
    assert found == sorted(set(found))
    assert len(found) <= MOST + 1
    assert found[0] == utc(since)
    assert found[-1] == last
