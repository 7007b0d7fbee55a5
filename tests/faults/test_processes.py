"""Faults of processes: workers and whole servers that die, stop, restart, or are somewhere else."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import anyio
import pytest
from anyio import to_thread

from tests.faults.headless import HeadlessPage, until
from tests.faults.layer import Machine
from tests.faults.proxy import Proxy
from tests.faults.rounds import ended, owner_of, play, run_of
from tests.faults.seeds import COUNT, SOAK
from tests.faults.servers import Server, serving

FOUND_WITHIN = 15.0
"""Seconds after which a killed worker's runs are ``interrupted``, as promised."""

SLOW = 2 if COUNT < 200 else 20
"""Rounds of a fault that cannot be played side by side."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Two workers that a test may harm."""
    with serving(tmp_path) as running:
        yield running


async def test_another_worker(
    served: Server, layer: Machine, seeds: list[int], tmp_path: Path
) -> None:
    """Every reconnect meets a process that has never heard of the page."""
    other = Server(served.folder)
    await to_thread.run_sync(other.start)
    try:

        async def change_worker(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
            for _ in range(4):
                await anyio.sleep(random.uniform(0.1, 0.8))
                proxy.upstream = other.port if proxy.upstream == served.port else served.port
                proxy.reset()

        await play(layer, served, change_worker, seeds)
    finally:
        await to_thread.run_sync(other.stop)


async def test_worker_killed_while_it_commits(
    server: Server, layer: Machine, seeds: list[int]
) -> None:
    async def kill_owner(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        await until(lambda: owner_of(server, page) is not None)
        await anyio.sleep(random.uniform(0, 1.5))
        owner = owner_of(server, page)
        if owner is not None:
            killed = datetime.now(UTC)
            _kill(owner)
            await until(lambda: owner_of(server, page) is None)
            run = run_of(server, page)
            assert run is not None
            assert run.status in ("interrupted", "success")
            end = datetime.fromisoformat(server.log.events(run.run_id)[-1][1])
            assert (end - killed).total_seconds() < FOUND_WITHIN

    await play(layer, server, kill_owner, seeds, events=1500)


async def test_worker_killed_while_it_replays(
    server: Server, layer: Machine, seeds: list[int]
) -> None:
    """A long run is read from its beginning again and again, by workers that die over it."""

    async def kill_readers(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        await until(lambda: ended(server, page))
        for _ in range(3):
            page.reload()
            await anyio.sleep(random.uniform(0, 0.6))
            _kill(random.choice(server.workers))
            await until(lambda: len(server.workers) == 2)

    await play(layer, server, kill_readers, seeds, events=8000, seconds=1.0)


async def test_whole_server_killed_and_started(
    server: Server, layer: Machine, seeds: list[int]
) -> None:
    one_at_a_time = anyio.Lock()

    async def kill_server(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        await anyio.sleep(random.uniform(0, 1))
        async with one_at_a_time:
            await to_thread.run_sync(server.kill)
            await to_thread.run_sync(server.start)

    await play(layer, server, kill_server, seeds)


async def test_rolling_restart_under_load(server: Server, layer: Machine, seeds: list[int]) -> None:
    one_at_a_time = anyio.Lock()

    async def restart(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        await anyio.sleep(random.uniform(0, 1))
        async with one_at_a_time:
            before = set(server.workers)
            server.signal(signal.SIGHUP)
            await until(lambda: len(server.workers) == 2 and not before & set(server.workers))

    await play(layer, server, restart, seeds)


@pytest.mark.parametrize("seconds", [5, pytest.param(60, marks=SOAK)])
async def test_all_processes_stopped_for_a_while(
    server: Server, layer: Machine, seeds: list[int], seconds: int
) -> None:
    """One stop for all seeds, each with its own moment before it."""
    stopped = anyio.Event()

    async def stop_processes(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        await anyio.sleep(random.uniform(0, 1))
        if not stopped.is_set():
            stopped.set()
            server.signal_all(signal.SIGSTOP)
        await anyio.sleep(seconds)
        server.signal_all(signal.SIGCONT)

    await play(layer, server, stop_processes, seeds, seconds=3)


async def test_an_owner_that_returns_cannot_write(
    server: Server, layer: Machine, seeds: list[int]
) -> None:
    """A worker stands still until its runs are given up; then it goes on, and must not write."""

    async def freeze_owner(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        await until(lambda: owner_of(server, page) is not None)
        await anyio.sleep(random.uniform(0, 1))
        owner = owner_of(server, page)
        assert owner is not None
        os.kill(owner, signal.SIGSTOP)
        try:
            await until(lambda: ended(server, page))
        finally:
            os.kill(owner, signal.SIGCONT)

    for seed in seeds[:SLOW]:  # one after the other: two stopped workers would be all
        await play(layer, server, freeze_owner, [seed], seconds=4)
    assert "another worker has taken over" in server.printed


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # another round was quicker
        os.kill(pid, signal.SIGKILL)
