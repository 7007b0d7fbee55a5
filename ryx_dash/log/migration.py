"""Bringing a log of an older version up to the present one, when it is opened."""

import logging
from collections.abc import Callable

from ryx_dash.log.driver import BUSY_SECONDS, Connection, query, scalar, transaction
from ryx_dash.log.facets import save_tools
from ryx_dash.log.index import CommitWords, EventWords
from ryx_dash.log.measured import TELLING, save_measures
from ryx_dash.log.records import (
    Stored,
    key,
    select_events,
    select_runs,
    update_run,
)
from ryx_dash.log.schema import BLOCK_BITS, SPAN_BITS, VERSION
from ryx_dash.log.summary import summed
from ryx_dash.log.tables import ASKED, COUNT, FLAT, LEVELS, LISTING, MEASURES, SNAPSHOTS

CHUNK = 2_000
"""Events that are looked at together."""

LONG = 100_000
"""Events from which on it takes seconds, so that it is said."""

_SUM_UP = f"""
INSERT INTO spans SELECT block >> {SPAN_BITS - BLOCK_BITS}, step, level, token, sum(events)
FROM tallies GROUP BY 1, 2, 3, 4
"""  # noqa: S608

LOOKS_AT_EVENTS = 7
"""The last version that was reached by a look at every event."""

logger = logging.getLogger(__name__)


def migrate(db: Connection) -> None:
    """Add what later versions know about runs: all in one transaction, or nothing."""
    if scalar(db, "PRAGMA user_version") == VERSION:
        return
    with transaction(db):
        version = scalar(db, "PRAGMA user_version")  # still: one of several processes does it
        _announce(db, version)
        if version < 3:
            query(db, LISTING)
            _each_run(db, _list)
        if version < 4:
            query(db, MEASURES)
            _each_run(db, _measure)
        if version < 5:
            query(db, SNAPSHOTS)
        if version < 6:
            query(db, FLAT)
            query(db, _SUM_UP)
            _each_run(db, _note_tools)
            query(db, "INSERT INTO words (words) VALUES ('delete-all')")
            _each_run(db, _index)
        if version < 7:
            query(db, LEVELS)
        if version < 8:
            query(db, COUNT)
        if version < 9:
            query(db, ASKED)
    db.set_busy_timeout(BUSY_SECONDS * 1000)


def _announce(db: Connection, version: int) -> None:
    events = scalar(db, "SELECT total(head) FROM runs")
    if version < LOOKS_AT_EVENTS and events >= LONG:
        logger.warning(
            "The event log is of version %s and is brought up to version %s: with its %s events "
            "this takes seconds to minutes, once.",
            version,
            VERSION,
            f"{int(events):,}",
        )


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


def _note_tools(db: Connection, stored: Stored) -> None:
    save_tools(db, stored.rid, stored.run.tools)


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
