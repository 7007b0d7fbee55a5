"""Snapshots in a SQLite log: bytes beside a run's events, never believed without their checksum."""

from collections.abc import Sequence
from zlib import crc32

from ryx_dash.log.base import Snapshot
from ryx_dash.log.driver import Connection, query, scalar
from ryx_dash.log.records import Stored, find_run
from ryx_dash.log.schema import SEQ_BITS, key

_NEWEST = """
SELECT key, crc, state FROM snapshots
WHERE key > ? AND key <= ? AND format = ? ORDER BY key DESC
"""


def newest(db: Connection, stored: Stored, form: int, upto: int) -> Snapshot | None:
    """See :meth:`log.base.EventLog.snapshot`."""
    last = key(stored.rid, min(max(upto, 0), stored.run.head))
    rows = db.execute(_NEWEST, (key(stored.rid, 0), last, form))
    try:
        for place, crc, state in rows:
            if crc == _crc(place, state):
                seq = place & (1 << SEQ_BITS) - 1
                return Snapshot(seq=seq, format=form, state=state)
        return None
    finally:
        rows.close(True)  # rows that nobody takes would keep the file as it is now


def keep(db: Connection, run_id: str, snapshots: Sequence[Snapshot]) -> bool:
    """See :meth:`log.base.EventLog.keep_snapshots`; one that is there already is replaced."""
    stored = find_run(db, run_id)
    if stored is None or any(snapshot.seq > stored.run.head for snapshot in snapshots):
        return False
    for snapshot in snapshots:
        place, state = key(stored.rid, snapshot.seq), snapshot.state
        row = (place, snapshot.format, _crc(place, state), state)
        query(db, "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", *row)
    return True


def count_imports(db: Connection) -> int:
    """See :meth:`log.base.EventLog.imports`."""
    return int(scalar(db, "SELECT value FROM meta WHERE name = 'imports'") or 0)


def one_more_import(db: Connection) -> None:
    """Count a run that is brought in, within the caller's transaction."""
    query(db, "INSERT OR REPLACE INTO meta VALUES ('imports', ?)", count_imports(db) + 1)


def _crc(place: int, state: bytes) -> int:
    return crc32(state, place & 0xFFFFFFFF)
