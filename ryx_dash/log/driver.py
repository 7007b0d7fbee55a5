"""The way to SQLite: statements, transactions, and its errors put into one sentence each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from ryx_dash.errors import LogBusy, LogDamaged, LogError, LogFull

Connection = Any
"""An ``apsw.Connection``."""

BUSY_SECONDS = 10
"""How long to wait while another process writes. A commit takes milliseconds."""

JOURNAL_BYTES = 64 * 1024 * 1024
"""What the write-ahead log shrinks back to after a burst."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a ``WHERE`` clause, and its values."""

    sql: str = "TRUE"
    args: tuple[Any, ...] = ()

    def __and__(self, other: "Condition") -> "Condition":
        return Condition(f"{self.sql} AND {other.sql}", self.args + other.args)


def connect(path: Path, *, create: bool = False) -> Connection:
    """A connection whose commits are on the disk when they return."""
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    db = apsw.Connection(str(path), flags=flags)
    if db.readonly("main"):  # SQLite falls back to reading when it may not write
        raise apsw.ReadOnlyError("it is read-only")
    db.set_busy_timeout(BUSY_SECONDS * 1000)
    db.create_scalar_function("casefold", _casefold, 1, deterministic=True)
    query(db, f"PRAGMA synchronous = FULL; PRAGMA journal_size_limit = {JOURNAL_BYTES}")
    return db


def query(db: Connection, sql: str, *args: Any) -> list[tuple[Any, ...]]:
    """Run statements to their end (apsw goes on only while rows are taken); all rows."""
    rows: list[tuple[Any, ...]] = db.execute(sql, args).fetchall()
    return rows


def select(
    db: Connection, what: str, source: str, where: Condition, then: str = ""
) -> list[tuple[Any, ...]]:
    """All rows of a ``SELECT``. Only values come from outside, and they are bound."""
    return query(db, f"SELECT {what} FROM {source} WHERE {where.sql} {then}", *where.args)  # noqa: S608


def scalar(db: Connection, sql: str, *args: Any) -> Any:
    """The first column of the only row, or ``None`` without one."""
    rows = query(db, sql, *args)
    return rows[0][0] if rows else None


@contextmanager
def transaction(db: Connection) -> Iterator[None]:
    """A transaction that may write: committed at the end of the block, undone if it raises."""
    query(db, "BEGIN IMMEDIATE")
    try:
        yield
        query(db, "COMMIT")
    except BaseException:
        if db.in_transaction:  # after a full disk SQLite has undone it by itself
            query(db, "ROLLBACK")
        raise


@contextmanager
def snapshot(db: Connection) -> Iterator[None]:
    """Several queries that all see the file as it is at the first of them."""
    query(db, "BEGIN")
    try:
        yield
    finally:
        query(db, "ROLLBACK")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn every error of the driver into :class:`errors.LogError` or one of its kinds."""
    try:
        yield
    except (apsw.FullError, apsw.IOError) as error:
        raise LogFull(
            f"The disk under the event log {path} is full or fails ({error}): "
            "make room, or check the disk."
        ) from error
    except (apsw.NotADBError, apsw.CorruptError, apsw.FormatError, UnicodeDecodeError) as error:
        # SQLite hands on bytes that are no text any more as they are.
        raise damaged(path) from error
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError) as error:
        raise unwritable(path, str(error)) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise LogBusy(
            f"The event log {path} was held by another process for over {BUSY_SECONDS} seconds: "
            "end what holds it, or try again."
        ) from error
    except apsw.Error as error:
        raise LogError(f"The event log {path} failed: {error}.") from error


def damaged(path: Path) -> LogDamaged:
    """What to raise when a file is no log, or one no more."""
    return LogDamaged(
        f"{path} is not a Ryx Dash log, or is damaged: `ryx-dash set-aside` moves it away and "
        "keeps the runs that can be read, or set RYX_DATA_DIR to another folder."
    )


def unwritable(path: Path, reason: str) -> LogError:
    """What to raise when a log's file or folder cannot be opened for writing."""
    return LogError(
        f"The event log {path} cannot be written ({reason}): allow writing there or set "
        "RYX_DATA_DIR to another folder."
    )


def _casefold(*values: Any) -> str:
    return str(values[0]).casefold()  # SQLite's own `lower` knows ASCII alone
