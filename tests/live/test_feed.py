"""Waiting for growth."""

import anyio

from ryx_dash.live.feed import LATEST, Feed, Watch
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
