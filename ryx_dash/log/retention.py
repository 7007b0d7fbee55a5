"""Removing runs from a SQLite log: a little at a time, so that whoever writes waits for little.

A run that is forgotten is gone at once; its events follow in batches. Their pages are used again
by what is written next.
"""

from typing import Any

from ryx_dash.errors import LogDamaged
from ryx_dash.log.base import Keep
from ryx_dash.log.driver import Connection, query, scalar
from ryx_dash.log.facets import forget_tools
from ryx_dash.log.index import EventWords
from ryx_dash.log.records import key, select_events
from ryx_dash.log.schema import BLOCK_BITS, SEQ_BITS, SPAN_BITS

RUNS = 50
EVENTS = 1_000
"""How many are removed in one transaction, which takes some tens of milliseconds."""

_LAST_SEQ = (1 << SEQ_BITS) - 1

# The newest run stays, so that no later one gets its number while events of it are left.
_OUTDATED = f"""
SELECT rid, run_id FROM runs
WHERE status NOT IN ('queued', 'running') AND ended < ? AND rid < (SELECT max(rid) FROM runs)
  AND (ended < ? OR rid <= (SELECT rid FROM runs ORDER BY rid DESC LIMIT 1 OFFSET ?))
ORDER BY rid LIMIT {RUNS}
"""  # noqa: S608
_SOME = f"SELECT key FROM events WHERE key > ? AND key <= ? ORDER BY key LIMIT {EVENTS}"  # noqa: S608
_MERGE = "INSERT INTO words (words, rank) VALUES ('merge', 500)"  # pages: what frees their room


def outdated(db: Connection, keep: Keep) -> list[tuple[Any, ...]]:
    """Number and id of runs that are not to be kept, the oldest first; not all at once."""
    most = _LAST_SEQ if keep.runs is None else keep.runs
    return query(db, _OUTDATED, keep.ended_before, keep.since or "", most)


def forget(db: Connection, runs: list[tuple[Any, ...]]) -> None:
    """Remove runs; :func:`sweep` then removes their events."""
    for rid, run_id in runs:
        forget_tools(db, rid)
        query(db, "INSERT INTO forgotten VALUES (?)", rid)
        query(db, "DELETE FROM commands WHERE run_id = ?", run_id)
        query(db, "DELETE FROM runs WHERE rid = ?", rid)


def unswept(db: Connection) -> int | None:
    """The number of a run that is forgotten and may have events left."""
    rid: int | None = scalar(db, "SELECT rid FROM forgotten LIMIT 1")
    return rid


def is_forgotten(db: Connection, rid: int) -> bool:
    """Whether a run is forgotten and may have events left."""
    return bool(query(db, "SELECT 1 FROM forgotten WHERE rid = ?", rid))


def sweep(db: Connection, rid: int) -> None:
    """Remove some of the events of a forgotten run, and all trace of it after the last."""
    first, last = key(rid, 0), key(rid, _LAST_SEQ)
    keys = query(db, _SOME, first, last)
    if keys:
        upto = keys[-1][0]
        _forget_words(db, rid, first, upto)
        query(db, "DELETE FROM events WHERE key > ? AND key <= ?", first, upto)
        query(db, "DELETE FROM snapshots WHERE key > ? AND key <= ?", first, upto)
        return
    for table, place, bits in (("tallies", "block", BLOCK_BITS), ("spans", "span", SPAN_BITS)):
        which = f"DELETE FROM {table} WHERE {place} BETWEEN ? AND ?"  # noqa: S608 - names
        query(db, which, first >> bits, last >> bits)
    query(db, "DELETE FROM measures WHERE key BETWEEN ? AND ?", first, last)
    query(db, "DELETE FROM run_words WHERE rowid BETWEEN ? AND ?", first, last)
    query(db, "DELETE FROM forgotten WHERE rid = ?", rid)
    query(db, _MERGE)


def _forget_words(db: Connection, rid: int, after: int, upto: int) -> None:
    try:
        events = select_events(db, "", after, upto)
    except LogDamaged:
        return  # damaged: their words stay, and lead nowhere
    EventWords.of(rid, events).remove(db)
