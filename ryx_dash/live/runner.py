"""One run, from its first event to its last: an executor emits, the log commits, viewers wake."""

import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import anyio
from anyio import to_thread

from ryx_dash.errors import LeaseLost, LogBusy, LogError, RyxError
from ryx_dash.live.counters import Counters
from ryx_dash.live.feed import Feed
from ryx_dash.log import rules
from ryx_dash.log.base import EventLog, Run
from ryx_dash.protocol.clean import clean_draft
from ryx_dash.protocol.events import Draft, Event, EventKind, now, outcome
from ryx_dash.protocol.executor import Executor, Request

logger = logging.getLogger(__name__)

BATCH = 500
"""Events in one commit, at most. Larger ones gain little and are seen later."""

BUFFER = 2_000
"""Events waiting for their commit, at most; then the executor waits."""

BUSY_TRIES = 6
"""How often a batch is tried while another process holds the log, ten seconds each: longer than
gunicorn lets a worker live that stands still in the midst of a commit."""

RETRY_SECONDS = 0.5
"""Pause before the end of a run is tried again on a log that cannot be written."""


Note = Callable[[Run], object]


def _ignore(_: Run) -> None:
    pass


class Writer:
    """The one writer of a run: gives events their places and commits them in batches.

    ``emit`` takes drafts until one ends the run; later ones are dropped, since nothing can
    follow the end.
    """

    def __init__(self, log: EventLog, feed: Feed, run: Run, counters: Counters, note: Note) -> None:
        self._log = log
        self._counters = counters
        self._feed = feed
        self._note = note
        self._lease = run.lease
        self._seq = run.head
        self._waiting: deque[Event] = deque()
        self._closed = False
        self._order = anyio.Lock()
        self._changed = anyio.Event()

    async def emit(self, *drafts: Draft) -> None:
        """Take the run's next events. Waits while :data:`BUFFER` events are uncommitted."""
        async with self._order:
            moment = now()
            for draft in drafts:
                while len(self._waiting) >= BUFFER and not self._closed:
                    await self._changed.wait()
                    moment = now()
                if self._closed:
                    return
                self._put(clean_draft(draft), moment)

    async def commit(self) -> None:
        """Commit what was emitted until the run has ended. Raises :class:`errors.LogError`.

        Shielded: a run that is stopped still commits its last event.
        """
        with anyio.CancelScope(shield=True):
            try:
                while batch := await self._batch():
                    begun = time.perf_counter()
                    run = await self._append(batch)
                    self._counters.appended(len(batch), time.perf_counter() - begun)
                    self._feed.publish(run)
                    self._note(run)
            finally:
                self._closed = True  # if the log failed, nobody shall wait for room
                self._tell()

    async def _append(self, batch: list[Event]) -> Run:
        """Commit a batch. While the log is busy nobody can take the run away, so it may wait."""
        for _ in range(BUSY_TRIES - 1):
            with suppress(LogBusy):
                return await to_thread.run_sync(self._log.append, self._lease, batch)
        return await to_thread.run_sync(self._log.append, self._lease, batch)

    def _put(self, draft: Draft, moment: str) -> None:
        self._seq += 1
        self._waiting.append(draft.at(self._lease.run_id, self._seq, moment))
        self._closed = outcome(draft) is not None
        if self._closed or len(self._waiting) == 1:
            self._tell()

    async def _batch(self) -> list[Event]:
        """The next events, as soon as there are some; none after the end."""
        while not self._waiting and not self._closed:
            await self._changed.wait()
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        self._tell()
        return batch

    def _tell(self) -> None:
        """Wake whoever waits: for events, or for room."""
        self._changed.set()
        self._changed = anyio.Event()


