"""Somebody sets the clock, of the page or of the server, back and forth."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import anyio
import pytest

from tests.faults.clock import WallClock
from tests.faults.headless import HeadlessPage, until
from tests.faults.layer import Machine
from tests.faults.proxy import Proxy
from tests.faults.rounds import Rounds, owner_of
from tests.faults.servers import Server, serving

HOUR = 3600.0


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    """The clock of ``server``."""
    return WallClock(tmp_path / "clock")


@pytest.fixture
def server(tmp_path: Path, clock: WallClock) -> Iterator[Server]:
    """Two workers that tell the time by ``clock``."""
    with serving(tmp_path, FAULT_CLOCK=str(tmp_path / "clock")) as running:
        yield running


async def test_clock_of_the_page(served: Server, layer: Machine, seeds: list[int]) -> None:
    """By less than an hour in all: a command that is an hour old is not sent any more."""

    async def set_page_clock(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        for _ in range(4):
            page.skew = random.uniform(-0.45, 0.45) * HOUR * 1000
            await anyio.sleep(random.uniform(0.1, 0.6))
            if random.random() < 0.5:
                proxy.reset()

    await Rounds(layer=layer, server=served).play(set_page_clock, seeds)


async def test_clock_of_the_server(
    server: Server, clock: WallClock, layer: Machine, seeds: list[int]
) -> None:
    """No run is given up over it: its owner is there."""

    async def set_server_clock(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        for _ in range(4):
            clock.set(random.uniform(-24, 24) * HOUR)
            await anyio.sleep(random.uniform(0.1, 1))

    await Rounds(layer=layer, server=server, seconds=4).play(set_server_clock, seeds)
    assert {run.status for run in server.log.runs().values()} == {"success"}


async def test_owner_killed_and_clock_set_back(
    server: Server, clock: WallClock, layer: Machine, seeds: list[int]
) -> None:
    """A lost run is found at once all the same, not when the clock has caught up."""

    async def kill_and_set_back(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        await until(lambda: owner_of(server, page) is not None)
        await anyio.sleep(random.uniform(0, 1))
        with suppress(ProcessLookupError, TypeError):
            os.kill(owner_of(server, page), signal.SIGKILL)  # type: ignore[arg-type]
        clock.set(clock.offset - random.uniform(1, 24) * HOUR)

    await Rounds(layer=layer, server=server, seconds=4).play(kill_and_set_back, seeds)
