"""Gives waiting runs to this worker while it has room, and ends the runs of lost workers."""

import logging
import os
import secrets

import anyio
from anyio import to_thread

from ryx_dash.errors import LogError
from ryx_dash.live.feed import Feed
from ryx_dash.live.runner import Runner
from ryx_dash.log.base import EventLog, Run
from ryx_dash.protocol.events import Draft, EventKind

logger = logging.getLogger(__name__)

LEASE_SECONDS = 11.0
"""How long a run outlives its worker. With :data:`RENEW_SECONDS` it is found within 13 s, and a
worker that a loaded machine holds up for 9 s keeps its runs."""

RENEW_SECONDS = 2.0
"""Pause between two renewals, and between two looks for runs whose owner is gone."""

DRAIN_SECONDS = 5.0
"""How long runs may go on when the server is told to stop."""

STOP_SECONDS = 2.0
"""How long a stopped run may take to write its end."""

LOST = Draft(
    event=EventKind.WORKFLOW_ERROR,
    message="The worker that ran this was lost, so nobody knows how it would have ended. "
    "Run it again.",
    data={"code": "interrupted"},
)


class Dispatcher:
    """Claims runs from the log's waiting line. ``at_once`` holds over all workers of the log."""

    def __init__(self, log: EventLog, feed: Feed, runner: Runner, *, at_once: int) -> None:
        self._log = log
        self._feed = feed
        self._runner = runner
        self._at_once = at_once
        self.owner = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._patience: float | None = None
        self._ended = anyio.Event()

    async def run(self) -> None:
        """Dispatch until drained, or cancelled: the runs under way then end ``interrupted``."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep_leases)
                await self._take_runs()
                tasks.cancel_scope.cancel()
        finally:
            self._ended.set()

    async def drain(self, *, at_most: float) -> None:
        """Take no more runs; return when those under way have ended.

        They may go on for ``at_most`` seconds, then they are stopped and end ``interrupted``.
        """
        self._patience = at_most
        self._feed.wake()
        with anyio.move_on_after(at_most + STOP_SECONDS):
            await self._ended.wait()

    async def _take_runs(self) -> None:
        async with anyio.create_task_group() as runs:
            while self._patience is None:
                run = await self._claim()
                if run is not None:
                    self._feed.publish(run)
                    runs.start_soon(self._execute, run)
                elif self._patience is None:
                    await self._feed.any_change(at_most=1.0)
            runs.cancel_scope.deadline = anyio.current_time() + self._patience

    async def _execute(self, run: Run) -> None:
        """Execute a run; a fault in it must not end the other runs of this worker."""
        try:
            await self._runner.execute(run)
        except Exception:
            logger.exception("Run %s could not be written to its end.", run.run_id)

    async def _claim(self) -> Run | None:
        try:
            return await to_thread.run_sync(
                lambda: self._log.claim(
                    self.owner, at_once=self._at_once, lease_seconds=LEASE_SECONDS
                )
            )
        except LogError as error:
            logger.error("No run can be started: %s", error)
            return None

    async def _keep_leases(self) -> None:
        while True:
            try:
                await to_thread.run_sync(self._renew_and_find_lost)
            except LogError as error:
                logger.error("Leases cannot be renewed: %s", error)
            await anyio.sleep(RENEW_SECONDS)

    def _renew_and_find_lost(self) -> None:
        self._log.renew(self.owner, lease_seconds=LEASE_SECONDS)
        for run in self._log.expired():
            self._log.interrupt(run.run_id, LOST)
            logger.warning("Run %s was left by its worker and is interrupted.", run.run_id)
