"""An analysis is worked out once while it still holds."""

import pytest

from ryx_dash.log.analyst import KEPT, RESTING, Analyst
from ryx_dash.log.base import EVERY_RUN, Cut, NewRun, RunFilter
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.analysis import Analysis
from tests.log.samples import Clock, uncut


def test_what_has_not_changed_is_not_asked_again() -> None:
    log, clock = MemoryLog(), Clock()
    analyst = Analyst(log, clock=clock)
    log.start(NewRun(input="one"))
    first = analyst.analyse(EVERY_RUN, uncut)
    clock.seconds += 1_000
    assert analyst.analyse(EVERY_RUN, uncut) is first
    assert analyst.analyse(RunFilter(text="one"), uncut) is not first


def test_what_took_long_is_given_again_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    log, clock = MemoryLog(), Clock()
    analyst = Analyst(log, clock=clock)
    counted = log.analyse

    def slow(where: RunFilter, cut: Cut) -> Analysis:
        clock.seconds += 2
        return counted(where, cut)

    monkeypatch.setattr(log, "analyse", slow)
    first = analyst.analyse(EVERY_RUN, uncut)
    log.start(NewRun(input="one"))
    clock.seconds += 2 * RESTING - 1
    assert analyst.analyse(EVERY_RUN, uncut) is first
    clock.seconds += 2
    assert analyst.analyse(EVERY_RUN, uncut).total == 1


def test_what_took_no_time_is_as_new_as_the_log() -> None:
    log = MemoryLog()
    analyst = Analyst(log, clock=Clock())
    analyst.analyse(EVERY_RUN, uncut)
    log.start(NewRun(input="one"))
    assert analyst.analyse(EVERY_RUN, uncut).total == 1


def test_only_so_many_are_kept() -> None:
    analyst = Analyst(MemoryLog())
    first = analyst.analyse(EVERY_RUN, uncut)
    for number in range(KEPT):
        analyst.analyse(RunFilter(text=str(number)), uncut)
    assert analyst.analyse(EVERY_RUN, uncut) is not first
