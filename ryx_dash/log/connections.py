"""Connections to one log file, for any number of threads beside any number of processes."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ryx_dash.errors import LogDamaged, LogError
from ryx_dash.log.driver import Connection, connect, query, scalar, transaction, translated
from ryx_dash.log.migration import migrate
from ryx_dash.log.schema import prepare


class Connections:
    """One connection that writes, one that writes what may get lost, others that read, one that
    watches.

    A connection serves one thread at a time, so readers are handed out and taken back; there
    are as many as were ever needed at once. Every error of the database leaves here as
    :class:`errors.LogError`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._write_lock = threading.Lock()
        self._watch_lock = threading.Lock()
        self._pool_lock = threading.Lock()
        self._idle: list[Connection] = []
        self._closed = False
        self.damage: str | None = None
        """What was found to be damaged since the file was opened, in one sentence."""
        with translated(path):
            self._writer = connect(path, create=True)
            prepare(self._writer, path)
            migrate(self._writer)
            self._watcher = connect(path)
            self._aside = connect(path)
            query(self._aside, "PRAGMA synchronous = NORMAL")
            self._aside.set_busy_timeout(0)
        self._file = path.stat()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for queries."""
        with self._noted(), translated(self._path):
            db = self._borrow()
            try:
                yield db
            finally:
                self._give_back(db)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The writing connection in a transaction: durable after the block, undone if it raises.

        Raises :class:`errors.LogError` when nobody would find what was written.
        """
        with self._noted(), translated(self._path), self._write_lock:
            self._check_open()
            self._check_in_place()
            with transaction(self._writer):
                yield self._writer

    @contextmanager
    def write_aside(self) -> Iterator[Connection | None]:
        """The same for what may get lost: nothing is synced, and nobody is waited for.

        ``None`` while somebody else writes. What is committed later is synced after it, so it
        never outlives what it was made of.
        """
        if not self._write_lock.acquire(blocking=False):
            yield None
            return
        try:
            with translated(self._path):
                self._check_open()
                self._check_in_place()
                with transaction(self._aside):
                    yield self._aside
        finally:
            self._write_lock.release()

    def version(self) -> int:
        """SQLite's change counter, read from memory that all processes share (microseconds).

        It tells a connection of the commits of others, so this one commits nothing itself.
        """
        with translated(self._path), self._watch_lock:
            self._check_open()
            return int(scalar(self._watcher, "PRAGMA data_version"))

    def size(self) -> int:
        """Bytes of the file and of those beside it in which what is new stands at first."""
        files = (Path(f"{self._path}{end}") for end in ("", "-wal", "-shm"))
        with suppress(OSError):
            return sum(file.stat().st_size for file in files if file.exists())
        return 0  # a file went while it was looked at

    @contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except LogDamaged as error:
            self.damage = error.message
            raise

    def _check_in_place(self) -> None:
        """A file that was moved, removed or replaced can be written, and is lost all the same."""
        try:
            if os.path.samestat(self._path.stat(), self._file):
                return
        except OSError:
            pass
        raise LogError(
            f"The event log {self._path} was moved, removed or replaced while it was in use: "
            "start Ryx Dash again."
        )

    def close(self) -> None:
        """Close all; a reader in use closes when it is given back."""
        with translated(self._path), self._write_lock, self._watch_lock, self._pool_lock:
            self._closed = True
            for db in (self._watcher, self._aside, *self._idle, self._writer):
                db.close()
            self._idle.clear()

    def _borrow(self) -> Connection:
        with self._pool_lock:
            self._check_open()
            if self._idle:
                return self._idle.pop()
        db = connect(self._path)
        query(db, "PRAGMA query_only = ON")
        return db

    def _give_back(self, db: Connection) -> None:
        with self._pool_lock:
            if self._closed:
                db.close()
            else:
                self._idle.append(db)

    def _check_open(self) -> None:
        if self._closed:
            raise LogError("The event log is closed.")
