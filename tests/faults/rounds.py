"""One round of a fault: a page asks for a run, something goes wrong, all is well again, judge."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from random import Random

import anyio

from tests.faults.checker import LogFile, LoggedRun, check_commands, check_log, check_page
from tests.faults.headless import HeadlessPage, opened, until
from tests.faults.layer import Machine
from tests.faults.plan import plan
from tests.faults.proxy import Proxy
from tests.faults.servers import Server

AT_ONCE = 5
"""Rounds that run side by side."""

RATE = 6.0
"""How much faster a page's clock runs here: six seconds of patience last one."""

Fault = Callable[[Proxy, HeadlessPage, Random], Awaitable[None]]
"""Does harm for a while. The network is healed when it returns."""


async def play(
    layer: Machine,
    server: Server,
    fault: Fault,
    seeds: Iterable[int],
    *,
    events: int = 60,
    seconds: float = 2.0,
    rate: float = RATE,
    port: int | None = None,
) -> None:
    """A round for each seed, some side by side, on one server.

    Each page asks for a run of ``events`` events in ``seconds``. ``port`` is where the server is
    reached, if not at its own.
    """
    room = anyio.CapacityLimiter(AT_ONCE)

    async def one(seed: int) -> None:
        random = Random(f"{fault.__name__} {seed}")
        note = f" during {fault.__name__}"
        text = plan(seed, events=events, seconds=seconds, note=note)
        async with room:
            with noted(f"seed {seed} of {fault.__name__}: FAULT_SEED={seed} repeats it"):
                await _round(layer, server, fault, random, text, seed, rate, port or server.port)

    async with anyio.create_task_group() as tasks:
        for seed in seeds:
            tasks.start_soon(one, seed)
    check_log(server.log)


async def _round(
    layer: Machine,
    server: Server,
    fault: Fault,
    random: Random,
    text: str,
    seed: int,
    rate: float,
    port: int,
) -> None:
    proxy = Proxy(port, random)
    async with proxy.serve(), opened(layer, proxy.port, seed=seed, rate=rate) as page:
        page.ask(text)
        await fault(proxy, page, random)
        proxy.heal()
        await settle(page, text)
        await page.read_rows()
    judge(page, server.log)


async def came_back(page: HeadlessPage, condition: Callable[[], object]) -> None:
    """Wait until the page is connected and this is true; press Reconnect where it is offered."""

    def done() -> bool:
        if page.view["reconnect"]:
            page.press_reconnect()
        return page.connected and bool(condition())

    with noted(lambda: f"the page says {page.view}, shows {page.last}"):
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


@contextmanager
def noted(note: str | Callable[[], str]) -> Iterator[None]:
    """Add a note to whatever goes wrong in the block."""
    try:
        yield
    except Exception as error:
        error.add_note(note if isinstance(note, str) else note())
        raise


def run_of(server: Server, page: HeadlessPage) -> LoggedRun | None:
    """The run that the page's command started."""
    run_id = server.log.commands().get(next(iter(page.record.commands)))
    return None if run_id is None else server.log.runs()[run_id]


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
