"""The tables of a SQLite log: made when the file is new, looked over when it is not."""

import secrets
import time
from pathlib import Path

import apsw

from ryx_dash.errors import LogError
from ryx_dash.log.boot import boot
from ryx_dash.log.driver import Connection, damaged, query, scalar, transaction

APPLICATION_ID = 0x52797844
"""Stands in the file's header: ``RyxD``."""

VERSION = 5
"""Grows when the tables change in a way that an older program cannot read."""

PATIENCE_SECONDS = 600
"""How long a process waits while another one brings the log up to date."""

LOOK_SECONDS = 0.5
_STEPS = 10_000  # of SQLite's virtual machine, between two looks at the clock

SEQ_BITS = 32
"""An event's key is its run's number, then its ``seq``: one integer, in the order of both."""

BLOCK_BITS = 10
"""Events are tallied in blocks of 1,024 ``seq``; see :mod:`log.paging`."""


def key(rid: int, seq: int) -> int:
    """The key of an event of the run with number ``rid``."""
    return rid << SEQ_BITS | seq


_TABLES = f"""
PRAGMA application_id = {APPLICATION_ID};
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
    rid INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    head INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    lease_until REAL NOT NULL,
    cancel_requested INTEGER NOT NULL,
    owner TEXT,
    created TEXT NOT NULL,
    started TEXT,
    ended TEXT,
    model TEXT,
    input TEXT NOT NULL,
    crc INTEGER
) STRICT;
CREATE INDEX runs_by_status ON runs (status, rid);
CREATE TABLE commands (
    command_id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
    key INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    step TEXT NOT NULL,
    level TEXT NOT NULL,
    call_id TEXT,
    latency REAL,
    ts TEXT NOT NULL,
    node TEXT NOT NULL,
    message TEXT NOT NULL,
    data TEXT NOT NULL,
    crc INTEGER
) STRICT;
CREATE INDEX events_by_call ON events (call_id) WHERE call_id IS NOT NULL;
CREATE TABLE tallies (
    block INTEGER,
    step TEXT,
    level TEXT,
    token INTEGER,
    events INTEGER NOT NULL,
    PRIMARY KEY (block, step, level, token)
) STRICT, WITHOUT ROWID;
CREATE TABLE forgotten (
    rid INTEGER PRIMARY KEY
) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', columnsize = 0, tokenize = 'ascii'
);
"""
_SINCE_1 = """
PRAGMA user_version = 2;
ALTER TABLE runs ADD COLUMN crc INTEGER;
ALTER TABLE events ADD COLUMN crc INTEGER;
CREATE TABLE forgotten (rid INTEGER PRIMARY KEY) STRICT;
"""

LISTING = """
PRAGMA user_version = 3;
ALTER TABLE runs ADD COLUMN intent TEXT;
ALTER TABLE runs ADD COLUMN model_used TEXT;
ALTER TABLE runs ADD COLUMN step TEXT;
ALTER TABLE runs ADD COLUMN calls INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN tools TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN latency REAL;
ALTER TABLE runs ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_by_age ON runs (created, rid);
CREATE INDEX runs_by_status_and_age ON runs (status, created, rid);
CREATE INDEX own_runs ON runs (rid) WHERE NOT imported;
CREATE INDEX commands_by_run ON commands (run_id);
CREATE VIRTUAL TABLE run_words USING fts5 (
    text, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
"""
MEASURES = """
PRAGMA user_version = 4;
CREATE TABLE measures (
    key INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    call_id TEXT,
    begun TEXT NOT NULL,
    open INTEGER NOT NULL,
    first TEXT,
    ok INTEGER,
    latency REAL,
    model TEXT,
    waited REAL,
    speed REAL
) STRICT;
CREATE INDEX open_measures ON measures (kind, key) WHERE open;
CREATE INDEX measures_by_name ON measures (kind, name, key, ok, latency) WHERE ok IS NOT NULL;
CREATE INDEX answers ON measures (key, model, waited, speed) WHERE model IS NOT NULL;
"""
SNAPSHOTS = """
PRAGMA user_version = 5;
CREATE TABLE snapshots (
    key INTEGER PRIMARY KEY,
    format INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    state BLOB NOT NULL
) STRICT;
DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', columnsize = 0, tokenize = 'ascii'
);
"""
# What version 5 adds: what a run looked like at some of its events, which is made again when it is
# missing; and `words` is cut into stretches of a run, so that a search need not look at all of it.
#
# What version 4 adds: how long each step and call of a run took; see `log.measures`.
#
# What version 3 adds: all that a list of runs is filtered by. `tools` are names between newlines.
# `run_words` has the words of a run's input at `seq` 0, and those of each commit at its last
# event; it knows no order of words, so what it finds is looked at again in `words`.
#
# `words` holds no copy of the text, only which event has which words. They are cut and folded by
# `log.words`; the tokenizer `ascii` takes what it gets apart at spaces and changes nothing more.


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
            query(db, _TABLES)
            query(db, LISTING)
            query(db, MEASURES)
            query(db, SNAPSHOTS)
            query(
                db, "INSERT INTO meta VALUES ('identity', ?), ('trial', 0)", secrets.token_hex(16)
            )
        if scalar(db, "PRAGMA user_version") == 1:
            query(db, _SINCE_1)
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
        return
    if scalar(db, "PRAGMA application_id") != APPLICATION_ID:
        raise damaged(path)
    version = scalar(db, "PRAGMA user_version")
    if version > VERSION:
        raise LogError(
            f"{path} was written by a newer Ryx Dash (log version {version}, this one knows "
            f"{VERSION}): install that one, or set RYX_DATA_DIR to another folder."
        )
