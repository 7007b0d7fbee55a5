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


class Broken(IndexUnavailable):
    """The file is damaged, or of another workspace or version: to be replaced."""


class Store:
    """One SQLite file for the index of the folder ``root``. Any thread and process may use it."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path = path
        self._root = os.fsencode(root)

    @contextmanager
    def open(self) -> Iterator[apsw.Connection]:
        """A connection of its own, the schema in place.

        Raises :class:`Broken`, or :class:`errors.IndexUnavailable` for any other fault of the
        file, also out of the ``with`` body.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(apsw.Connection(str(self._path))) as db:
                db.set_busy_timeout(_BUSY_MILLISECONDS)
                db.transaction_mode = "IMMEDIATE"
                # Without a full sync a power cut can lose the newest batches, which a cache may.
                db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
                self._prepare(db)
                yield db
        except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError) as error:
            raise Broken(f"The search index {self._path} is damaged ({error}).") from error
        except (apsw.Error, OSError) as error:
            raise self._unavailable(self._path, error) from error

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

    def _prepare(self, db: apsw.Connection) -> None:
        if db.pragma("user_version") == 0:
            with db:
                if db.pragma("user_version") == 0:
                    db.execute(_SCHEMA)
                    db.execute("INSERT INTO meta VALUES (?)", (self._root,))
        roots: Any = db.execute("SELECT root FROM meta").fetchall()
        if db.pragma("user_version") != _VERSION or roots != [(self._root,)]:
            raise Broken(f"The search index {self._path} is of another workspace or version.")

    def _unavailable(self, path: Path, error: Exception) -> IndexUnavailable:
        return IndexUnavailable(f"The search index cannot use {path}: {error}.")
