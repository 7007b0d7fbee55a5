"""Waiting for the log to grow, without a busy loop and without one query a viewer.

A change by this process arrives through :meth:`Feed.publish`; one by another process is found by
looking at ``log.version()``, a number that SQLite keeps in shared memory, every few milliseconds.
However many wait for a run, it is read once a change.
"""

import logging
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio
from anyio import to_thread

from ryx_dash.errors import LogError
from ryx_dash.log.base import EventLog, Run
from ryx_dash.protocol.steps import RunStatus

logger = logging.getLogger(__name__)

LATEST = object()
"""The key of those who watch whichever run is the newest."""

ALL = "*"
"""The key of those who watch all runs: their "run" is the log, its head grows with any change."""

POLL_SECONDS = 0.02
"""How late, at most, a change by another process is noticed."""

IDLE_POLL_SECONDS = 0.05
"""The same when nothing has changed for a while: half of the wake-ups at rest."""

IDLE_AFTER_SECONDS = 5.0

TROUBLE_SECONDS = 1.0
"""Pause after the log could not be read."""


@dataclass(eq=False)
class Watch:
    """One waiter's view of a run: ``run`` is its newest known state."""

    key: Hashable
    run: Run | None = None
    _changed: anyio.Event = field(default_factory=anyio.Event)

    async def changed(self) -> None:
        """Return at once if the run has changed since the last call returned, else wait."""
        await self._changed.wait()
        self._changed = anyio.Event()

    def tell(self, run: Run | None) -> None:
        """Note the run's new state and wake the waiter if it differs."""
        if run != self.run:
            self.run = run
            self._changed.set()


class Feed:
    """Tells watchers what changed in the log. One for each process."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._watches: dict[Hashable, set[Watch]] = {}
        self._pulse = anyio.Event()
        self._nudge = anyio.Event()

    async def run(self) -> None:
        """Look for changes until cancelled. A log that cannot be read is tried again."""
        while True:
            try:
                await self._look_for_changes()
            except LogError as error:
                logger.error("The event log cannot be read: %s", error)
                await anyio.sleep(TROUBLE_SECONDS)

    async def _look_for_changes(self) -> None:
        version = -1
        quiet = 0.0
        while True:
            current = self._log.version()
            if current != version:
                version, quiet = current, 0.0
                await self._look()
            pause = POLL_SECONDS if quiet < IDLE_AFTER_SECONDS else IDLE_POLL_SECONDS
            quiet += pause
            with anyio.move_on_after(pause):
                await self._nudge.wait()
                self._nudge = anyio.Event()
                quiet = 0.0

    def publish(self, run: Run | None = None) -> None:
        """Say that this process has changed the log; ``run`` is told on without a query."""
        if run is not None:
            for watch in self._watches.get(run.run_id, ()):
                watch.tell(run)
            for watch in self._watches.get(LATEST, ()):
                if watch.run is not None and watch.run.run_id == run.run_id:
                    watch.tell(run)
        self._nudge.set()

    @contextmanager
    def watch(self, key: Hashable) -> Iterator[Watch]:
        """Watch a run by its id, or ``LATEST``, for the length of a ``with`` block.

        Raises :class:`errors.LogError` when it cannot be read.
        """
        watch = Watch(key)
        self._watches.setdefault(key, set()).add(watch)
        try:
            watch.tell(self._read(key))
            yield watch
        finally:
            self._watches[key].discard(watch)
            if not self._watches[key]:
                del self._watches[key]

    def watchers(self, key: Hashable) -> int:
        """How many watch a run, in this process."""
        return len(self._watches.get(key, ()))

    async def any_change(self, *, at_most: float) -> None:
        """Wait for any change of the log, or ``at_most`` seconds."""
        pulse = self._pulse
        with anyio.move_on_after(at_most):
            await pulse.wait()

    def wake(self) -> None:
        """Let those who wait for any change look around."""
        self._pulse.set()
        self._pulse = anyio.Event()

    async def _look(self) -> None:
        self.wake()
        keys = [key for key, watches in self._watches.items() if not _settled(key, watches)]
        if not keys:
            return
        runs = await to_thread.run_sync(lambda: [self._read(key) for key in keys])
        for key, run in zip(keys, runs, strict=True):
            for watch in self._watches.get(key, ()):
                watch.tell(run)

    def _read(self, key: Hashable) -> Run | None:
        if key == ALL:
            version = self._log.version()
            return Run(run_id=ALL, input="", status=RunStatus.RUNNING, head=version)
        return self._log.latest() if key is LATEST else self._log.run(str(key))


def _settled(key: Hashable, watches: Iterable[Watch]) -> bool:
    """Whether all know the end of their run, after which there is nothing to look for."""
    return key is not LATEST and all(
        watch.run is not None and watch.run.status.ended for watch in watches
    )
