"""The index: an FTS5 table of the workspace's chunks, kept true to the files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import apsw

from ryx_dash.engine.retrieval import query
from ryx_dash.engine.retrieval.chunks import chunks
from ryx_dash.engine.retrieval.query import Passage
from ryx_dash.engine.retrieval.store import Absent, Broken, Store, transaction
from ryx_dash.engine.workspace import File, Workspace
from ryx_dash.errors import WorkspaceError

MAX_BYTES = 1 << 20
"""Larger files are not indexed."""
BATCH = 200
"""Files in one transaction: what a crash can lose."""

_STATS = """
SELECT (SELECT count(*) FROM file WHERE NOT skipped), (SELECT count(*) FROM chunk),
       (SELECT count(*) FROM file WHERE skipped)
"""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IndexStats:
    """What is indexed, and what the last refresh did. Counts of files, but ``chunks``.

    ``skipped``: too large or binary. ``complete``: the whole workspace was looked at.
    """

    files: int
    chunks: int
    changed: int = 0
    removed: int = 0
    skipped: int = 0
    complete: bool = True


class Index:
    """The index of one workspace in one SQLite file, a cache that may be deleted at any time.

    A file that is damaged, of another version or of another workspace is replaced. All methods
    block and may be called from any thread and any process at once; they raise
    :class:`errors.IndexUnavailable` when the file cannot be read or written.
    """

    def __init__(self, workspace: Workspace, path: Path) -> None:
        self._workspace = workspace
        self._store = Store(path, workspace.root)
        self._broken = False

    def refresh(
        self,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> IndexStats:
        """Bring the index up to date with the files whose size or time has changed.

        One refresh at a time: another, in this process or not, is waited for.
        ``on_progress(done, total)`` counts the files that have to be read. Once ``stopped()`` is
        true it ends soon, keeps what it did and says so in :attr:`IndexStats.complete`.
        """
        with self._store.alone(stopped) as alone:
            if not alone:
                return replace(self.stats(), complete=False)
            if self._broken:
                self._renew()
            try:
                return self._refresh(on_progress, stopped)
            except Broken:
                self._renew()
                return self._refresh(on_progress, stopped)

    def stats(self) -> IndexStats:
        """What is indexed now."""
        try:
            with self._store.reading() as db:
                return _stats(db)
        except (Absent, Broken):
            return IndexStats(0, 0)

    def search(self, question: str, limit: int = 8) -> list[Passage]:
        """The passages that speak of the question's words, best first. Takes any text."""
        try:
            with self._store.reading() as db:
                return query.search(db, question, limit)
        except Absent:
            return []
        except Broken:
            self._broken = True  # only a refresher may replace it: the next one does
            return []

    def _renew(self) -> None:
        self._store.delete()
        self._broken = False

    def _refresh(
        self, on_progress: Callable[[int, int], None], stopped: Callable[[], bool]
    ) -> IndexStats:
        with self._store.writing() as db:
            known = {
                path: (size, mtime_ns)
                for path, size, mtime_ns in db.execute("SELECT path, size, mtime_ns FROM file")
            }
            changed = [
                file
                for file in self._workspace.files(stopped)
                if known.pop(file.path, None) != (file.size, file.mtime_ns)
            ]
            if stopped():  # what was not listed is not gone
                return replace(_stats(db), complete=False)
            gone = list(known)
            self._forget(db, gone)
            done = self._take_in(db, changed, on_progress, stopped)
            return replace(
                _stats(db), changed=done, removed=len(gone), complete=done == len(changed)
            )

    def _forget(self, db: apsw.Connection, paths: Sequence[str]) -> None:
        for batch in _batches(paths):
            with transaction(db):
                for path in batch:
                    _remove(db, path)

    def _take_in(
        self,
        db: apsw.Connection,
        files: Sequence[File],
        on_progress: Callable[[int, int], None],
        stopped: Callable[[], bool],
    ) -> int:
        done = 0
        for batch in _batches(files):
            with transaction(db):
                for file in batch:
                    if stopped():
                        return done
                    self._put(db, file)
                    done += 1
                    on_progress(done, len(files))
        return done

    def _put(self, db: apsw.Connection, file: File) -> None:
        _remove(db, file.path)
        try:
            text = self._workspace.read_text(file.path, max_bytes=MAX_BYTES).text
        except WorkspaceError as error:
            # What cannot be read now may be readable later without another size or time.
            if error.code in ("binary", "too_large"):
                _add(db, file, skipped=True)
            return
        number = _add(db, file, skipped=False)
        for chunk in chunks(file.path, text):
            db.execute(
                "INSERT INTO chunk (file, start, stop) VALUES (?, ?, ?)",
                (number, chunk.start, chunk.end),
            )
            db.execute(
                "INSERT INTO passage (rowid, path, text) VALUES (?, ?, ?)",
                (db.last_insert_rowid(), file.path, chunk.text),
            )


def _remove(db: apsw.Connection, path: str) -> None:
    """Forget a file and all its chunks, if it is known."""
    of_file = "SELECT id FROM chunk WHERE file = (SELECT id FROM file WHERE path = ?)"
    for (number,) in db.execute(of_file, (path,)).fetchall():
        db.execute("DELETE FROM passage WHERE rowid = ?", (number,))
        db.execute("DELETE FROM chunk WHERE id = ?", (number,))
    db.execute("DELETE FROM file WHERE path = ?", (path,))


def _add(db: apsw.Connection, file: File, *, skipped: bool) -> int:
    db.execute(
        "INSERT INTO file (path, size, mtime_ns, skipped) VALUES (?, ?, ?, ?)",
        (file.path, file.size, file.mtime_ns, skipped),
    )
    return int(db.last_insert_rowid())


def _stats(db: apsw.Connection) -> IndexStats:
    rows: Any = db.execute(_STATS).fetchall()
    [(files, chunks, skipped)] = rows
    return IndexStats(files, chunks, skipped=skipped)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + BATCH] for at in range(0, len(items), BATCH))
