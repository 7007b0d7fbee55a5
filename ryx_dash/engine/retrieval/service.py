"""Retrieval for the runs of a process: one refresh of the index for all who wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Event

import anyio
from anyio import to_thread

from ryx_dash.engine.retrieval.index import Index, IndexStats
from ryx_dash.engine.retrieval.query import Passage

PROGRESS_INTERVAL = 0.1
"""Seconds between two reports of progress, at least."""


class Retrieval:
    """Questions to the index out of the event loop, which indexing does not hold up."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="indexing")
        self._stop = Event()
        self._refresh: Future[IndexStats] | None = None
        self._progress = (0, 0)

    async def refresh(
        self, progress: Callable[[int, int], Awaitable[None]], budget: float
    ) -> IndexStats:
        """Bring the index up to date, or wait for those who are at it.

        ``progress(done, total)`` is told at most every :data:`PROGRESS_INTERVAL` while files are
        read, and at the end. After ``budget`` seconds it gives what is there so far with
        ``complete`` false; the work goes on and the next call joins it. So it does when the
        caller is cancelled. Raises :class:`errors.IndexUnavailable`.
        """
        deadline = time.monotonic() + budget
        work = self._join()
        ended = anyio.Event()
        work.add_done_callback(partial(_set, ended, asyncio.get_running_loop()))
        told = (0, 0)
        while True:
            left = deadline - time.monotonic()
            with anyio.move_on_after(max(0.0, min(PROGRESS_INTERVAL, left))):
                await ended.wait()
            if self._progress != told:
                told = self._progress
                await progress(*told)
            if work.done():
                return work.result()
            if left <= 0:
                return replace(await to_thread.run_sync(self._index.stats), complete=False)

    async def search(self, query: str, limit: int) -> list[Passage]:
        """As :meth:`Index.search`."""
        return await to_thread.run_sync(self._index.search, query, limit, abandon_on_cancel=True)

    async def aclose(self) -> None:
        """Stop indexing; what was indexed stays. No call may follow."""
        self._stop.set()
        await to_thread.run_sync(self._worker.shutdown)

    def _join(self) -> Future[IndexStats]:
        if self._refresh is None or self._refresh.done():
            self._progress = (0, 0)
            self._refresh = self._worker.submit(
                self._index.refresh, self._note_progress, self._stop.is_set
            )
        return self._refresh

    def _note_progress(self, done: int, total: int) -> None:
        self._progress = (done, total)


def _set(event: anyio.Event, loop: asyncio.AbstractEventLoop, _: Future[IndexStats]) -> None:
    with suppress(RuntimeError):  # who waited may be gone, and its loop closed
        loop.call_soon_threadsafe(event.set)
