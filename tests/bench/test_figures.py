"""What benches make of what they measure."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.audience import WARM, ages
from bench.document import BEGIN, END, put_into
from bench.figures import percentile, table
from bench.goals import Goal
from bench.live import SETTLING, late
from bench.reading import numbers
from bench.source import Emission, message, schedule
from tests.servers import ROOT


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_is_one_of_the_values_and_no_less_than_its_share(values, share):
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


def test_a_percentile_of_nothing_is_nothing():
    assert percentile([], 0.5) == 0


@given(st.integers(1, 5_000), st.floats(0.1, 3), st.integers(0, 9))
def test_a_schedule_keeps_rate_and_order(rate, seconds, seed):
    due = schedule(rate, seconds, seed)
    assert len(due) == round(rate * seconds)
    assert due == sorted(due)
    assert all(0 <= at <= seconds + 1 / rate for at in due)
    assert due == schedule(rate, seconds, seed)


def emission(count, first=1):
    made = Emission(10, count / 10, first=first)
    made.due = [SETTLING + n / 10 for n in range(count)]
    made.created = [1_000.0 + 100 * n for n in range(count)]
    return made


def test_an_event_is_late_until_a_frame_shows_it_or_a_later_one():
    assert late(emission(4), [(1_150, 1), (1_350, 3)]) == [150, 250, 150, None]
    assert late(emission(2, first=7), [(900, 6), (1_130, 8)]) == [130, 30]


def test_the_first_moments_are_left_out():
    made = emission(2)
    made.due[0] = 0.0
    assert late(made, [(1_150, 2)]) == [50]


def test_a_position_is_as_old_as_the_first_event_that_it_lacks():
    created = [WARM * -1_000 + 100 * n for n in range(25)]  # looked at from 0 on, every 50 ms
    # all seen but the last four, which came at 100, 200, 300 and 400
    found = ages([(-5_000.0, 5 + 20)], 5, created)
    assert found == [max(0.0, 50.0 * n - 100) for n in range(8)]
    assert set(ages([(-5_000.0, 99)], 5, created)) == {0.0}


def test_numbers_are_those_of_the_source():
    assert numbers([message(3), "Done", "event-like", message(12)]) == [3, 12]


@pytest.mark.parametrize(
    ("measured", "at_least", "met"), [(4, False, True), (4.1, False, False), (4.1, True, True)]
)
def test_a_goal_is_met_or_not(measured, at_least, met):
    goal = Goal(1, "x", measured, 4, "×", at_least=at_least)
    assert goal.met is met
    assert goal.row[-1] == ("yes" if met else "**no**")


def test_a_table_is_markdown():
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --: |\n| 1 | 2 |"


def test_results_go_between_the_marks(tmp_path: Path):
    document = tmp_path / "x.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    put_into(document, "new")
    assert document.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


def test_the_document_has_the_marks():
    text = (ROOT / "docs" / "performance.md").read_text()
    assert text.count(BEGIN) == text.count(END) == 1
