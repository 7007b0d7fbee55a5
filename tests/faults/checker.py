"""The judge: it knows what the log's file says and what a page showed, and nothing else.

It reads the file with plain SQL, so an error in the log's own code cannot hide itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import apsw

ENDS = {
    "workflow_complete": "success",
    "workflow_error": "failed",
    "workflow_cancelled": "cancelled",
}

Row = tuple[int, str, str, str]
"""``seq``, UTC time, kind, step: what makes an event the one that it is."""


@dataclass
class Tally:
    """What was compared, and what was wrong with it; ``tried`` counts inputs of other checks.

    ``played`` and ``failed`` are the seeds of rounds that :mod:`tests.faults.trials` counts.
    """

    events: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    tried: int = 0
    played: int = 0
    failed: list[int] = field(default_factory=list)

    def compare(self, shown: Sequence[object], logged: Sequence[object]) -> None:
        """Count the events of a log, and those that were not shown once and in their order."""
        places = {event: place for place, event in enumerate(logged)}
        known = [places[event] for event in shown if event in places]
        self.events += len(logged)
        self.lost += len(places.keys() - set(shown))
        self.doubled += len(shown) - len(set(shown))
        self.disordered += sum(before > after for before, after in pairwise(known))


tally = Tally()
"""Of the test that is running: it begins anew with each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSeen:
    """The head of a frame that reached the page. ``life`` counts how often it was loaded."""

    life: int = 1
    n: int
    run: str | None
    head: int
    status: str | None
    reset: bool = False
    error: str = ""

    @property
    def anew(self) -> bool:
        """Whether the server says that the page stands at a place that there is not."""
        return self.reset or self.error == "unknown_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountSeen:
    """What ``event-count`` and ``run-status`` said at some moment of a page's ``life``."""

    life: int = 1
    run: str
    status: str
    head: int
    gaps: int
    duplicates: int


@dataclass
class Record:
    """All that a page showed, in order, and in the end every row that it has."""

    frames: list[FrameSeen] = field(default_factory=list)
    counts: list[CountSeen] = field(default_factory=list)
    badges: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    commands: dict[str, str] = field(default_factory=dict)
    """``command_id`` of each command that the page took, and its input."""


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A run as the file has it."""

    run_id: str
    input: str
    status: str
    head: int
    owner: str | None


RUNS = "SELECT run_id, input, status, head, owner FROM runs"

EVENTS = (
    "SELECT key & 0xffffffff, ts, kind, step FROM events WHERE key >> 32 = "
    "(SELECT rid FROM runs WHERE run_id = ?) ORDER BY key"
)


class LogFile:
    """A log's file, opened anew for each look."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def runs(self) -> dict[str, LoggedRun]:
        """Every run by id, oldest first."""
        return {run.run_id: run for run in self._runs("ORDER BY rid")}

    def run(self, run_id: str) -> LoggedRun:
        """The run of this id."""
        (run,) = self._runs("WHERE run_id = ?", run_id)
        return run

    def run_of(self, command_id: str) -> LoggedRun | None:
        """The run that a command started."""
        of_command = "WHERE run_id = (SELECT run_id FROM commands WHERE command_id = ?)"
        return next(iter(self._runs(of_command, command_id)), None)

    def events(self, run_id: str) -> list[Row]:
        """A run's events in order."""
        return self._query(EVENTS, run_id)

    def whole(self) -> Iterator[tuple[LoggedRun, list[Row]]]:
        """Every run with its events, all as they were at one moment."""
        db = self._opened()
        try:
            db.execute("BEGIN")
            runs = [LoggedRun(*row) for row in db.execute(f"{RUNS} ORDER BY rid")]
            yield from ((run, list(db.execute(EVENTS, (run.run_id,)))) for run in runs)
        finally:
            db.close()

    def commands(self) -> dict[str, str]:
        """The run that each command started."""
        return dict(self._query("SELECT command_id, run_id FROM commands"))

    def _runs(self, which: str, *args: object) -> list[LoggedRun]:
        return [LoggedRun(*row) for row in self._query(f"{RUNS} {which}", *args)]

    def _query(self, sql: str, *args: object) -> list[Any]:
        db = self._opened()
        try:
            return list(db.execute(sql, args))
        finally:
            db.close()

    def _opened(self) -> apsw.Connection:
        db = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READONLY)
        db.set_busy_timeout(10_000)
        return db


def check_log(log: LogFile) -> None:
    """The log itself is sound: no hole, no second end, a status that fits the last event."""
    for run, events in log.whole():
        assert [row[0] for row in events] == list(range(1, run.head + 1)), run.run_id
        ends = [kind for _, _, kind, _ in events if kind in ENDS]
        if run.status in ("queued", "running"):
            assert ends == [], f"{run.run_id} is {run.status} and has ended"
            continue
        assert len(ends) == 1, f"{run.run_id} has ended {len(ends)} times"
        assert events[-1][2] == ends[0], f"{run.run_id} goes on after its end"
        expected = {ENDS[ends[0]]} | ({"interrupted"} if ends[0] == "workflow_error" else set())
        assert run.status in expected, f"{run.run_id} is {run.status} after {ends[0]}"


def check_page(record: Record, log: LogFile, run_id: str, *, resets: int = 0) -> None:
    """Zero lost, zero doubled, order kept, and at the end the page says what the log says.

    ``resets``: how often the page may have begun anew, since the log was put back.
    """
    run, events = log.run(run_id), log.events(run_id)
    tally.compare(record.rows, events)
    assert record.counts, "the page showed nothing"
    for seen in record.counts:
        assert (seen.gaps, seen.duplicates) == (0, 0), seen
    _check_way(record.counts, run, resets)
    _check_way(record.frames, run, resets)
    last = record.counts[-1]
    assert (last.run, last.status, last.head) == (run_id, run.status, run.head), (last, run)
    assert record.rows == events, _difference(record.rows, events)


def check_commands(record: Record, log: LogFile) -> None:
    """Each command that the page took started exactly one run, and nothing else did."""
    runs, started = log.runs(), log.commands()
    for command, text in record.commands.items():
        assert command in started, f"the command for {text!r} was lost"
        assert runs[started[command]].input == text
    inputs = [run.input for run in runs.values()]
    for text in record.commands.values():
        wanted = sum(text == other for other in record.commands.values())
        assert inputs.count(text) == wanted, f"{text!r} ran {inputs.count(text)} times"


def _check_way(seen: Sequence[FrameSeen | CountSeen], run: LoggedRun, resets: int) -> None:
    """What was shown of a run never went back, but where a page began anew or showed another."""
    back = [
        (before, after)
        for before, after in pairwise(seen)
        if (before.life, before.run) == (after.life, after.run) and before.head > after.head
    ]
    assert len(back) <= resets, f"the page went back: {back}"
    most = max(one.head for one in seen if one.run == run.run_id)
    assert resets or most <= run.head, f"{most} was shown of {run.head}"


def _difference(shown: Iterable[Row], logged: Iterable[Row]) -> str:
    shown, logged = list(shown), list(logged)
    lost = [row for row in logged if row not in shown]
    extra = [row for row in shown if row not in logged]
    doubled = len(shown) - len(set(shown))
    return f"lost {lost[:5]}, made up {extra[:5]}, {doubled} doubled, {len(logged)} in the log"
