"""The real server with planned work, as processes that a test may kill, stop and start."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from tests.faults.checker import LogFile
from tests.servers import Dashboard, dashboard, free_port

TARGET = "tests.faults.app:server"


class Server:
    """gunicorn with the application of ``tests.faults.app`` on a port that it keeps.

    Its log is ``folder/data/runs.db``.
    """

    def __init__(self, folder: Path, *, workers: int = 2, **env: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = LogFile(folder / "data" / "runs.db")
        self._workers = workers
        self._env = {"RYX_MAX_RUNS": "64", **env}
        self._stack = ExitStack()
        self._running: Dashboard

    def start(self) -> None:
        """Start it and wait until it serves."""
        self._stack = ExitStack()
        self._running = self._stack.enter_context(
            dashboard(
                self.folder, workers=self._workers, port=self.port, target=TARGET, **self._env
            )
        )

    def stop(self) -> None:
        """End it as a person would."""
        self._stack.close()

    def kill(self) -> None:
        """``kill -9`` for all its processes at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._running.process.pid, signal.SIGKILL)
        self.stop()

    def signal(self, number: int) -> None:
        """Send a signal to the process that minds the workers."""
        self._running.process.send_signal(number)

    def signal_all(self, number: int) -> None:
        """Send a signal to every process."""
        os.killpg(self._running.process.pid, number)

    @property
    def workers(self) -> list[int]:
        """The process ids of its workers."""
        with suppress(psutil.NoSuchProcess):
            return [child.pid for child in psutil.Process(self._running.process.pid).children()]
        return []

    @property
    def printed(self) -> str:
        """All that it has printed."""
        return self._running.printed

    @property
    def memory(self) -> int:
        """Bytes that its workers hold, shared ones counted for each."""
        return sum(psutil.Process(pid).memory_info().rss for pid in self.workers)


@contextmanager
def serving(folder: Path, *, workers: int = 2, **env: str) -> Iterator[Server]:
    """A started server for the length of a block."""
    server = Server(folder, workers=workers, **env)
    server.start()
    try:
        yield server
    finally:
        server.stop()
