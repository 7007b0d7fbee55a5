"""Analyses for whoever asks, each worked out once while it still holds."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ryx_dash.log.base import Cut, EventLog, RunFilter
from ryx_dash.protocol.analysis import Analysis

RESTING = 10
"""So many times as long as it took to work out, an analysis is given again although the log has
grown meanwhile: a tenth of one processor is the most that a page costs, however often it asks."""

KEPT = 32

Question = tuple[RunFilter, Cut]


@dataclass(frozen=True, slots=True)
class _Answer:
    analysis: Analysis
    version: int
    until: float


class Analyst:
    """Asks the log, one question at a time: whoever asks much does not slow the page of a run."""

    def __init__(self, log: EventLog, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: OrderedDict[Question, _Answer] = OrderedDict()

    def analyse(self, where: RunFilter, cut: Cut) -> Analysis:
        """See :meth:`log.base.EventLog.analyse`; at most :data:`RESTING` times as old
        as it took to work out. Equal cuts make equal analyses.
        """
        question = (where, cut)
        with self._lock:
            version = self._log.version()
            known = self._answers.get(question)
            if known is not None and (known.version == version or known.until > self._clock()):
                return known.analysis
            begun = self._clock()
            analysis = self._log.analyse(where, cut)
            ended = self._clock()
            until = ended + RESTING * (ended - begun)
            self._answers[question] = _Answer(analysis, version, until)
            self._answers.move_to_end(question)
            while len(self._answers) > KEPT:
                self._answers.popitem(last=False)
            return analysis
