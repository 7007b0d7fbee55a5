"""The log in one SQLite file, which any number of processes of one machine share."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Literal

from ryx_dash.errors import LogError
from ryx_dash.log import analysis, listing, retention, rules
from ryx_dash.log.base import (
    EVERY_RUN,
    Counts,
    Cut,
    EventLog,
    Facets,
    Keep,
    Lease,
    NewRun,
    RowFilter,
    RowPage,
    Run,
    RunFilter,
    RunPage,
    Snapshot,
    SortField,
)
from ryx_dash.log.connections import Connections
from ryx_dash.log.driver import Condition, Connection, query, scalar, snapshot
from ryx_dash.log.facets import facets, save_tools
from ryx_dash.log.measured import save_measures
from ryx_dash.log.paging import Pages
from ryx_dash.log.records import (
    EventRows,
    Stored,
    find_run,
    insert_run,
    key,
    pick_events,
    select_events,
    select_runs,
    update_run,
)
from ryx_dash.log.schema import identity
from ryx_dash.log.snapshots import count_imports, one_more_import
from ryx_dash.log.snapshots import keep as keep_snapshots
from ryx_dash.log.snapshots import newest as newest_snapshot
from ryx_dash.protocol.analysis import Analysis
from ryx_dash.protocol.events import Draft, Event
from ryx_dash.protocol.steps import RunStatus

TRIAL_BYTES = 262_144
"""Bytes of a trial write: more than the start of a run with an input of usual length needs (13 to
40 pages of 4 KiB: its row, its indexes, its words, now and then a merge of these). With less, the
journal may have room for the trial where it has none for a run."""

_NEXT = "WHERE status = 'queued' ORDER BY rid LIMIT 1"
_TOTAL = "SELECT value FROM meta WHERE name = 'runs'"
_EXPIRED = "WHERE status = 'running' AND lease_until <= ? ORDER BY rid"
_RENEW = "UPDATE runs SET lease_until = ? WHERE status = 'running' AND owner = ?"


class SqliteLog(EventLog):
    """An event log in the file ``path``, made when there is none; its folder must exist.

    Open it after a process has forked, never before. ``clock`` gives the seconds by which leases
    run out; processes compare them with each other's, and no one may set it back.
    Raises :class:`errors.LogError` when the file cannot be used.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._connections = Connections(path)
        with self._connections.read() as db:
            self._identity = identity(db)

    @property
    def identity(self) -> str:
        return self._identity

    # -- runs ---------------------------------------------------------------------------------

    def start(self, new: NewRun) -> tuple[Run, bool]:
        command = None if new.command_id is None else rules.plain(new.command_id)
        with self._connections.write() as db:
            known = scalar(db, "SELECT run_id FROM commands WHERE command_id = ?", command)
            if known is not None:
                return _known(db, known).run, False
            run = rules.queued(new)
            insert_run(db, run)
            if command is not None:
                query(db, "INSERT INTO commands VALUES (?, ?)", command, run.run_id)
            return _known(db, run.run_id).run, True

    def claim(self, owner: str, *, at_once: int, lease_seconds: float) -> Run | None:
        with self._connections.read() as db:
            if not select_runs(db, _NEXT):
                return None  # the usual answer, without waiting for those who write
        with self._connections.write() as db:
            waiting = select_runs(db, _NEXT)
            running = scalar(db, "SELECT count(*) FROM runs WHERE status = 'running'")
            if not waiting or running >= at_once:
                return None
            run = rules.claimed(waiting[0].run, owner)
            until = self._clock() + lease_seconds
            update_run(db, replace(waiting[0], run=run, lease_until=until), waiting[0].run)
            return run

    def renew(self, owner: str, *, lease_seconds: float) -> None:
        with self._connections.write() as db:
            until = self._clock() + lease_seconds
            query(db, _RENEW, until, owner)

    def expired(self) -> tuple[Run, ...]:
        with self._connections.read() as db:
            return tuple(stored.run for stored in select_runs(db, _EXPIRED, self._clock()))

    def interrupt(self, run_id: str, draft: Draft, *, only_expired: bool = True) -> Run:
        with self._connections.write() as db:
            stored = _known(db, run_id)
            run, events = stored.run, rules.interruption(stored.run, draft)
            renewed = only_expired and stored.lease_until > self._clock()
            if run.status is not RunStatus.RUNNING or renewed:
                return run
            rows = EventRows(stored.rid, events)
            return _extend(db, replace(stored, run=rules.fenced(run)), events, rows)

    def cancel(self, run_id: str) -> Run:
        with self._connections.write() as db:
            stored = _known(db, run_id)
            run = rules.cancelled(stored.run)
            events = rules.cancellation(run)
            rows = EventRows(stored.rid, events)
            return _extend(db, replace(stored, run=run), events, rows)

    def forget(self, keep: Keep) -> bool:
        with self._connections.read() as db:
            runs, rid = retention.outdated(db, keep), retention.unswept(db)
        if not runs and rid is None:
            return False
        with self._connections.write() as db:
            if rid is None:
                retention.forget(db, retention.outdated(db, keep))
            else:
                retention.sweep(db, rid)
        return True

    def run(self, run_id: str) -> Run | None:
        with self._connections.read() as db:
            stored = find_run(db, run_id)
            return None if stored is None else stored.run

    def latest(self) -> Run | None:
        with self._connections.read() as db:
            newest = select_runs(db, "WHERE NOT imported ORDER BY rid DESC LIMIT 1")
            return newest[0].run if newest else None

    def runs(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        status: RunStatus | None = None,
        q: str = "",
        where: RunFilter = EVERY_RUN,
    ) -> RunPage:
        which, limit = Condition(), max(limit, 0)
        if status is not None:
            which &= Condition("status = ?", (status,))
            where = where if where.statuses else replace(where, statuses=frozenset({status}))
        if q:
            which &= Condition("instr(casefold(input), ?)", (rules.plain(q).casefold(),))
        with self._connections.read() as db:
            end = None if before is None else _known(db, before)
            passing = listing.find_runs(db, where, which, end)
            found = [stored.run for stored in islice(passing, limit + 1)]
        page = tuple(found[:limit])
        return RunPage(runs=page, next=page[-1].run_id if 0 < limit < len(found) else None)

    def asked_before(self, run_id: str) -> Run | None:
        with self._connections.read() as db:
            stored = _known(db, run_id)
            found = listing.asked_before(db, stored) if stored.run.input else None
            return None if found is None else found.run

    def facets(self) -> Facets:
        with self._connections.read() as db:
            return facets(db)

    def analyse(self, where: RunFilter, cut: Cut) -> Analysis:
        with self._connections.read() as db, snapshot(db):
            return analysis.analyse(db, where, cut)

    def counts(self) -> Counts:
        with self._connections.read() as db:
            rows = query(db, "SELECT status, count(*), sum(head) FROM runs GROUP BY status")
        return Counts(
            runs={RunStatus(status): runs for status, runs, _ in rows},
            events=sum(events for _, _, events in rows),
            size=self._connections.size(),
        )

    def total(self) -> int:
        with self._connections.read() as db:
            return int(scalar(db, _TOTAL))

    def restore(self, run: Run, events: Sequence[Event]) -> bool:
        run = rules.restored(run, events)
        with self._connections.write() as db:
            known = find_run(db, run.run_id)
            if known is not None:
                if rules.same_run(known.run, run) and _events(db, known) == list(events):
                    return False
                raise rules.exists(run.run_id)
            rid = insert_run(db, run)
            EventRows(rid, events).save(db)
            save_measures(db, rid, events)
            update_run(db, Stored(rid=rid, run=run))
            save_tools(db, rid, run.tools)
            one_more_import(db)
            return True

    def delete(self, run_id: str) -> None:
        with self._connections.write() as db:
            stored = _known(db, run_id)
            rules.deletable(stored.run)
            retention.forget(db, [(stored.rid, run_id)])
        self._sweep(stored.rid)

    def _sweep(self, rid: int) -> None:
        """Remove the events of a forgotten run; another process may do the same."""
        while True:
            with self._connections.write() as db:
                if not retention.is_forgotten(db, rid):
                    return
                retention.sweep(db, rid)

    # -- events -------------------------------------------------------------------------------

    def append(self, lease: Lease, events: Sequence[Event]) -> Run:
        with self._connections.read() as db:
            rid = _appendable(db, lease, events).rid
        rows = EventRows(rid, events)  # before the transaction, so that others wait for less
        with self._connections.write() as db:
            stored = _appendable(db, lease, events)
            return _extend(db, stored, events, rows)

    def head(self, run_id: str) -> int:
        run = self.run(run_id)
        return 0 if run is None else run.head

    def read(
        self,
        run_id: str,
        *,
        after: int = 0,
        upto: int | None = None,
        most_text: int | None = None,
    ) -> list[Event]:
        with self._connections.read() as db:
            stored = find_run(db, run_id)
            if stored is None:
                return []
            first, last = rules.bounds(stored.run.head, after, upto)
            places = key(stored.rid, first), key(stored.rid, last)
            return select_events(db, run_id, *places, most_text=most_text)

    def rows(
        self,
        run_id: str,
        where: RowFilter,
        *,
        sort: Sequence[tuple[SortField, Literal["asc", "desc"]]] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> RowPage:
        with self._connections.read() as db:
            stored = find_run(db, run_id)
            if stored is None:
                return RowPage(events=(), total=0)
            return Pages(db, stored, where).page(sort, offset, limit)

    def pick(self, run_id: str, seqs: Sequence[int]) -> list[Event]:
        with self._connections.read() as db:
            stored = find_run(db, run_id)
            if stored is None:
                return []
            return pick_events(db, run_id, [key(stored.rid, seq) for seq in sorted(set(seqs))])

    # -- snapshots ----------------------------------------------------------------------------

    def snapshot(self, run_id: str, *, format: int, upto: int) -> Snapshot | None:
        with self._connections.read() as db:
            stored = find_run(db, run_id)
            return None if stored is None else newest_snapshot(db, stored, format, upto)

    def keep_snapshots(self, run_id: str, snapshots: Sequence[Snapshot], *, imports: int) -> bool:
        try:
            with self._connections.write_aside() as db:
                if db is None or count_imports(db) != imports:
                    return False
                return keep_snapshots(db, run_id, snapshots)
        except LogError:
            return False

    def imports(self) -> int:
        with self._connections.read() as db:
            return count_imports(db)

    # -- change -------------------------------------------------------------------------------

    def version(self) -> int:
        return self._connections.version()

    def writable(self) -> str | None:
        try:
            with self._connections.write() as db:
                query(db, "UPDATE meta SET value = randomblob(?) WHERE name = 'trial'", TRIAL_BYTES)
        except LogError as error:
            return error.message
        return self._connections.damage

    def close(self) -> None:
        self._connections.close()


def _known(db: Connection, run_id: str) -> Stored:
    stored = find_run(db, run_id)
    if stored is None:
        raise rules.unknown(run_id)
    return stored


def _events(db: Connection, stored: Stored) -> list[Event]:
    first, last = key(stored.rid, 0), key(stored.rid, stored.run.head)
    return select_events(db, stored.run.run_id, first, last)


def _appendable(db: Connection, lease: Lease, events: Sequence[Event]) -> Stored:
    stored = find_run(db, lease.run_id)
    if stored is None:
        raise rules.lease_lost(lease)
    rules.check_append(stored.run, lease, events)
    return stored


def _extend(db: Connection, stored: Stored, events: Sequence[Event], rows: EventRows) -> Run:
    rows.save(db)
    save_measures(db, stored.rid, events)
    run = rules.advanced(stored.run, events)
    update_run(db, replace(stored, run=run), stored.run)
    save_tools(db, stored.rid, set(run.tools) - set(stored.run.tools))
    return run
