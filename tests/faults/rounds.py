"""One round of a fault: a page asks for a run, something goes wrong, all is well again, judge."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from random import Random

import anyio

from tests.faults.app import plan
from tests.faults.checker import LogFile, check_commands, check_log, check_page
from tests.faults.headless import HeadlessPage, opened, until
from tests.faults.layer import Machine
from tests.faults.proxy import Proxy

AT_ONCE = 5
"""Rounds that run side by side."""

RATE = 6.0
"""How much faster a page's clock runs here: six seconds of patience last one."""

Fault = Callable[[Proxy, HeadlessPage, Random], Awaitable[None]]
"""Does harm for a while. The network is healed when it returns."""


async def play(
    layer: Machine,
    port: int,
    log: LogFile,
    fault: Fault,
    seeds: Iterable[int],
    *,
    events: int = 60,
    seconds: float = 2.0,
    rate: float = RATE,
) -> None:
    """A round for each seed, some side by side, on one server."""
    room = anyio.CapacityLimiter(AT_ONCE)

    async def one(seed: int) -> None:
        async with room:
            try:
                await _round(layer, port, log, fault, seed, events, seconds, rate)
            except BaseException as error:
                error.add_note(f"seed {seed} of {fault.__name__}: FAULT_SEED={seed} repeats it")
                raise

    async with anyio.create_task_group() as tasks:
        for seed in seeds:
            tasks.start_soon(one, seed)
    check_log(log)


async def _round(
    layer: Machine,
    port: int,
    log: LogFile,
    fault: Fault,
    seed: int,
    events: int,
    seconds: float,
    rate: float,
) -> None:
    random = Random(f"{fault.__name__} {seed}")
    proxy = Proxy(port, random)
    text = plan(seed, events=events, seconds=seconds, note=f" during {fault.__name__}")
    async with proxy.serve(), opened(layer, proxy.port, seed=seed, rate=rate) as page:
        page.ask(text)
        await fault(proxy, page, random)
        proxy.heal()
        await settle(page, text)
        await page.read_rows()
    judge(page, log)


async def settle(page: HeadlessPage, text: str, *, seconds: float = 60) -> None:
    """Wait until the page shows the end of this run; press Reconnect where it is offered."""

    def done() -> bool:
        if page.view["reconnect"]:
            page.press_reconnect()
        return page.settled(text)

    try:
        await until(done, seconds=seconds)
    except TimeoutError as error:
        error.add_note(f"the page says {page.view}, shows {page.last}, waits for {text!r}")
        raise


def judge(page: HeadlessPage, log: LogFile, *, resets: int = 0) -> None:
    """What every round must have kept."""
    assert page.last is not None
    check_page(page.record, log, page.last.run, resets=resets)
    check_commands(page.record, log)


def log_at(folder: Path) -> LogFile:
    """The log of the server whose data is in ``folder``."""
    return LogFile(folder / "data" / "runs.db")
