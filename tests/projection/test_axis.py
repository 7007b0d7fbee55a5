from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.projection.axis import LONGEST_GAP, MOST_TICKS, Axis, Gap, gaps
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


@given(intervals, seconds, seconds)
def test_marks_are_in_order_few_and_say_the_time_of_the_run(
    busy: list[tuple[float, float]], low: float, length: float
) -> None:
    drawn, high = axis(*busy), low + length + 0.001
    places = [place for place, _ in drawn.ticks(low, high)]
    assert places == sorted(set(places))
    assert all(low <= place <= high for place in places)
    assert len(places) <= MOST_TICKS + 1
    for place in places:
        second = drawn.real(place)
        assert second is not None
        assert drawn.drawn(second) == pytest.approx(place)


@pytest.mark.parametrize(
    ("high", "words"),
    [
        (0.0026, ["0 ms", "0.5 ms", "1 ms", "1.5 ms", "2 ms", "2.5 ms"]),
        (3, ["0 s", "0.5 s", "1 s", "1.5 s", "2 s", "2.5 s", "3 s"]),
        (150, ["0 s", "30 s", "60 s", "90 s", "120 s", "150 s"]),
        (900, ["0 min", "5 min", "10 min", "15 min"]),
        (9_000, ["0 min", "30 min", "1 h", "1 h 30 min", "2 h", "2 h 30 min"]),
        (40_000, ["0 h", "2 h", "4 h", "6 h", "8 h", "10 h"]),
        (400_000, ["0 h", "24 h", "48 h", "72 h", "96 h"]),
    ],
)
def test_marks_are_in_units_that_people_count_in(high: float, words: list[str]) -> None:
    assert [text for _, text in axis((0, high)).ticks(0, high)] == words


def test_marks_within_a_long_run_are_clocks() -> None:
    drawn = axis((0, 9_000))
    assert [text for _, text in drawn.ticks(5_400, 5_420)] == [
        *("1:30:00", "1:30:05", "1:30:10", "1:30:15", "1:30:20")
    ]
    assert drawn.ticks(5_400, 5_400.5)[1][1] == "1:30:00.1"
