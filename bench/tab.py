"""A tab of Chromium with the probe in it, and what the tab and its processes use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from selenium import webdriver

from tests.browser.conftest import pytest_setup_options
from tests.servers import until

PROBE = (Path(__file__).parent / "probe.js").read_text()


class Tab:
    """One tab; each page that it opens begins with the probe, which reads ``newest`` its way."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self._probe = ""

    def open(self, url: str, read: str) -> None:
        """Load a page; ``read`` is a function body that gives the newest event's number."""
        if self._probe:
            command = "Page.removeScriptToEvaluateOnNewDocument"
            self.devtools(command, identifier=self._probe)
        source = PROBE.replace("READ;", read)
        added = self.devtools("Page.addScriptToEvaluateOnNewDocument", source=source)
        self._probe = added["identifier"]
        self.driver.get(url)

    def devtools(self, command: str, **arguments: Any) -> Any:
        """Send a command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, arguments)

    def script(self, body: str, *args: Any) -> Any:
        """Run a function body in the page."""
        return self.driver.execute_script(body, *args)

    def wait_for(self, condition: str, *, seconds: float = 60) -> None:
        """Wait until a JavaScript expression is true; one that throws is not true yet."""
        body = f"try {{ return Boolean({condition}) }} catch {{ return false }}"
        until(lambda: self.script(body), seconds=seconds)

    @property
    def newest(self) -> int:
        """The newest event that a frame has shown."""
        return int(self.script("return (window.bench.seen.at(-1) || [0, 0])[1]"))

    @property
    def probe(self) -> dict[str, Any]:
        """All that the probe has noted."""
        noted: dict[str, Any] = self.script("return window.bench")
        return noted

    def begin(self) -> None:
        """Forget what was noted so far."""
        self.script("Object.assign(bench, {cycles: [], wire: 0, messages: 0, longest: 0})")

    def heap(self) -> float:
        """MB of JavaScript objects after a collection."""
        self.devtools("HeapProfiler.collectGarbage")
        return float(self.devtools("Runtime.getHeapUsage")["usedSize"]) / 1e6

    def cpu(self) -> float:
        """Seconds of CPU that the tab's processes have used."""
        browser = psutil.Process(self.driver.service.process.pid)
        return sum(cpu(one) for one in browser.children(recursive=True) if _is_renderer(one))


def cpu(process: psutil.Process) -> float:
    """Seconds of CPU that one process has used; none if it has just ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _is_renderer(process: psutil.Process) -> bool:
    try:
        return "--type=renderer" in process.cmdline()
    except psutil.NoSuchProcess:  # a page that was left ends when it likes
        return False


def memory(process: psutil.Process) -> float:
    """MB that one process has in memory."""
    return float(process.memory_info().rss) / 1e6


def family(pid: int) -> list[psutil.Process]:
    """A process and all below it."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


@contextmanager
def chromium() -> Iterator[Tab]:
    """A browser for measurements, without a screen."""
    options = pytest_setup_options()
    # A page that was left is gone, and its memory with it.
    kept = "--disable-features=BackForwardCache"
    for flag in ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", kept):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options)
    try:
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 1600, "height": 1000, "deviceScaleFactor": 1, "mobile": False},
        )
        yield Tab(driver)
    finally:
        driver.quit()
