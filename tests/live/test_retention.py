"""What the settings mean for the log."""

from datetime import UTC, datetime, timedelta

import anyio
import pytest

from ryx_dash.errors import LogError
from ryx_dash.live import retention as module
from ryx_dash.live.retention import SPARED, Retention
from ryx_dash.log.base import Keep, NewRun
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import utc


class Asked(MemoryLog):
    """Keeps what it was asked; says so many times that there is more; then fails once."""

    def __init__(self, more: int = 0, *, fails: bool = False) -> None:
        super().__init__()
        self.asked: list[Keep] = []
        self._more = more
        self._fails = fails

    def forget(self, keep: Keep) -> bool:
        self.asked.append(keep)
        if self._fails:
            self._fails = False
            raise LogError("The disk is full.")
        self._more -= 1
        return self._more >= 0


async def test_without_a_setting_nothing_is_done() -> None:
    log = Asked()
    with anyio.fail_after(5):
        await Retention(log, days=None, runs=None).run()
    assert log.asked == []


async def test_the_settings_reach_the_log() -> None:
    log = Asked(more=2)
    before = datetime.now(UTC)
    await Retention(log, days=30, runs=100).tidy()
    after = datetime.now(UTC)
    assert len(log.asked) == 3
    keep = log.asked[0]
    assert keep.runs == 100
    assert keep.since is not None
    days = timedelta(days=30)
    assert utc(before - days) <= keep.since <= utc(after - days)
    assert utc(before - SPARED) <= keep.ended_before <= utc(after - SPARED)


async def test_only_a_number_or_only_an_age() -> None:
    log = Asked()
    await Retention(log, days=None, runs=7).tidy()
    await Retention(log, days=1, runs=None).tidy()
    assert [(keep.runs, keep.since is None) for keep in log.asked] == [(7, True), (None, False)]


async def test_a_log_that_cannot_be_written_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    log = Asked(fails=True)
    with anyio.move_on_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Retention(log, days=None, runs=1).run)
            while len(log.asked) < 3:
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
    assert len(log.asked) >= 3


async def test_what_has_just_ended_is_there_for_a_page_that_asks_again() -> None:
    log = MemoryLog()
    runs = [log.start(NewRun(input=str(n), command_id=str(n)))[0].run_id for n in range(3)]
    for run in runs:
        log.cancel(run)
    await Retention(log, days=1, runs=1).tidy()
    assert log.start(NewRun(input="0", command_id="0"))[0].run_id == runs[0]
