"""Both logs, each fresh and with a clock that only the test moves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ryx_dash.log.base import EventLog
from ryx_dash.log.memory import MemoryLog
from ryx_dash.log.sqlite import SqliteLog
from tests.log.samples import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def log(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[EventLog]:
    if request.param == "memory":
        log: EventLog = MemoryLog(clock=clock)
    else:
        log = SqliteLog(tmp_path / "runs.db", clock=clock)
    yield log
    log.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"
