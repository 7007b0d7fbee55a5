"""Waiting for growth."""

import anyio
import pytest

from ryx_dash.errors import LogError
from ryx_dash.live import feed as feed_module
from ryx_dash.live.feed import ALL, LATEST, Feed, Watch
from ryx_dash.log.base import NewRun, Run
from ryx_dash.log.memory import MemoryLog


async def changed(watch: Watch) -> Run | None:
    with anyio.fail_after(5):
        await watch.changed()
    return watch.run


async def test_a_watch_begins_with_what_is_there() -> None:
    log = MemoryLog()
    run, _ = log.start(NewRun(input="q"))
    feed = Feed(log)
    with feed.watch(run.run_id) as watch:
        assert watch.run == run
    with feed.watch("none") as watch:
        assert watch.run is None
    with feed.watch(LATEST) as watch:
        assert watch.run == run


async def test_a_change_that_nobody_published_is_found() -> None:
    log = MemoryLog()
    run, _ = log.start(NewRun(input="q"))
    feed = Feed(log)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run)
        with feed.watch(run.run_id) as watch, feed.watch(LATEST) as latest:
            await changed(watch)
            await changed(latest)
            claimed = log.claim("me", at_once=1, lease_seconds=5)
            assert await changed(watch) == claimed
            assert await changed(latest) == claimed
            newer, _ = log.start(NewRun(input="newer"))
            assert await changed(latest) == newer
        tasks.cancel_scope.cancel()


async def test_what_is_published_arrives_without_a_look() -> None:
    log = MemoryLog()
    run, _ = log.start(NewRun(input="q"))
    feed = Feed(log)
    with feed.watch(run.run_id) as watch, feed.watch(LATEST) as latest:
        await changed(watch)
        await changed(latest)
        claimed = log.claim("me", at_once=1, lease_seconds=5)
        feed.publish(claimed)
        assert await changed(watch) == claimed
        assert await changed(latest) == claimed


async def test_news_of_one_run_wakes_only_its_watchers() -> None:
    log = MemoryLog()
    first, _ = log.start(NewRun(input="first"))
    second, _ = log.start(NewRun(input="second"))
    feed = Feed(log)
    with feed.watch(second.run_id) as watch:
        await changed(watch)
        feed.publish(log.claim("me", at_once=1, lease_seconds=5))
        with anyio.move_on_after(0.05) as waited:
            await watch.changed()
        assert waited.cancelled_caught
    assert first.run_id != second.run_id


async def test_any_change_returns_at_a_change_or_in_time() -> None:
    log = MemoryLog()
    feed = Feed(log)
    with anyio.fail_after(5):
        await feed.any_change(at_most=0.01)
    woken = anyio.Event()

    async def wait() -> None:
        await feed.any_change(at_most=60)
        woken.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        log.start(NewRun(input="q"))
        tasks.start_soon(feed.run)
        with anyio.fail_after(5):
            await woken.wait()
        tasks.cancel_scope.cancel()


class Counting(MemoryLog):
    """Counts questions for a run, and refuses to say its version for a while."""

    asked = 0
    refusals = 0

    def run(self, run_id: str) -> Run | None:
        self.asked += 1
        return super().run(run_id)

    def version(self) -> int:
        if self.refusals:
            self.refusals -= 1
            raise LogError("The disk has gone.")
        return super().version()


async def test_a_run_that_has_ended_is_not_asked_for_again() -> None:
    log = Counting()
    over = log.cancel(log.start(NewRun(input="over"))[0].run_id)
    feed = Feed(log)
    async with anyio.create_task_group() as tasks:
        with feed.watch(over.run_id) as watch, feed.watch(LATEST) as latest:
            await changed(watch)
            await changed(latest)
            asked = log.asked
            tasks.start_soon(feed.run)
            log.start(NewRun(input="another"))
            await changed(latest)
            assert log.asked == asked
        tasks.cancel_scope.cancel()


async def test_a_log_that_cannot_be_read_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "TROUBLE_SECONDS", 0.01)
    log = Counting()
    log.refusals = 3
    feed = Feed(log)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run)
        with feed.watch(LATEST) as latest:
            run, _ = log.start(NewRun(input="q"))
            assert await changed(latest) == run
        tasks.cancel_scope.cancel()


async def test_who_watches_all_is_told_of_any_change() -> None:
    log = MemoryLog()
    log.start(NewRun(input="old"))
    log.start(NewRun(input="new"))
    feed = Feed(log)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run)
        with feed.watch(ALL) as watch:
            heads = [watch.run.head if watch.run else -1]
            await changed(watch)
            for act in (lambda: log.claim("me", at_once=1, lease_seconds=5), log.latest):
                act()
                log.start(NewRun(input="more"))
                run = await changed(watch)
                heads.append(run.head if run else -1)
        tasks.cancel_scope.cancel()
    assert heads == sorted(set(heads))
