"""A rate that holds in the long run, and bursts after quiet."""

from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.live.limits import Bucket


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    bucket = Bucket(rate=10, burst=3, clock=clock)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    clock.now = 0.25
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_quiet_saves_no_more_than_the_burst() -> None:
    clock = Clock()
    bucket = Bucket(rate=10, burst=3, clock=clock)
    clock.now = 1_000_000
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.floats(min_value=0, max_value=5), max_size=200))
def test_never_more_than_burst_and_rate(pauses: list[float]) -> None:
    clock = Clock()
    bucket = Bucket(rate=2, burst=5, clock=clock)
    taken = 0
    for pause in pauses:
        clock.now += pause
        taken += bucket.take()
    assert taken <= 5 + 2 * clock.now + 1e-6
