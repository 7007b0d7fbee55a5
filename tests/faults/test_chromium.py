"""Faults inside the browser: what Chromium does to pages, done through DevTools."""

import time
from collections.abc import Callable, Iterator
from random import Random

import pytest
from selenium import webdriver

from tests.faults.checker import LoggedRun, check_log, check_page
from tests.faults.chromium import ONLINE, ChromiumPage, chromium
from tests.faults.plan import plan
from tests.faults.rounds import noted
from tests.faults.servers import Server

pytestmark = pytest.mark.browser

Fault = Callable[[ChromiumPage, Random], None]


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    """Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture
def play(served: Server, driver: webdriver.Chrome, seeds: list[int]) -> Callable[[Fault], None]:
    """Plays a round for each seed."""

    def play(fault: Fault) -> None:
        for seed in seeds:
            with noted(f"seed {seed} of {fault.__name__}: FAULT_SEED={seed} repeats it"):
                _round(ChromiumPage(driver, served.port), served, fault, seed)
        check_log(served.log)

    return play


def _round(page: ChromiumPage, served: Server, fault: Fault, seed: int) -> None:
    random = Random(f"{fault.__name__} {seed}")
    text = plan(seed, events=60, seconds=1.5, note=f" during {fault.__name__}")
    page.start()
    page.request(text)
    time.sleep(random.uniform(0, 1))
    fault(page, random)
    with noted(lambda: f"the tab keeps {page.script('return {...sessionStorage}')}"):
        page.settle(text)
    page.read_rows()
    page.collect()
    check_page(page.record, served.log, _only_run(served, text).run_id)


def _only_run(served: Server, text: str) -> LoggedRun:
    """The one run of this input: two would be one effect too many."""
    (run,) = [run for run in served.log.runs().values() if run.input == text]
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
        for _ in range(2):
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
