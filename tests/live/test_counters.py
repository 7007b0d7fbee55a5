"""What a process has done."""

import pytest

from ryx_dash.live.counters import BOUNDS, Counters


def test_commits_are_counted_up_to_each_bound() -> None:
    counters = Counters()
    for seconds in (0.0, 0.001, 0.0011, 0.3, 99.0):
        counters.appended(2, seconds)
    assert (counters.events, counters.seconds) == (10, pytest.approx(99.3021))
    found = dict(zip((*BOUNDS, None), counters.commits, strict=True))
    assert (found[0.001], found[0.0025], found[0.25], found[0.5], found[10.0]) == (2, 3, 3, 4, 4)
    assert found[None] == 5
