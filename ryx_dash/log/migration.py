"""Bringing a log of an older version up to the present one, when it is opened."""

from collections.abc import Callable

from ryx_dash.log.driver import BUSY_SECONDS, Connection, query, scalar, transaction
from ryx_dash.log.index import CommitWords, EventWords
from ryx_dash.log.measured import TELLING, save_measures
from ryx_dash.log.records import (
    Stored,
    key,
    select_events,
    select_runs,
    update_run,
)
from ryx_dash.log.schema import LISTING, MEASURES, SNAPSHOTS, VERSION
from ryx_dash.log.summary import summed

CHUNK = 2_000
"""Events that are looked at together."""


def migrate(db: Connection) -> None:
    """Add what later versions know about runs: all in one transaction, or nothing."""
    if scalar(db, "PRAGMA user_version") == VERSION:
        return
    with transaction(db):
        version = scalar(db, "PRAGMA user_version")  # still: one of several processes does it
        if version < 3:
            query(db, LISTING)
            _each_run(db, _list)
        if version < 4:
            query(db, MEASURES)
            _each_run(db, _measure)
        if version < 5:
            query(db, SNAPSHOTS)
            _each_run(db, _index)
    db.set_busy_timeout(BUSY_SECONDS * 1000)


def _each_run(db: Connection, act: Callable[[Connection, Stored], None]) -> None:
    for stored in select_runs(db, "ORDER BY rid"):
        act(db, stored)


def _list(db: Connection, stored: Stored) -> None:
    run = stored.run
    CommitWords.of_input(stored.rid, run.input).save(db)
    for after in range(0, run.head, CHUNK):
        upto = min(after + CHUNK, run.head)
        events = select_events(db, run.run_id, key(stored.rid, after), key(stored.rid, upto))
        CommitWords.of_events(stored.rid, events).save(db)
        run = summed(run, events)
    update_run(db, Stored(rid=stored.rid, run=run, lease_until=stored.lease_until))


def _measure(db: Connection, stored: Stored) -> None:
    run = stored.run
    for after in range(0, run.head, CHUNK):
        upto = min(after + CHUNK, run.head)
        first, last = key(stored.rid, after), key(stored.rid, upto)
        save_measures(db, stored.rid, select_events(db, run.run_id, first, last, TELLING))


def _index(db: Connection, stored: Stored) -> None:
    run = stored.run
    for after in range(0, run.head, CHUNK):
        first, last = key(stored.rid, after), key(stored.rid, min(after + CHUNK, run.head))
        EventWords.of(stored.rid, select_events(db, run.run_id, first, last)).save(db)
