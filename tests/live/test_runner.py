"""One run, from its first event to its last, whatever happens to it."""

from collections.abc import Sequence

import anyio

from ryx_dash.errors import LogBusy, LogFull
from ryx_dash.live.feed import Feed
from ryx_dash.live.runner import BUSY_TRIES, Runner
from ryx_dash.log.base import Lease, NewRun, Run
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import Draft, Event, EventKind, step_event
from ryx_dash.protocol.executor import Emit, Request
from ryx_dash.protocol.steps import INPUT, RunStatus
from tests.fakes.executor import Script, ScriptedExecutor, all_green


def claimed(log: MemoryLog) -> Run:
    log.start(NewRun(input="hello"))
    run = log.claim("me", at_once=4, lease_seconds=60)
    assert run is not None
    return run


async def execute(
    script: Script, log: MemoryLog | None = None, feed: Feed | None = None
) -> tuple[Run, list[Event]]:
    log = log or MemoryLog()
    run = claimed(log)
    with anyio.fail_after(10):
        await Runner(log, feed or Feed(log), ScriptedExecutor(script)).execute(run)
    after = log.run(run.run_id)
    assert after is not None
    return after, log.read(run.run_id)


async def test_events_are_numbered_without_holes() -> None:
    run, events = await execute(all_green)
    assert [event.seq for event in events] == list(range(1, 19))
    assert run.status is RunStatus.SUCCESS
    assert events[0].data == {"input": "hello", "model": None}


async def test_a_burst_is_committed_in_order() -> None:
    async def burst(request: Request, emit: Emit) -> None:
        for n in range(5_000):
            await emit(step_event(EventKind.STEP_PROGRESS, INPUT, str(n)))
        await all_green(request, emit)

    _, events = await execute(burst)
    assert [event.message for event in events[1:5_001]] == [str(n) for n in range(5_000)]


async def test_events_that_come_together_are_committed_in_order_and_wait_for_room() -> None:
    async def burst(request: Request, emit: Emit) -> None:
        drafts = [step_event(EventKind.STEP_PROGRESS, INPUT, str(n)) for n in range(5_000)]
        await emit(*drafts)
        await all_green(request, emit)

    run, events = await execute(burst)
    assert run.status is RunStatus.SUCCESS
    assert [event.message for event in events[1:5_001]] == [str(n) for n in range(5_000)]


async def test_what_comes_together_with_the_end_but_after_it_is_dropped() -> None:
    async def talkative(request: Request, emit: Emit) -> None:
        end = Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": "Done."})
        late = step_event(EventKind.STEP_PROGRESS, INPUT, "late")
        await emit(step_event(EventKind.STEP_PROGRESS, INPUT, "early"), end, late)
        await emit(late)

    run, events = await execute(talkative)
    assert run.status is RunStatus.SUCCESS
    assert [event.event for event in events] == [
        "workflow_start",
        "step_progress",
        "workflow_complete",
    ]


async def test_what_json_cannot_say_is_replaced_before_the_log_sees_it() -> None:
    async def odd(request: Request, emit: Emit) -> None:
        await emit(Draft(event=EventKind.STEP_PROGRESS, data={"n": float("nan"), "s": "\ud800"}))
        await all_green(request, emit)

    _, events = await execute(odd)
    assert events[1].data["n"] is None
    assert events[1].data["_notes"]


async def test_a_crash_is_a_failed_run_that_keeps_its_secrets() -> None:
    async def crash(request: Request, emit: Emit) -> None:
        raise RuntimeError("key=sk-123")

    run, events = await execute(crash)
    assert run.status is RunStatus.FAILED
    assert "RuntimeError" in events[-1].message
    assert "sk-123" not in events[-1].message


async def test_cancel_ends_the_run_at_once() -> None:
    log = MemoryLog()
    feed = Feed(log)
    begun = anyio.Event()

    async def stubborn(request: Request, emit: Emit) -> None:
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await emit(step_event(EventKind.STEP_COMPLETE, INPUT, "too late"))

    run = claimed(log)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Runner(log, feed, ScriptedExecutor(stubborn)).execute, run)
            await begun.wait()
            feed.publish(log.cancel(run.run_id))
    kinds = [event.event for event in log.read(run.run_id)]
    assert kinds == ["workflow_start", "workflow_cancelled"]


async def test_a_worker_that_stops_leaves_its_runs_interrupted() -> None:
    log = MemoryLog()
    run = claimed(log)

    async def endless(request: Request, emit: Emit) -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Runner(log, Feed(log), ScriptedExecutor(endless)).execute, run)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    after = log.run(run.run_id)
    assert after is not None
    assert after.status is RunStatus.INTERRUPTED


async def test_an_owner_that_was_fenced_out_writes_no_more() -> None:
    log = MemoryLog()
    lost = Draft(event=EventKind.WORKFLOW_ERROR, data={"code": "interrupted"})

    async def overtaken(request: Request, emit: Emit) -> None:
        log.interrupt(request.run_id, lost, only_expired=False)
        await all_green(request, emit)

    run, events = await execute(overtaken, log)
    assert run.status is RunStatus.INTERRUPTED
    assert events[-1].data == {"code": "interrupted"}


class Disk(MemoryLog):
    """A log on a disk that is full for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals = 0

    def append(self, lease: Lease, events: Sequence[Event]) -> Run:
        if self.refusals:
            self.refusals -= 1
            raise LogFull("The disk is full.")
        return super().append(lease, events)


async def test_a_full_disk_fails_the_run_as_soon_as_that_can_be_written() -> None:
    log = Disk()
    feed = Feed(log)

    async def unlucky(request: Request, emit: Emit) -> None:
        with anyio.fail_after(5), feed.watch(request.run_id) as watch:
            while watch.run is None or watch.run.head == 0:
                await watch.changed()
        log.refusals = 2
        await all_green(request, emit)

    run, events = await execute(unlucky, log, feed)
    assert run.status is RunStatus.FAILED
    assert "The disk is full." in events[-1].message


class BusyLog(MemoryLog):
    """Another process holds it for a while."""

    def __init__(self, tries: int) -> None:
        super().__init__()
        self.left = tries

    def append(self, lease: Lease, events: Sequence[Event]) -> Run:
        self.left -= 1
        if self.left >= 0:
            raise LogBusy("held by another process")
        return super().append(lease, events)


async def test_a_run_waits_while_another_process_holds_the_log() -> None:
    run, events = await execute(all_green, BusyLog(BUSY_TRIES - 1))
    assert run.status is RunStatus.SUCCESS
    assert [event.seq for event in events] == list(range(1, 19))


async def test_a_run_ends_with_the_reason_when_the_log_is_held_for_too_long() -> None:
    run, events = await execute(all_green, BusyLog(BUSY_TRIES))
    assert run.status is RunStatus.FAILED
    assert "held by another process" in events[-1].message
