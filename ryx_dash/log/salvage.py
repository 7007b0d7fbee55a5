"""What can still be read of a damaged log, run by run. The file is only read."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from ryx_dash.errors import LogDamaged
from ryx_dash.log.base import Run
from ryx_dash.log.driver import Connection, query, scalar
from ryx_dash.log.records import Stored, key, select_events, select_runs
from ryx_dash.log.tables import APPLICATION_ID
from ryx_dash.protocol.events import Event

CHUNK = 500
"""Events that are read together."""

_BROKEN = (apsw.Error, LogDamaged, UnicodeDecodeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvaged:
    """The run with number ``rid`` and its events, up to the first that is damaged.

    ``run`` is ``None`` when not even that can be read.
    """

    rid: int
    run: Run | None
    events: tuple[Event, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing of it is missing."""
        return self.run is not None and len(self.events) == self.run.head


@dataclass(frozen=True, slots=True)
class Wreck:
    """A log's file that is not trusted."""

    _db: Connection

    @property
    def is_sound(self) -> bool:
        """Whether SQLite finds nothing wrong with it; what is stored in it is another matter."""
        try:
            return query(self._db, "PRAGMA integrity_check(1)") == [("ok",)]
        except _BROKEN:
            return False

    @property
    def is_foreign(self) -> bool:
        """Whether it is the file of another program; asked of one that is sound."""
        return bool(scalar(self._db, "PRAGMA application_id") != APPLICATION_ID)

    def runs(self) -> Iterator[Salvaged]:
        """Every run that can be found, oldest first, read when it is taken."""
        for rid in self._numbers():
            try:
                found = select_runs(self._db, "WHERE rid = ?", rid)
            except _BROKEN:
                yield Salvaged(rid=rid, run=None)
                continue
            for stored in found:
                yield Salvaged(rid=rid, run=stored.run, events=tuple(self._events(stored)))

    def _numbers(self) -> Iterator[int]:
        """The numbers of all runs: from both ends of the table up to what cannot be read, and
        each that might lie between."""
        first = self._until_broken("SELECT rid FROM runs ORDER BY rid")
        last = self._until_broken("SELECT rid FROM runs ORDER BY rid DESC")
        between = range(first[-1] + 1, last[-1]) if first and last else ()
        return iter(sorted({*first, *last, *between}))

    def _until_broken(self, sql: str) -> list[int]:
        found: list[int] = []
        with suppress(*_BROKEN):
            found.extend(rid for (rid,) in self._db.execute(sql))
        return found

    def _events(self, stored: Stored) -> Iterator[Event]:
        run, rid = stored.run, stored.rid
        for after in range(0, run.head, CHUNK):
            upto = min(after + CHUNK, run.head)
            try:
                events = select_events(self._db, run.run_id, key(rid, after), key(rid, upto))
            except _BROKEN:
                yield from self._one_by_one(stored, after)
                return
            yield from events
            if len(events) < upto - after:
                return

    def _one_by_one(self, stored: Stored, after: int) -> Iterator[Event]:
        try:
            for place in range(key(stored.rid, after), key(stored.rid, stored.run.head)):
                [event] = select_events(self._db, stored.run.run_id, place, place + 1)
                yield event
        except (*_BROKEN, ValueError):
            return


@contextmanager
def wreck(path: Path) -> Iterator[Wreck]:
    """A file that may be damaged, opened for reading alone."""
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        yield Wreck(db)
