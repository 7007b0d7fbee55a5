"""The file under the index: opening, replacing and guarding it."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw

from ryx_dash.errors import IndexUnavailable

TOKENIZER = ("porter", "unicode61", "remove_diacritics", "2")
"""How FTS5 finds words: without case and accents, English endings cut off."""

_VERSION = 1
_SCHEMA = f"""
CREATE TABLE meta (root BLOB NOT NULL);
CREATE TABLE file (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, skipped INTEGER NOT NULL);
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY, file INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL);
CREATE INDEX chunk_file ON chunk (file);
CREATE VIRTUAL TABLE passage USING fts5 (path, text, tokenize = '{" ".join(TOKENIZER)}');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab ('passage', 'row');
PRAGMA user_version = {_VERSION};
"""
_BUSY_MILLISECONDS = 10_000
_LOCK_POLL = 0.02


class Absent(IndexUnavailable):
    """Nothing has been indexed yet."""


class Broken(IndexUnavailable):
    """The file is damaged, or of another workspace or version: to be replaced."""


@contextmanager
def transaction(db: apsw.Connection) -> Iterator[None]:
    """All or none of the body's writes.

    ``with db`` would do the same, but apsw holds the interpreter's lock during its commit, which
    stopped the event loop for up to 80 ms (measured); it lets it go for statements.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.in_transaction:  # some errors have ended it already
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


class Store:
    """One SQLite file for the index of the folder ``root``. Any thread and process may use it."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path = path
        self._root = os.fsencode(root)

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """A connection to search with. It waits for no writer.

        Raises :class:`Absent`, :class:`Broken`, or :class:`errors.IndexUnavailable` for any other
        fault of the file, also out of the ``with`` body.
        """
        if not self._path.exists():
            raise Absent(f"There is no search index {self._path} yet.")
        with self._connected(apsw.SQLITE_OPEN_READWRITE) as db:
            self._check(db)
            yield db

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """A connection to change the index with; makes it first. Only while :meth:`alone`.

        Raises as :meth:`reading` does, but never :class:`Absent`.
        """
        with self._connected(apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE) as db:
            # Without a full sync a power cut can lose the newest batches, which a cache may.
            db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
            if db.pragma("user_version") == 0:
                with transaction(db):
                    db.execute(_SCHEMA)
                    db.execute("INSERT INTO meta VALUES (?)", (self._root,))
            self._check(db)
            yield db

    def delete(self) -> None:
        """Remove the file, so that the next :meth:`open` begins anew. Only while alone."""
        try:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        except OSError as error:
            raise self._unavailable(self._path, error) from error

    @contextmanager
    def alone(self, stopped: Callable[[], bool]) -> Iterator[bool]:
        """Keep other refreshers out, of all processes, waiting for one that is at work.

        Gives false, without the right, when ``stopped()`` became true meanwhile. The lock is
        SQLite's own on an empty file beside the index: it ends with its process.
        """
        lock = Path(f"{self._path}-lock")
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            connection = apsw.Connection(str(lock))
        except (apsw.Error, OSError) as error:
            raise self._unavailable(lock, error) from error
        with closing(connection):
            yield self._take(connection, lock, stopped)

    def _take(self, connection: apsw.Connection, lock: Path, stopped: Callable[[], bool]) -> bool:
        while not stopped():
            try:
                connection.execute("BEGIN EXCLUSIVE")
            except apsw.BusyError:
                time.sleep(_LOCK_POLL)
            except apsw.Error as error:
                raise self._unavailable(lock, error) from error
            else:
                return True
        return False

    @contextmanager
    def _connected(self, flags: int) -> Iterator[apsw.Connection]:
        try:
            with closing(apsw.Connection(str(self._path), flags=flags)) as db:
                db.set_busy_timeout(_BUSY_MILLISECONDS)
                yield db
        except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError) as error:
            raise Broken(f"The search index {self._path} is damaged ({error}).") from error
        except apsw.Error as error:
            raise self._unavailable(self._path, error) from error

    def _check(self, db: apsw.Connection) -> None:
        version = db.pragma("user_version")
        if version == 0:
            raise Absent(f"There is no search index in {self._path} yet.")
        roots: Any = db.execute("SELECT root FROM meta").fetchall()
        if version != _VERSION or roots != [(self._root,)]:
            raise Broken(f"The search index {self._path} is of another workspace or version.")

    def _unavailable(self, path: Path, error: Exception) -> IndexUnavailable:
        return IndexUnavailable(f"The search index cannot use {path}: {error}.")
