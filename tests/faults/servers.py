"""The real server with planned work, as processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.faults.checker import LogFile
from tests.servers import Dashboard, dashboard


@contextmanager
def planned(
    folder: Path, *, workers: int = 1, port: int | None = None, **env: str
) -> Iterator[Dashboard]:
    """gunicorn with the application of ``tests.faults.app``; its log is ``folder/data/runs.db``."""
    settings = {"RYX_MAX_RUNS": "64", **env}
    with dashboard(
        folder, workers=workers, port=port, target="tests.faults.app:server", **settings
    ) as running:
        yield running


def log_of(running: Dashboard) -> LogFile:
    """The file of its log."""
    return LogFile(running.output.parent / "data" / "runs.db")


def workers_of(running: Dashboard) -> list[int]:
    """The process ids of its workers."""
    return [child.pid for child in psutil.Process(running.process.pid).children()]
