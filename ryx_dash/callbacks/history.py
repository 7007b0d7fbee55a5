"""States of runs, folded out of the log and kept, so that a place costs the same in any run.

What was folded a moment ago is remembered here, for this process. At every :data:`SPACING` events
the state is also kept in the log as a snapshot, for all processes and for later: whoever wants a
place far away begins at the snapshot before it.
"""

from collections import OrderedDict, deque
from threading import Lock

from ryx_dash.errors import LogError
from ryx_dash.log.base import EventLog, Snapshot
from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.projection.snapshot import FORMAT, Packed, pack
from ryx_dash.projection.state import RunState

SPACING = 1_000
"""Events from one snapshot to the next, and taken from the log at once. To fold so many takes a
few times as long as to read a snapshot."""

BYTES_AN_EVENT = 256
"""What snapshots may cost. Those of a large state (a very long answer) lie farther apart."""

POSITIONS = 3
"""States kept of one run, so that someone who replays it and someone who follows it both go on."""

SNAPSHOTS = 2
"""Snapshots kept of one run, so that going back event by event reads each only once."""

TOGETHER = 10
"""Snapshots that are put into the log at once."""

UNKEPT = 100
"""Snapshots that wait for a log that is busy; more are given up."""


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
        self._imports = 0

    def at(self, run_id: str, upto: int, *, budget: int | None = 5_000) -> RunState:
        """The run at ``upto``, or at its head if that comes first.

        At most ``budget`` events are folded (``None``: as many as it takes), so the state may
        lie before ``upto``: ask again, it goes on from there. A run without events, or an unknown
        one, is as :func:`projection.fold.initial` gives it. Raises :class:`errors.LogError`.
        """
        imports = self._log.imports()  # before the run is looked at
        target = min(upto, self._log.head(run_id))
        if target <= 0:
            return initial(run_id)
        return self._remembered(run_id, imports).at(target, budget)

    def _remembered(self, run_id: str, imports: int) -> "_Remembered":
        with self._lock:
            if imports != self._imports:  # what is known may be of a run that was removed
                self._runs.clear()
                self._imports = imports
            run = self._runs.setdefault(run_id, _Remembered(self._log, run_id, imports))
            self._runs.move_to_end(run_id)
            while len(self._runs) > self._keep:
                self._runs.popitem(last=False)
            return run


class _Remembered:
    """A few states of one run, the one used last at the end."""

    def __init__(self, log: EventLog, run_id: str, imports: int) -> None:
        self._log = log
        self._run_id = run_id
        self._states: list[RunState] = []
        self._opened: deque[RunState] = deque(maxlen=SNAPSHOTS)
        self._snapshots = _Snapshots(log, run_id, imports)
        # Held while folding: whoever else asks for this run waits and finds the work done.
        self._lock = Lock()

    def at(self, target: int, budget: int | None) -> RunState:
        with self._lock:
            before = state = self._before(target)
            limit = target if budget is None else min(target, state.seq + budget)
            while state.seq < limit:
                upto = min(limit, (state.seq // SPACING + 1) * SPACING)
                events = self._log.read(self._run_id, after=state.seq, upto=upto)
                if not events:
                    break  # the run was taken away meanwhile
                state = fold_all(state, events)
                self._snapshots.take(state)
            self._snapshots.keep()
            others = [s for s in self._states if s is not before and s.seq != state.seq]
            self._states = [*others[1 - POSITIONS :], state]
            return state

    def _before(self, target: int) -> RunState:
        """The furthest known state that is not past ``target``, else the run's beginning."""
        known = (state for state in (*self._states, *self._opened) if state.seq <= target)
        nearest = max(known, key=lambda state: state.seq, default=initial(self._run_id))
        if target - nearest.seq < SPACING:
            return nearest
        opened = self._snapshots.before(target, after=nearest.seq)
        if opened is None:
            return nearest
        self._opened.append(opened)
        return opened


class _Snapshots:
    """The snapshots of one run in the log, and those that are still to be put there."""

    def __init__(self, log: EventLog, run_id: str, imports: int) -> None:
        self._log = log
        self._run_id = run_id
        self._imports = imports
        self._new: deque[Snapshot] = deque(maxlen=UNKEPT)
        self._newest = 0
        self._size = 0

    def before(self, target: int, *, after: int) -> RunState | None:
        """The state of the newest snapshot that can be read, ``after`` there and up to ``target``.

        A snapshot is nothing but a short cut: one that cannot be read is passed over.
        """
        try:
            while target > after:
                found = self._log.snapshot(self._run_id, format=FORMAT, upto=target)
                if found is None or found.seq <= after:
                    return None
                state = self._open(found)
                if state is not None and state.seq == found.seq:
                    self._newest, self._size = found.seq, len(found.state)
                    return state
                target = found.seq - 1
        except LogError:
            pass  # what is read next says so, if it is the log that fails
        return None

    def take(self, state: RunState) -> None:
        """Make a snapshot of ``state`` if one is due there."""
        if state.seq % SPACING or 0 <= state.seq - self._newest < self._size / BYTES_AN_EVENT:
            return
        data = pack(state)
        self._newest, self._size = state.seq, len(data)
        self._new.append(Snapshot(seq=state.seq, format=FORMAT, state=data))
        if len(self._new) >= TOGETHER:
            self.keep()

    def keep(self) -> None:
        """Put new ones into the log, or try again with the next call."""
        new, told = tuple(self._new), {"imports": self._imports}
        if new and self._log.keep_snapshots(self._run_id, new, **told):
            self._new.clear()

    def _open(self, snapshot: Snapshot) -> RunState | None:
        try:
            packed = Packed(snapshot.state)
            return packed.state(self._run_id, self._log.pick(self._run_id, packed.wanted))
        except ValueError:
            return None
