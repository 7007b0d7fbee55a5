"""States of runs, folded out of the log and kept, so that a frame costs only what is new in it."""

from collections import OrderedDict
from threading import Lock

from ryx_dash.log.base import EventLog
from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.projection.state import RunState

CHUNK = 2_000
"""Events taken from the log at once: bounds the memory of a fold over a long run."""

POSITIONS = 3
"""States kept of one run, so that someone who replays it and someone who follows it both go on."""


class History:
    """The state of any run at any position. Safe to call from any thread.

    ``keep`` is the number of runs whose states are remembered; the one that was not asked for
    longest goes first. States are values, so a remembered one is as good as a fresh one.
    """

    def __init__(self, log: EventLog, *, keep: int = 32) -> None:
        self._log = log
        self._keep = keep
        self._lock = Lock()
        self._runs: OrderedDict[str, _Remembered] = OrderedDict()

    def at(self, run_id: str, upto: int, *, budget: int | None = 5_000) -> RunState:
        """The run at ``upto``, or at its head if that comes first.

        At most ``budget`` events are folded (``None``: as many as it takes), so the state may
        lie before ``upto``: ask again, it goes on from there. A run without events, or an unknown
        one, is as :func:`projection.fold.initial` gives it. Raises :class:`errors.LogError`.
        """
        target = min(upto, self._log.head(run_id))
        if target <= 0:
            return initial(run_id)
        return self._remembered(run_id).at(target, budget)

    def _remembered(self, run_id: str) -> "_Remembered":
        with self._lock:
            run = self._runs.setdefault(run_id, _Remembered(self._log, run_id))
            self._runs.move_to_end(run_id)
            while len(self._runs) > self._keep:
                self._runs.popitem(last=False)
            return run


class _Remembered:
    """A few states of one run, the one used last at the end."""

    def __init__(self, log: EventLog, run_id: str) -> None:
        self._log = log
        self._run_id = run_id
        self._states: list[RunState] = []
        # Held while folding: whoever else asks for this run waits and finds the work done.
        self._lock = Lock()

    def at(self, target: int, budget: int | None) -> RunState:
        with self._lock:
            before = state = self._before(target)
            limit = target if budget is None else min(target, state.seq + budget)
            for after in range(state.seq, limit, CHUNK):
                events = self._log.read(self._run_id, after=after, upto=min(after + CHUNK, limit))
                state = fold_all(state, events)
            others = [s for s in self._states if s is not before and s.seq != state.seq]
            self._states = [*others[1 - POSITIONS :], state]
            return state

    def _before(self, target: int) -> RunState:
        """The furthest remembered state that is not past ``target``, else the run's beginning."""
        behind = [state for state in self._states if state.seq <= target]
        return max(behind, key=lambda state: state.seq, default=initial(self._run_id))
