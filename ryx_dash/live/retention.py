"""Keeps the log as long as the settings say."""

import logging
from datetime import UTC, datetime, timedelta

import anyio
from anyio import to_thread

from ryx_dash.errors import LogError
from ryx_dash.log.base import EventLog, Keep
from ryx_dash.protocol.events import utc

logger = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
"""Pause between two looks for runs that are not kept."""

REST_SECONDS = 0.02
"""Pause between two short removals, for those who want to write."""

SPARED = timedelta(hours=2)
"""How long a run that has ended stays in any case: a page asks for a run again, after a lost
answer, for an hour, and must be told of the one that there was."""


class Retention:
    """Forgets runs that ended over ``days`` ago, and all but the newest ``runs``."""

    def __init__(self, log: EventLog, *, days: int | None, runs: int | None) -> None:
        self._log = log
        self._days = days
        self._runs = runs

    async def run(self) -> None:
        """Look for what is not kept until cancelled; returns at once if all is."""
        while self._days is not None or self._runs is not None:
            try:
                await self.tidy()
            except LogError as error:
                logger.error("Old runs cannot be forgotten: %s", error)
            await anyio.sleep(LOOK_SECONDS)

    async def tidy(self) -> None:
        """Forget all that is not kept now. Raises :class:`errors.LogError`."""
        keep = self._keep(datetime.now(UTC))
        while await to_thread.run_sync(self._log.forget, keep):  # noqa: ASYNC110
            await anyio.sleep(REST_SECONDS)

    def _keep(self, now: datetime) -> Keep:
        since = None if self._days is None else utc(now - timedelta(days=self._days))
        return Keep(runs=self._runs, since=since, ended_before=utc(now - SPARED))
