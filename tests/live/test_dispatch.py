"""Who runs what: the waiting line, leases, lost workers."""

from functools import partial
from typing import Any

import anyio
import pytest

from ryx_dash.errors import LogFull
from ryx_dash.live import dispatch
from ryx_dash.live.dispatch import Dispatcher
from ryx_dash.live.feed import Feed
from ryx_dash.live.runner import Runner
from ryx_dash.log.base import EventLog, NewRun, Run
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.executor import Emit, Request
from ryx_dash.protocol.steps import RunStatus
from tests.fakes.executor import ScriptedExecutor, all_green


def worker(log: EventLog, executor: ScriptedExecutor, at_once: int = 4) -> tuple[Feed, Dispatcher]:
    feed = Feed(log)
    return feed, Dispatcher(log, feed, Runner(log, feed, executor), at_once=at_once)


async def ended(log: EventLog, run_id: str) -> Run:
    with anyio.fail_after(10):
        while True:
            run = log.run(run_id)
            assert run is not None
            if run.status.ended:
                return run
            await anyio.sleep(0.01)


async def test_waiting_runs_are_run_by_some_worker_each_once() -> None:
    log = MemoryLog()
    ids = [log.start(NewRun(input=str(n)))[0].run_id for n in range(10)]
    executors = ScriptedExecutor(), ScriptedExecutor()
    async with anyio.create_task_group() as tasks:
        for executor in executors:
            feed, dispatcher = worker(log, executor)
            tasks.start_soon(feed.run)
            tasks.start_soon(dispatcher.run)
        for run_id in ids:
            assert (await ended(log, run_id)).status is RunStatus.SUCCESS
        tasks.cancel_scope.cancel()
    asked = [request.run_id for executor in executors for request in executor.requests]
    assert sorted(asked) == sorted(ids)


async def test_no_more_run_at_once_than_may() -> None:
    log = MemoryLog()
    running = peak = 0

    async def count(request: Request, emit: Emit) -> None:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await anyio.sleep(0.01)
        running -= 1

    ids = [log.start(NewRun(input=str(n)))[0].run_id for n in range(6)]
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            feed, dispatcher = worker(log, ScriptedExecutor(count), at_once=2)
            tasks.start_soon(feed.run)
            tasks.start_soon(dispatcher.run)
        for run_id in ids:
            await ended(log, run_id)
        tasks.cancel_scope.cancel()
    assert peak == 2


async def test_the_runs_of_a_lost_worker_are_interrupted() -> None:
    log = MemoryLog()
    log.start(NewRun(input="orphan"))
    orphan = log.claim("a worker that died", at_once=1, lease_seconds=0)
    assert orphan is not None
    feed, dispatcher = worker(log, ScriptedExecutor())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run)
        tasks.start_soon(dispatcher.run)
        assert (await ended(log, orphan.run_id)).status is RunStatus.INTERRUPTED
        tasks.cancel_scope.cancel()
    assert log.read(orphan.run_id)[-1].data["code"] == "interrupted"


async def test_a_living_worker_keeps_its_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(dispatch, "RENEW_SECONDS", 0.05)
    log = MemoryLog()

    async def slow(request: Request, emit: Emit) -> None:
        await anyio.sleep(1)

    run, _ = log.start(NewRun(input="slow"))
    async with anyio.create_task_group() as tasks:
        for executor in (ScriptedExecutor(slow), ScriptedExecutor()):
            feed, dispatcher = worker(log, executor, at_once=1)
            tasks.start_soon(feed.run)
            tasks.start_soon(dispatcher.run)
            await anyio.sleep(0.02)
        assert (await ended(log, run.run_id)).status is RunStatus.FAILED  # no outcome was told
        tasks.cancel_scope.cancel()


class Broken(MemoryLog):
    """A log that refuses for a while."""

    refusing = True

    def claim(self, owner: str, **limits: Any) -> Run | None:
        self._maybe_refuse()
        return super().claim(owner, **limits)

    def renew(self, owner: str, **limits: Any) -> None:
        self._maybe_refuse()
        super().renew(owner, **limits)

    def _maybe_refuse(self) -> None:
        if self.refusing:
            raise LogFull("The disk is full.")


async def test_a_log_that_refuses_stops_nobody_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "RENEW_SECONDS", 0.05)
    log = Broken()
    run, _ = log.start(NewRun(input="patient"))
    feed, dispatcher = worker(log, ScriptedExecutor())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run)
        tasks.start_soon(dispatcher.run)
        await anyio.sleep(0.2)
        assert log.run(run.run_id) == run
        log.refusing = False
        assert (await ended(log, run.run_id)).status is RunStatus.SUCCESS
        tasks.cancel_scope.cancel()


async def test_a_drained_worker_lets_its_runs_end() -> None:
    log = MemoryLog()
    begun, may_end = anyio.Event(), anyio.Event()

    async def patient(request: Request, emit: Emit) -> None:
        begun.set()
        await may_end.wait()
        await all_green(request, emit)

    first, _ = log.start(NewRun(input="first"))
    feed, dispatcher = worker(log, ScriptedExecutor(patient))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run)
        tasks.start_soon(dispatcher.run)
        await begun.wait()
        tasks.start_soon(partial(dispatcher.drain, at_most=30))
        await anyio.wait_all_tasks_blocked()
        second, _ = log.start(NewRun(input="second"))
        may_end.set()
        assert (await ended(log, first.run_id)).status is RunStatus.SUCCESS
        with anyio.fail_after(5):
            await dispatcher.drain(at_most=30)
        tasks.cancel_scope.cancel()
    waiting = log.run(second.run_id)
    assert waiting is not None
    assert waiting.status is RunStatus.QUEUED  # for another worker, or the next start


async def test_a_run_that_outlasts_the_draining_is_interrupted() -> None:
    log = MemoryLog()
    begun = anyio.Event()

    async def endless(request: Request, emit: Emit) -> None:
        begun.set()
        await anyio.sleep_forever()

    run, _ = log.start(NewRun(input="endless"))
    feed, dispatcher = worker(log, ScriptedExecutor(endless))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run)
        tasks.start_soon(dispatcher.run)
        await begun.wait()
        with anyio.fail_after(5):
            await dispatcher.drain(at_most=0.05)
        assert (await ended(log, run.run_id)).status is RunStatus.INTERRUPTED
        tasks.cancel_scope.cancel()
