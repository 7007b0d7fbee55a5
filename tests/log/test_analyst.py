"""An analysis is worked out once while it still holds."""

from ryx_dash.log.analyst import FRESH_SECONDS, KEPT, Analyst
from ryx_dash.log.base import EVERY_RUN, NewRun, RunFilter
from ryx_dash.log.memory import MemoryLog
from tests.log.samples import Clock


def test_what_has_not_changed_is_not_asked_again() -> None:
    log, clock = MemoryLog(), Clock()
    analyst = Analyst(log, clock=clock)
    log.start(NewRun(input="one"))
    first = analyst.analyse(EVERY_RUN, ())
    clock.seconds += 10 * FRESH_SECONDS
    assert analyst.analyse(EVERY_RUN, ()) is first
    assert analyst.analyse(RunFilter(text="one"), ()) is not first


def test_what_has_changed_is_asked_again_after_a_while() -> None:
    log, clock = MemoryLog(), Clock()
    analyst = Analyst(log, clock=clock)
    first = analyst.analyse(EVERY_RUN, ())
    log.start(NewRun(input="one"))
    assert analyst.analyse(EVERY_RUN, ()) is first
    clock.seconds += FRESH_SECONDS + 1
    assert analyst.analyse(EVERY_RUN, ()).total == 1


def test_only_so_many_are_kept() -> None:
    analyst = Analyst(MemoryLog())
    first = analyst.analyse(EVERY_RUN, ())
    for number in range(KEPT):
        analyst.analyse(RunFilter(text=str(number)), ())
    assert analyst.analyse(EVERY_RUN, ()) is not first