class Runner:
    """Executes claimed runs; :meth:`execute` returns when the run's end is committed.

    ``note`` is told of a run after each commit, and must return at once.
    """

    def __init__(
        self,
        log: EventLog,
        feed: Feed,
        executor: Executor,
        *,
        counters: Counters | None = None,
        note: Note = _ignore,
    ) -> None:
        self._note = note
        self._log = log
        self._counters = counters or Counters()
        self._feed = feed
        self._executor = executor

    async def execute(self, run: Run) -> None:
        """Run one workflow. Cancelled from outside (the worker stops), it ends ``interrupted``."""
        writer = Writer(self._log, self._feed, run, self._counters, self._note)
        begun = time.monotonic()
        elapsed = partial(_milliseconds_since, begun)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(writer.commit)
                await writer.emit(rules.started(run))
                await self._work(run, writer, elapsed)
        except* LeaseLost:
            logger.warning("Run %s: another worker has taken over.", run.run_id)
        except* LogError as group:
            await self._end_after_log_error(run, str(group.exceptions[0]), elapsed)

    async def _work(self, run: Run, writer: Writer, elapsed: Callable[[], float]) -> None:
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._await_cancel, run, writer, elapsed, tasks.cancel_scope)
                await self._run_executor(run, writer, elapsed)
                tasks.cancel_scope.cancel()
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await writer.emit(_stopped(elapsed()))
            raise

    async def _run_executor(self, run: Run, writer: Writer, elapsed: Callable[[], float]) -> None:
        request = Request(run_id=run.run_id, input=run.input, model=run.model)
        try:
            await self._executor.execute(request, writer.emit)
        except Exception as error:
            logger.exception("Run %s failed by a fault of the program.", run.run_id)
            await writer.emit(_failed(_sentence(error), elapsed()))
        else:
            await writer.emit(_failed("The run stopped without an outcome.", elapsed()))

    async def _await_cancel(
        self,
        run: Run,
        writer: Writer,
        elapsed: Callable[[], float],
        work: anyio.CancelScope,
    ) -> None:
        """End the run as soon as somebody asks for it, however long its work takes to stop."""
        with self._feed.watch(run.run_id) as watch:
            while watch.run is None or not watch.run.cancel_requested:
                await watch.changed()
            await writer.emit(_cancelled(elapsed()))
            work.cancel()

    async def _end_after_log_error(
        self, run: Run, reason: str, elapsed: Callable[[], float]
    ) -> None:
        """The log refused a batch: say so in the run as soon as it can be written again.

        While that lasts the lease runs out, and whoever finds the run may end it instead.
        """
        logger.error("Run %s: %s", run.run_id, reason)
        await _until_written(partial(self._append_failure, run, reason, elapsed))

    async def _append_failure(self, run: Run, reason: str, elapsed: Callable[[], float]) -> None:
        head = await to_thread.run_sync(self._log.head, run.run_id)
        draft = _failed(f"The event log could not be written: {reason}", elapsed())
        event = draft.at(run.run_id, head + 1, now())
        after = await to_thread.run_sync(self._log.append, run.lease, [event])
        self._feed.publish(after)


async def _until_written(attempt: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await attempt()
        except LeaseLost:
            return
        except LogError:
            await anyio.sleep(RETRY_SECONDS)
        else:
            return


def _milliseconds_since(begun: float) -> float:
    return round((time.monotonic() - begun) * 1000, 3)


def _sentence(error: Exception) -> str:
    if isinstance(error, RyxError):
        return error.message
    return f"The run failed by a fault of the program ({type(error).__name__}); see its output."


def _cancelled(latency: float) -> Draft:
    return Draft(
        event=EventKind.WORKFLOW_CANCELLED, message="The run was cancelled.", latency=latency
    )


def _failed(message: str, latency: float) -> Draft:
    return Draft(
        event=EventKind.WORKFLOW_ERROR,
        message=message,
        latency=latency,
        data={"code": "internal"},
    )


def _stopped(latency: float) -> Draft:
    return Draft(
        event=EventKind.WORKFLOW_ERROR,
        message="The server was stopped while this run was going on. Run it again.",
        latency=latency,
        data={"code": "interrupted"},
    )
