from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.projection.axis import LONGEST_GAP, Axis, Gap, gaps
from ryx_dash.projection.state import Span

seconds = st.integers(0, 10_000).map(lambda n: n / 10)
intervals = st.lists(st.tuples(seconds, seconds).map(lambda pair: (min(pair), max(pair))))

ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)


def ts(second: float) -> str:
    return (ORIGIN + timedelta(seconds=second)).isoformat()


def axis(*busy: tuple[float, float], folded: bool = True) -> Axis:
    spans = [
        Span(node="n", step="s", label="S", opened=1, start=ts(start), end=ts(end))
        for start, end in busy
    ]
    return Axis(ts(0), spans, ts(0), folded=folded)


def test_a_gap_lies_between_intervals() -> None:
    assert gaps([(5, 6), (0, 2), (1, 3)]) == [Gap(3, 5)]


def test_intervals_within_one_another_leave_no_gap() -> None:
    assert gaps([(0, 10), (1, 2), (4, 5)]) == []


def test_nothing_has_no_gaps() -> None:
    assert gaps([]) == []


def test_a_long_gap_is_folded_to_a_second() -> None:
    drawn = axis((0, 1), (61, 62))
    assert [drawn(ts(at)) for at in (0, 1, 61, 62)] == pytest.approx([0, 1, 2, 3])


def test_unfolded_is_as_it_was() -> None:
    drawn = axis((0, 1), (61, 62), folded=False)
    assert drawn(ts(61)) == pytest.approx(61)
    assert drawn.gaps == []


def test_a_time_that_is_none_is_the_beginning() -> None:
    assert axis((0, 1))("yesterday") == 0


@given(intervals)
def test_gaps_touch_no_interval(busy: list[tuple[float, float]]) -> None:
    for gap in gaps(busy):
        assert gap.start < gap.end
        assert all(end <= gap.start or start >= gap.end for start, end in busy)


@given(intervals, st.lists(seconds))
def test_folding_keeps_the_order_of_times(
    busy: list[tuple[float, float]], times: list[float]
) -> None:
    drawn = axis(*busy)
    places = [drawn.drawn(at) for at in sorted(times)]
    assert places == sorted(places)


@given(intervals)
def test_no_gap_is_drawn_longer_than_a_second(busy: list[tuple[float, float]]) -> None:
    drawn = axis(*busy)
    for gap in drawn.gaps:
        assert drawn.drawn(gap.end) - drawn.drawn(gap.start) == pytest.approx(LONGEST_GAP)
