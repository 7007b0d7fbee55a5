"""Faults inside the browser: what Chromium does to pages, done through DevTools."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from queue import SimpleQueue
from random import Random

import pytest

from tests.faults.checker import LoggedRun, Record, check_log, check_page
from tests.faults.chromium import ONLINE, ChromiumPage, chromium
from tests.faults.plan import plan
from tests.faults.seeds import COUNT
from tests.faults.servers import Server
from tests.faults.trials import noted, trials

pytestmark = pytest.mark.browser

BROWSERS = min(8, -(-COUNT // 5))
"""Side by side: a round mostly waits."""

Fault = Callable[[ChromiumPage, Random], None]


@pytest.fixture(scope="module")
def pages(served: Server) -> Iterator[list[ChromiumPage]]:
    """The page in several browsers."""
    with ExitStack() as stack:
        drivers = [stack.enter_context(chromium()) for _ in range(BROWSERS)]
        pages = [ChromiumPage(driver, served.port) for driver in drivers]
        for page in pages:
            page.start()
        yield pages


@pytest.fixture
def play(served: Server, pages: list[ChromiumPage], seeds: list[int]) -> Callable[[Fault], None]:
    """Plays a round for each seed, one in each browser at a time."""
    free: SimpleQueue[ChromiumPage] = SimpleQueue()
    for page in pages:
        free.put(page)

    def play(fault: Fault) -> None:
        with trials() as trial, ThreadPoolExecutor(len(pages)) as pool:

            def one(seed: int) -> Record | None:
                return None if trial.over else _round(free, fault, seed)

            rounds = {pool.submit(one, seed): seed for seed in seeds}
            for done in as_completed(rounds):
                seed = rounds[done]
                with trial.of([seed], fault.__name__):
                    if record := done.result():
                        check_page(record, served.log, _only_run(served, fault, seed).run_id)
            check_log(served.log)

    return play


def _round(free: SimpleQueue[ChromiumPage], fault: Fault, seed: int) -> Record:
    random, page = Random(f"{fault.__name__} {seed}"), free.get()
    try:
        with page.round(), noted(lambda: f"the tab keeps {page.script(STORED)}"):
            page.request_and_wait(_text(fault, seed))
            time.sleep(random.uniform(0, 1))
            fault(page, random)
            page.settle(_text(fault, seed))
            page.read_rows()
            page.collect()
            return page.record
    finally:
        free.put(page)


STORED = "return {...sessionStorage}"


def _text(fault: Fault, seed: int) -> str:
    return plan(seed, events=60, seconds=1.5, note=f" during {fault.__name__}")


def _only_run(served: Server, fault: Fault, seed: int) -> LoggedRun:
    """The one run of this round: two would be one effect too many."""
    (run,) = [run for run in served.log.runs().values() if run.input == _text(fault, seed)]
    return run


def test_offline(play: Callable[[Fault], None]) -> None:
    def go_offline(page: ChromiumPage, random: Random) -> None:
        page.devtools("Network.emulateNetworkConditions", **{**ONLINE, "offline": True})
        time.sleep(random.uniform(0.5, 2))
        page.devtools("Network.emulateNetworkConditions", **ONLINE)

    play(go_offline)


def test_frozen(play: Callable[[Fault], None]) -> None:
    def freeze(page: ChromiumPage, random: Random) -> None:
        page.devtools("Page.setWebLifecycleState", state="frozen")
        time.sleep(random.uniform(0.5, 3))
        page.devtools("Page.setWebLifecycleState", state="active")

    play(freeze)


def test_back_and_forward(play: Callable[[Fault], None]) -> None:
    def go_and_come_back(page: ChromiumPage, random: Random) -> None:
        page.collect()
        page.driver.get(f"{page.server.url}/api/docs")
        time.sleep(random.uniform(0.2, 1))
        page.driver.back()
        page.wait_for(lambda: page.badge == "connected")
        page.script("dash_clientside.set_props('filter-tokens', {value: true})")

    play(go_and_come_back)


def test_reload(play: Callable[[Fault], None]) -> None:
    def reload(page: ChromiumPage, random: Random) -> None:
        for _ in range(random.choice((1, 1, 2))):
            page.reload()
            time.sleep(random.uniform(0, 0.5))

    play(reload)


def test_duplicated_tab(play: Callable[[Fault], None]) -> None:
    """A copy of the tab begins with the same storage: it shows the same run and asks for none."""

    def duplicate(page: ChromiumPage, random: Random) -> None:
        first = page.driver.current_window_handle
        page.script("window.open(location.href)")  # with a copy of the storage
        (other,) = set(page.driver.window_handles) - {first}
        page.driver.switch_to.window(other)
        page.wait_for(lambda: page.badge == "connected")
        time.sleep(random.uniform(0, 0.5))
        page.driver.close()
        page.driver.switch_to.window(first)

    play(duplicate)
