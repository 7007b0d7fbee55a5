"""Folds this worker's runs as they grow, so that whoever opens one finds snapshots of it."""

from collections.abc import Callable
from contextlib import suppress

import anyio
from anyio import to_thread

from ryx_dash.errors import LogError
from ryx_dash.log.base import Run


class Keeper:
    """Calls ``fold(run_id, upto)`` for every ``every`` events of the runs that it is told of.

    It never holds up those who write: it works in a thread, one run at a time, and if it is slower
    than the run, the next call leads farther.
    """

    def __init__(self, fold: Callable[[str, int], object], *, every: int) -> None:
        self._fold = fold
        self._every = every
        self._folded: dict[str, int] = {}
        self._due: dict[str, int] = {}
        self._wake = anyio.Event()

    def note(self, run: Run) -> None:
        """A run has grown, or ended."""
        upto = run.head - run.head % self._every
        if upto > self._folded.get(run.run_id, 0):
            self._due[run.run_id] = self._folded[run.run_id] = upto
            self._wake.set()
        if run.status.ended:
            self._folded.pop(run.run_id, None)

    async def run(self) -> None:
        """Fold what is due until cancelled."""
        while True:
            await self._wake.wait()
            self._wake = anyio.Event()
            while self._due:
                run_id, upto = self._due.popitem()
                with suppress(LogError):  # without a snapshot, opening the run takes longer
                    await to_thread.run_sync(self._fold, run_id, upto)
