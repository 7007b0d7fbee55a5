"""In the midst of each fault the page says the truth, in plain words.

``make fault-shots`` keeps a picture of each.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from selenium import webdriver

from tests.faults.checker import LoggedRun
from tests.faults.chromium import ONLINE, ChromiumPage, chromium
from tests.faults.disk import small_disk
from tests.faults.plan import plan
from tests.faults.proxy import MODEM, Proxy, in_thread
from tests.faults.servers import Server, serving
from tests.faults.test_nginx import Nginx, running_nginx

pytestmark = pytest.mark.browser

LONG = plan(1, events=400, seconds=60)
"""A run that goes on through the fault."""

PACE = """
const real = Date.now.bind(Date), begin = real();
let fast = null;
Date.now = () => begin + (real() - begin) + (fast === null ? 0 : (real() - fast) * 17);
window.hurry = () => { fast = real(); };
"""
"""``hurry()`` makes the page's clock run eighteen times as fast: retries take minutes."""


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    """Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers that a test may harm and leaves whole."""
    with serving(tmp_path_factory.mktemp("truth")) as running:
        yield running


@pytest.fixture
def network(server: Server) -> Iterator[Proxy]:
    """What lies between page and server."""
    with in_thread(Proxy(server.port)) as proxy:
        yield proxy


@pytest.fixture
def page(driver: webdriver.Chrome, network: Proxy) -> Iterator[ChromiumPage]:
    """The page, on a run that goes on."""
    page = ChromiumPage(driver, network.port)
    page.start()
    watch(page)
    yield page
    driver.get("about:blank")


def watch(page: ChromiumPage) -> None:
    """Ask for a long run and wait until it is under way."""
    page.request(LONG)
    page.wait_for(lambda: page.run["status"] == "running" and page.counts["head"] > 5)


def run_of(server: Server) -> LoggedRun:
    """The newest run."""
    return list(server.log.runs().values())[-1]


def says_unknown(page: ChromiumPage) -> bool:
    """Whether nothing looks as if it were going on, and the age of what is shown is there."""
    shown = page.text("#run-line") + page.text("#workflow-steps")
    return "unknown" in shown and "running" not in shown and "ago" in page.text("#run-clock")


def test_offline_with_commands_that_wait(page: ChromiumPage) -> None:
    page.devtools("Network.emulateNetworkConditions", **{**ONLINE, "offline": True})
    page.wait_for(lambda: page.badge == "disconnected")
    page.request("What happens to this?")
    page.wait_for(lambda: page.attribute("queue-count", "data-count") == "1")
    page.wait_for(lambda: says_unknown(page))
    page.photograph("offline")
    page.devtools("Network.emulateNetworkConditions", **ONLINE)
    page.wait_for(lambda: page.badge == "connected")
    page.wait_for(lambda: page.attribute("queue-count", "data-count") == "0")


def test_retries_used_up(driver: webdriver.Chrome, network: Proxy) -> None:
    page = ChromiumPage(driver, network.port)
    page.devtools("Page.addScriptToEvaluateOnNewDocument", source=PACE)
    page.start()
    watch(page)
    network.refuse = True
    network.reset()
    page.script("hurry()")
    page.wait_for(lambda: page.badge == "error")
    assert "10 retries failed" in page.text("#connection-note")
    assert page.find("reconnect-button").is_displayed()
    assert says_unknown(page)
    page.photograph("retries-used-up")
    network.heal()
    page.find("reconnect-button").click()
    page.wait_for(lambda: page.badge == "connected" and "unknown" not in page.text("#run-line"))


def test_server_killed(page: ChromiumPage, server: Server) -> None:
    server.kill()
    page.wait_for(lambda: page.badge == "disconnected" and says_unknown(page))
    page.photograph("server-killed")
    server.start()
    page.wait_for(lambda: page.run["status"] == "interrupted")


def test_worker_killed(page: ChromiumPage, server: Server) -> None:
    owner = run_of(server).owner
    assert owner is not None
    os.kill(int(owner.partition("-")[0]), signal.SIGKILL)
    page.wait_for(lambda: page.run["status"] == "interrupted")
    page.wait_for(lambda: "worker that ran this was lost" in page.text("body"))
    assert "running" not in page.text("#run-line") + page.text("#workflow-steps")
    page.photograph("worker-killed")


def test_rolling_restart(page: ChromiumPage, server: Server) -> None:
    before = set(server.workers)
    server.signal(signal.SIGHUP)
    page.wait_for(lambda: page.run["status"] == "interrupted" or page.badge != "connected")
    page.photograph("rolling-restart")
    page.wait_for(lambda: not before & set(server.workers))
    page.wait_for(lambda: page.badge == "connected" and page.run["status"] == "interrupted")
    assert "server was stopped while this run was going on" in page.text("body")


def test_stopped_server(page: ChromiumPage, server: Server) -> None:
    server.signal_all(signal.SIGSTOP)
    try:
        page.wait_for(lambda: page.badge == "disconnected")
        page.wait_for(lambda: says_unknown(page))
        page.photograph("stopped-server")
    finally:
        server.signal_all(signal.SIGCONT)
    page.wait_for(lambda: page.badge == "connected")


def test_telephone_line(page: ChromiumPage, network: Proxy) -> None:
    network.rate = MODEM
    before = page.counts["head"]
    page.wait_for(lambda: page.counts["head"] > before + 20)
    assert page.badge == "connected"
    assert page.run["status"] == "running"
    page.photograph("telephone-line")


def test_full_disk(driver: webdriver.Chrome, tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", 16) as disk:
        if disk is None:
            pytest.skip("mounting a small disk is not allowed here")
        with serving(tmp_path) as server:
            page = ChromiumPage(driver, server.port)
            page.start()
            watch(page)
            disk.fill()
            for n in range(50):  # some still fit between old pages
                page.request(f"{n}: is there room?" + " and more" * 500)
                page.wait_for(lambda: page.attribute("queue-count", "data-count") == "0")
                if "disk" in page.text("#command-error"):
                    break
            assert "is full or fails" in page.text("#command-error")
            page.photograph("log-full")
            disk.free()
            driver.get("about:blank")


def test_damaged_log(driver: webdriver.Chrome, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        page = ChromiumPage(driver, server.port)
        page.start()
        text = plan(2, events=30, seconds=0.2)
        page.request(text)
        page.settle(text)
        server.stop()
        with closing(apsw.Connection(str(server.folder / "data" / "runs.db"))) as log:
            log.execute("UPDATE events SET message = 'another' WHERE key & 0xffffffff = 7")
        server.start()
        page.wait_for(lambda: page.badge == "connected")
        page.driver.refresh()
        page.wait_for(lambda: "damaged in run" in page.text("body"))
        page.wait_for(lambda: "unknown" in page.text("#run-line"))
        page.photograph("log-damaged")
        body = page.text("body")
        assert "Waiting for the server" not in body
        assert "no run yet" not in body
        assert "another" not in page.text("#event-table")
        driver.get("about:blank")


def test_nginx_down(driver: webdriver.Chrome, server: Server, tmp_path: Path) -> None:
    with running_nginx(Nginx(tmp_path, server.port)) as front:
        page = ChromiumPage(driver, front.port)
        page.start()
        watch(page)
        front.stop()
        page.wait_for(lambda: page.badge == "disconnected" and says_unknown(page))
        page.photograph("nginx-down")
        front.start()
        page.wait_for(lambda: page.badge == "connected")
        page.wait_for(lambda: page.run["status"] == "running")
