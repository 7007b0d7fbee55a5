"""One Chromium serves many tests, and none of them sees what another one left."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dash.testing.browser import Browser
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.by import By
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.browser.chromium import SharedChromium
from tests.browser.page import PageUnderTest
from tests.servers import serve, until

OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": True}

STORE = """
localStorage.setItem("a", "b");
sessionStorage.setItem("a", "b");
document.cookie = "a=b; max-age=1000";
const done = arguments[arguments.length - 1];
caches.open("a").then(() => { indexedDB.open("a").onsuccess = () => done(null); });
"""

SEEN = """
const done = arguments[arguments.length - 1];
(async () => done({
    cookie: document.cookie,
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    caches: await caches.keys(),
    databases: (await indexedDB.databases()).map((found) => found.name),
    online: navigator.onLine,
    agent: navigator.userAgent,
    geolocation: (await navigator.permissions.query({name: "geolocation"})).state,
    cores: navigator.hardwareConcurrency,
    size: [innerWidth, innerHeight, outerWidth, outerHeight, devicePixelRatio],
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    name: window.name,
    history: history.length,
    script: window.left || null,
}))();
"""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The origin of a page that is empty, but has a title."""
    page = HTMLResponse("<!doctype html><title>empty</title><link rel=icon href=data:,><p>text")
    with serve(Starlette(routes=[Route("/", page)])) as address:
        yield f"http://{address}"


def seen(browser: Browser, site: str) -> dict[str, Any]:
    """All that a test could notice of earlier ones."""
    driver = browser.driver
    console = driver.get_log("browser")
    if not driver.current_url.startswith(site):
        driver.get(f"{site}/")
    noticed: dict[str, Any] = driver.execute_async_script(SEEN)
    return {**noticed, "windows": len(driver.window_handles), "console": console}


def store(driver: webdriver.Chrome) -> None:
    driver.execute_async_script(STORE)


def emulate(driver: webdriver.Chrome) -> None:
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    driver.execute_cdp_cmd("Emulation.setUserAgentOverride", {"userAgent": "another"})
    driver.execute_cdp_cmd("Emulation.setHardwareConcurrencyOverride", {"hardwareConcurrency": 64})
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark})


def go_offline(driver: webdriver.Chrome) -> None:
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE)


def forbid(driver: webdriver.Chrome) -> None:
    rule = {"permission": {"name": "geolocation"}, "setting": "denied"}
    driver.execute_cdp_cmd("Browser.setPermission", rule)


def resize(driver: webdriver.Chrome) -> None:
    driver.set_window_size(500, 844)


def leave_a_script(driver: webdriver.Chrome) -> None:
    source = "window.left = 1; window.name = 'left'"
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    driver.refresh()


def open_windows(driver: webdriver.Chrome) -> None:
    address = driver.current_url
    for kind in ("tab", "window"):
        driver.switch_to.new_window(kind)
        driver.get(address)


def fill_the_console(driver: webdriver.Chrome) -> None:
    driver.execute_script("console.error('left')")


def show_a_dialog(driver: webdriver.Chrome) -> None:
    driver.execute_script("setTimeout(() => alert('left'))")
    until(lambda: _has_dialog(driver))


def _has_dialog(driver: webdriver.Chrome) -> bool:
    try:
        return bool(driver.switch_to.alert.text)
    except NoAlertPresentException:
        return False


def ask_before_leaving(driver: webdriver.Chrome) -> None:
    driver.execute_script("addEventListener('beforeunload', (event) => event.preventDefault())")
    driver.find_element(By.TAG_NAME, "p").click()  # without a gesture it would not be asked


def close_its_window(driver: webdriver.Chrome) -> None:
    open_windows(driver)
    driver.close()


def kill(driver: webdriver.Chrome) -> None:
    """End Chromium, and not its driver, as a crash would."""
    lock = Path(driver.capabilities["chrome"]["userDataDir"]) / "SingletonLock"
    os.kill(int(os.readlink(lock).rsplit("-", 1)[1]), signal.SIGKILL)


def kill_with_its_driver(driver: webdriver.Chrome) -> None:
    kill(driver)
    driver.service.process.kill()
    driver.service.process.wait()


@pytest.mark.parametrize(
    ("leave", "noticed"),
    [
        (store, {"cookie", "local", "session", "caches", "databases"}),
        (emulate, {"agent", "cores", "dark", "size"}),
        (go_offline, {"online"}),
        (forbid, {"geolocation"}),
        (resize, {"size"}),
        (leave_a_script, {"name", "script"}),
        (open_windows, {"windows"}),
        (fill_the_console, {"console"}),
    ],
)
def test_the_next_test_sees_nothing_of_what_was_left(
    chromium: SharedChromium,
    site: str,
    tmp_path: Path,
    leave: Callable[[webdriver.Chrome], None],
    noticed: set[str],
) -> None:
    browser = chromium.lend(str(tmp_path))
    before = seen(browser, site)
    leave(browser.driver)
    after = seen(browser, site)
    assert {name for name in after if after[name] != before[name]} >= noticed
    chromium.clean([site])
    again = chromium.lend(str(tmp_path))
    assert seen(again, site) == before
    assert again is browser
    chromium.clean([site])


KILLING = [kill, kill_with_its_driver]


@pytest.mark.parametrize("leave", [show_a_dialog, ask_before_leaving, close_its_window, *KILLING])
def test_nothing_that_was_left_is_in_the_way(
    chromium: SharedChromium,
    site: str,
    tmp_path: Path,
    leave: Callable[[webdriver.Chrome], None],
) -> None:
    browser = chromium.lend(str(tmp_path))
    before = seen(browser, site)
    leave(browser.driver)
    chromium.clean([site])
    again = chromium.lend(str(tmp_path))
    assert seen(again, site) == before
    assert (again is browser) == (leave not in KILLING)
    assert (browser.driver.service.process is None) == (leave in KILLING)
    chromium.clean([site])


@pytest.mark.parametrize("turn", ["one", "another"])
def test_a_dashboard_where_another_was_is_met_for_the_first_time(
    fresh: PageUnderTest, turn: str
) -> None:
    fresh.driver.get(f"{fresh.server.url}/nowhere")
    assert "left=" not in fresh.script("return document.cookie")
    assert fresh.script("return localStorage.getItem('left')") is None
    fresh.script("localStorage.setItem('left', arguments[0])", turn)
    fresh.script("document.cookie = `left=${arguments[0]}; max-age=1000`", turn)
    assert f"left={turn}" in fresh.script("return document.cookie")
