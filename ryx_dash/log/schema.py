"""The file of a SQLite log: made when it is new, looked over when it is not."""

import secrets
import time
from pathlib import Path

import apsw

from ryx_dash.errors import LogError
from ryx_dash.log.boot import boot
from ryx_dash.log.driver import Connection, damaged, query, scalar, transaction
from ryx_dash.log.tables import (
    APPLICATION_ID,
    ASKED,
    COUNT,
    FLAT,
    LEVELS,
    LISTING,
    MEASURES,
    SINCE_1,
    SNAPSHOTS,
    TABLES,
)

VERSION = 9
"""Grows when the tables change in a way that an older program cannot read."""

PATIENCE_SECONDS = 600
"""How long a process waits while another one brings the log up to date."""

LOOK_SECONDS = 0.5
_STEPS = 10_000  # of SQLite's virtual machine, between two looks at the clock

SEQ_BITS = 32
"""An event's key is its run's number, then its ``seq``: one integer, in the order of both."""

BLOCK_BITS = 10
"""Events are tallied in blocks of 1,024 ``seq``; see :mod:`log.tallies`."""

SPAN_BITS = 16
"""The blocks are summed up in spans of 65,536 ``seq``."""


def key(rid: int, seq: int) -> int:
    """The key of an event of the run with number ``rid``."""
    return rid << SEQ_BITS | seq


def prepare(db: Connection, path: Path) -> None:
    """Make a new file a log, or check that a file is one that this program can use.

    The header is looked at, the list of tables, and as much of the rest as can be read in
    :data:`LOOK_SECONDS`, so that a start takes as long with ten million events as with one;
    damage farther in is noticed by the query that meets it. Raises :class:`errors.LogError`.
    """
    _check(db, path)
    _look_over(db, path)
    query(db, "PRAGMA journal_mode = WAL")
    if 0 < scalar(db, "PRAGMA user_version") < VERSION:  # one of several processes migrates it
        db.set_busy_timeout(PATIENCE_SECONDS * 1000)
    with transaction(db):
        if _is_new(db):  # still: of several processes that start, one makes the tables
            query(db, TABLES + LISTING + MEASURES + SNAPSHOTS + FLAT + LEVELS + COUNT + ASKED)
            query(
                db, "INSERT INTO meta VALUES ('identity', ?), ('trial', 0)", secrets.token_hex(16)
            )
        if scalar(db, "PRAGMA user_version") == 1:
            query(db, SINCE_1)
        _end_leases_of_before(db, boot())
    _check(db, path)


def _end_leases_of_before(db: Connection, started: str) -> None:
    """A lease that was given before the machine last started belongs to nobody."""
    if scalar(db, "SELECT value FROM meta WHERE name = 'boot'") != started:
        query(db, "UPDATE runs SET lease_until = 0 WHERE status = 'running'")
        query(db, "INSERT OR REPLACE INTO meta VALUES ('boot', ?)", started)


def _look_over(db: Connection, path: Path) -> None:
    """Look for damage in the structure of the file and in its indexes, for a while."""
    end = time.monotonic() + LOOK_SECONDS
    db.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        sound = query(db, "PRAGMA integrity_check(1)") == [("ok",)]
    except apsw.InterruptError:
        return
    finally:
        db.set_progress_handler(None)
    if not sound:
        raise damaged(path)


def identity(db: Connection) -> str:
    """The random text that was made with the log."""
    return str(scalar(db, "SELECT value FROM meta WHERE name = 'identity'"))


def _is_new(db: Connection) -> bool:
    return not scalar(db, "SELECT count(*) FROM sqlite_schema")


def _check(db: Connection, path: Path) -> None:
    if _is_new(db):
        if path.stat().st_size == 1:  # SQLite takes what is left of a torn file for an empty one
            raise damaged(path)
        return
    if scalar(db, "PRAGMA application_id") != APPLICATION_ID:
        raise damaged(path)
    version = scalar(db, "PRAGMA user_version")
    if version > VERSION:
        raise LogError(
            f"{path} was written by a newer Ryx Dash (log version {version}, this one knows "
            f"{VERSION}): install that one, or set RYX_DATA_DIR to another folder."
        )
