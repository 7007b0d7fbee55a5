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
from tests.faults.rounds import Rounds, ended, owner_of, run_of
from tests.faults.seeds import SOAK
from tests.faults.servers import Server, serving

FOUND_WITHIN = 15.0
"""Seconds after which a killed worker's runs are ``interrupted``, as promised."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers that a test may harm and leaves whole."""
    with serving(tmp_path_factory.mktemp("processes")) as running:
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

        await Rounds(layer=layer, server=served).play(change_worker, seeds)
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

    await Rounds(layer=layer, server=server, events=1500).play(kill_owner, seeds)


async def test_worker_killed_while_it_replays(
    server: Server, layer: Machine, seeds: list[int]
) -> None:
    """Long runs are read from their beginnings again and again, by workers that die over it."""

    async def kill_readers(pages: list[HeadlessPage], random: Random) -> None:
        await until(lambda: all(ended(server, page) for page in pages))
        for _ in range(3):
            for page in pages:
                page.reload()
            await anyio.sleep(random.uniform(0, 0.6))
            _kill(random.choice(server.workers))
            await until(lambda: len(server.workers) == 2)

    rounds = Rounds(layer=layer, server=server, events=2000, seconds=1)
    await rounds.play_together(kill_readers, seeds)


async def test_whole_server_killed_and_started(
    server: Server, layer: Machine, seeds: list[int]
) -> None:
    async def kill_server(pages: list[HeadlessPage], random: Random) -> None:
        await to_thread.run_sync(server.kill)
        await to_thread.run_sync(server.start)

    await Rounds(layer=layer, server=server).play_together(kill_server, seeds)


async def test_rolling_restart_under_load(server: Server, layer: Machine, seeds: list[int]) -> None:
    async def restart(pages: list[HeadlessPage], random: Random) -> None:
        before = set(server.workers)
        server.signal(signal.SIGHUP)
        await until(lambda: len(server.workers) == 2 and not before & set(server.workers))

    await Rounds(layer=layer, server=server).play_together(restart, seeds)


@pytest.mark.parametrize("seconds", [5, pytest.param(60, marks=SOAK)])
async def test_all_processes_stopped_for_a_while(
    server: Server, layer: Machine, seeds: list[int], seconds: int
) -> None:
    async def stop_processes(pages: list[HeadlessPage], random: Random) -> None:
        server.signal_all(signal.SIGSTOP)
        try:
            await anyio.sleep(seconds)
        finally:
            server.signal_all(signal.SIGCONT)

    rounds = Rounds(layer=layer, server=server, seconds=3, at_once=40)
    await rounds.play_together(stop_processes, seeds)


async def test_an_owner_that_returns_cannot_write(
    server: Server, layer: Machine, seeds: list[int]
) -> None:
    """Each worker stands still until its runs are given up; then it goes on, and must not write."""

    async def freeze_owners(pages: list[HeadlessPage], random: Random) -> None:
        await until(lambda: all(owner_of(server, page) for page in pages))
        while owners := {owner_of(server, page) for page in pages} - {None}:
            worker = min(owners, key=str)
            await freeze(worker, [page for page in pages if owner_of(server, page) == worker])

    async def freeze(worker: int, pages: list[HeadlessPage]) -> None:
        os.kill(worker, signal.SIGSTOP)
        try:
            await until(lambda: all(ended(server, page) for page in pages))
            runs = [run for page in pages if (run := run_of(server, page))]
            assert {run.status for run in runs} == {"interrupted"}
        finally:
            # It is gone if it held the log: then gunicorn ended it, so that others could write.
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGCONT)
        said = [f"Run {run.run_id}: another worker has taken over." for run in runs]
        await until(lambda: all(s in server.printed for s in said) or worker not in server.workers)

    rounds = Rounds(layer=layer, server=server, seconds=90, at_once=20)
    await rounds.play_together(freeze_owners, seeds)
    assert "another worker has taken over" in server.printed


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # another round was quicker
        os.kill(pid, signal.SIGKILL)
