"""One round of a fault: a page asks for a run, something goes wrong, all is well again, judge."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

import anyio

from tests.faults.checker import LogFile, LoggedRun, check_commands, check_log, check_page
from tests.faults.headless import HeadlessPage, opened, until
from tests.faults.layer import Machine
from tests.faults.plan import plan
from tests.faults.proxy import Proxy
from tests.faults.seeds import waves
from tests.faults.servers import Server
from tests.faults.trials import Trials, noted, trials

AT_ONCE = 8
"""Rounds that run side by side. Where they mostly wait, there can be more."""

RATE = 6.0
"""How much faster a page's clock runs here: six seconds of patience last one."""

Fault = Callable[[Proxy, HeadlessPage, Random], Awaitable[None]]
"""Does harm to one page for a while. The network is healed when it returns."""

Harm = Callable[[list[HeadlessPage], Random], Awaitable[None]]
"""Does harm to all pages of a server at once."""


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """Rounds on one server, one for each seed.

    Each page asks for a run of ``events`` events in ``seconds``. ``port`` is where the server is
    reached, if not at its own; ``rate`` how fast the pages' clocks run.
    """

    layer: Machine
    server: Server
    events: int = 60
    seconds: float = 2.0
    rate: float = RATE
    port: int | None = None
    at_once: int = AT_ONCE

    async def play(self, fault: Fault, seeds: list[int]) -> None:
        """A fault for each page, some side by side."""
        room = anyio.CapacityLimiter(self.at_once)

        async def one(seed: int) -> None:
            async with room:
                if not trial.over:
                    await self._round(trial, fault.__name__, seed, fault)

        with trials() as trial:
            async with anyio.create_task_group() as tasks:
                for seed in seeds:
                    tasks.start_soon(one, seed)
            check_log(self.server.log)

    async def play_together(self, harm: Harm, seeds: list[int]) -> None:
        """One fault for several pages at once, each in another moment of its run."""
        with trials() as trial:
            for wave in waves(seeds, self.at_once):
                if not trial.over:
                    await self._wave(trial, harm, wave)
            check_log(self.server.log)

    async def _wave(self, trial: Trials, harm: Harm, wave: list[int]) -> None:
        asked: list[HeadlessPage] = []
        fallen = 0
        over = anyio.Event()

        async def be_harmed(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
            asked.append(page)
            await over.wait()

        async def one(seed: int) -> None:
            nonlocal fallen
            await anyio.sleep(Random(seed).uniform(0, 1))
            await self._round(trial, harm.__name__, seed, be_harmed)
            fallen += not over.is_set()

        random = Random(f"{harm.__name__} {wave}")
        async with anyio.create_task_group() as tasks:
            for seed in wave:
                tasks.start_soon(one, seed)
            with trial.kept(wave, f"the harm of {harm.__name__}"):
                await until(lambda: len(asked) + fallen == len(wave))
                await anyio.sleep(random.uniform(0, 1))
                await harm(asked, random)
            over.set()

    async def _round(self, trial: Trials, name: str, seed: int, fault: Fault) -> None:
        random = Random(f"{name} {seed}")
        text = plan(seed, events=self.events, seconds=self.seconds, note=f" during {name}")
        proxy = Proxy(self.port or self.server.port, random)
        with trial.of([seed], name):
            async with (
                proxy.serve(),
                opened(self.layer, proxy.port, seed=seed, rate=self.rate) as page,
            ):
                page.ask(text)
                await fault(proxy, page, random)
                proxy.heal()
                await settle(page, text)
                await page.read_rows()
            judge(page, self.server.log)


async def each(pages: list[HeadlessPage], act: Callable[[HeadlessPage], Awaitable[None]]) -> None:
    """Let all pages do something side by side."""
    async with anyio.create_task_group() as tasks:
        for page in pages:
            tasks.start_soon(act, page)


async def came_back(page: HeadlessPage, condition: Callable[[], object]) -> None:
    """Wait until the page is connected and this is true; press Reconnect where it is offered."""

    def done() -> bool:
        if page.view["reconnect"]:
            page.press_reconnect()
        return page.connected and bool(condition())

    with noted(
        lambda: f"the page says {page.view}, shows {page.last}, heard {page.record.frames[-3:]}"
    ):
        await until(done)


async def settle(page: HeadlessPage, text: str) -> None:
    """Wait until the page shows the end of this run."""
    with noted(f"it waits for {text!r}"):
        await came_back(page, lambda: page.settled(text))


def judge(page: HeadlessPage, log: LogFile, *, resets: int = 0) -> None:
    """What every round must have kept."""
    assert page.last is not None
    check_page(page.record, log, page.last.run, resets=resets)
    check_commands(page.record, log)


def run_of(server: Server, page: HeadlessPage) -> LoggedRun | None:
    """The run that the page's command started."""
    return server.log.run_of(next(iter(page.record.commands)))


def ended(server: Server, page: HeadlessPage) -> bool:
    """Whether the page's run has ended."""
    run = run_of(server, page)
    return run is not None and run.status not in ("queued", "running")


def owner_of(server: Server, page: HeadlessPage) -> int | None:
    """The worker that executes the page's run, while it does."""
    run = run_of(server, page)
    if run is None or run.status != "running" or run.owner is None:
        return None
    return int(run.owner.partition("-")[0])
