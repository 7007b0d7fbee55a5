"""The page in Chromium, recorded, and what DevTools can do to it."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from dash.testing.browser import Browser
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import pytest_setup_options
from tests.browser.page import PageUnderTest
from tests.faults.checker import CountSeen, FrameSeen, Record
from tests.faults.seeds import PATIENCE
from tests.faults.trials import noted
from tests.servers import Dashboard

RECORDER = (Path(__file__).parent / "recorder.js").read_text()
SCREENSHOTS = os.environ.get("FAULT_SCREENSHOTS")
"""The folder for pictures of the page in the midst of faults; unset, none are taken."""
ROUNDS = 10
"""How many rounds are played in a page that stays open."""

ONLINE = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}

RUN = "return sessionStorage['ryx.run'] || ''"
TAKEN = """
const [text, run] = arguments;
const {"ryx.queue": queue = "", "ryx.run": now = ""} = {...sessionStorage};
return queue.includes(JSON.stringify(text)) || now !== run;
"""
"""Whether the page keeps a command with this text, or another run than before."""


class ChromiumPage(PageUnderTest):
    """The page in a tab, with a :class:`Record` of all that it showed over its lives."""

    pause = 0.1  # each look is work for the browser, and there are several

    def __init__(self, driver: webdriver.Chrome, port: int) -> None:
        # What the page needs of a dashboard is where it is.
        server = SimpleNamespace(url=f"http://127.0.0.1:{port}", printed="")
        browser = SimpleNamespace(driver=driver)
        super().__init__(cast(Browser, browser), cast(Dashboard, server))
        self.record = Record()
        self._rounds = 0

    def devtools(self, command: str, **arguments: Any) -> None:
        """Send a command of the DevTools protocol to this tab."""
        self.driver.execute_cdp_cmd(command, arguments)

    def start(self) -> None:
        """Load the page in a tab that remembers nothing, recorded from its first moment."""
        self.devtools("Page.addScriptToEvaluateOnNewDocument", source=RECORDER)
        self.devtools("Network.enable")
        self.load()

    def load(self) -> None:
        """Load the page as if it had never been open, whatever has become of it."""
        self.driver.switch_to.window(self.driver.window_handles[0])
        self.devtools("Network.emulateNetworkConditions", **ONLINE)
        self.driver.get(f"{self.server.url}/health")
        self.script("sessionStorage.clear()")
        self.open()
        self.script("dash_clientside.set_props('filter-tokens', {value: true})")

    @contextmanager
    def round(self) -> Iterator[None]:
        """Begin a new record for the length of a block, in the page as an earlier one left it.

        After :data:`ROUNDS` of them, or one that failed, it is loaded anew.
        """
        if self._rounds % ROUNDS == 0:
            self.load()
        else:
            self.script("dash_clientside.set_props('follow', {data: {on: true}})")
        self.collect()
        self.record = Record()
        try:
            yield
        except BaseException:
            self._rounds = 0
            raise
        self._rounds += 1

    def wait_for(self, condition: Callable[[], object], *, seconds: float = PATIENCE) -> None:
        """Wait as long as a machine with much else to do may need."""
        super().wait_for(condition, seconds=seconds)

    def request(self, text: str) -> None:
        """Type a query and press Enter."""
        self.type_query(text)
        self.find("query-input").send_keys(Keys.ENTER)
        self.record.commands[f"{len(self.record.commands)}"] = text

    def request_and_wait(self, text: str) -> None:
        """The same, until the page has taken it: before that no command is there to get lost."""
        before = self.script(RUN)
        self.request(text)
        self.wait_for(lambda: self.script(TAKEN, text, before))

    def reload(self) -> None:
        """Load the page anew."""
        self.collect()
        self.driver.refresh()
        self.wait_for(lambda: self.badge == "connected")
        self.script("dash_clientside.set_props('filter-tokens', {value: true})")

    def collect(self) -> None:
        """Take what the page has recorded so far out of it."""
        found: Mapping[str, Any] = self.script(
            "const r = {...window.record}; Object.assign(window.record, "
            "{frames: [], counts: [], badges: []}); return r"
        )
        self.record.frames += [FrameSeen(**seen) for seen in found["frames"]]
        self.record.counts += [CountSeen(**seen) for seen in found["counts"]]
        self.record.badges += found["badges"]
        assert found["most"] <= 1, "two sockets at once"

    def settle(self, text: str) -> None:
        """Wait until the run of this text has ended and all of it is drawn."""
        self.wait_for(lambda: self.badge == "connected")
        self.wait_for(lambda: self.text("#run-line .run-input") == text)
        self.wait_for_end(seconds=PATIENCE)
        self.wait_for(lambda: self.shown["seq"] == self.shown["head"] == self.counts["head"])

    def read_rows(self) -> None:
        """Turn through the monitor from its first page to its last."""
        self.script(
            "dash_clientside.set_props('follow', {data: {on: false, seq: 0}});"
            "dash_clientside.set_props('event-table', {page_current: 0})"
        )
        for page in range(100):
            with noted(lambda page=page: f"page {page} of {self.script(MONITOR)}"):  # type: ignore[misc]
                self.wait_for(lambda page=page: self.shown["page"] == page)  # type: ignore[misc]
            self.record.rows += [tuple(row) for row in self.script(ROWS)]
            if page + 1 == self.shown["pages"]:
                return
            self.script("document.querySelector('#event-table .next-page').click()")

    def photograph(self, name: str) -> None:
        """Keep a picture of what the page says now, if pictures are wanted."""
        if SCREENSHOTS is None:
            return
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        size = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.devtools("Emulation.setDeviceMetricsOverride", **size)
        time.sleep(0.5)  # the graph and the panels take their new places
        self.driver.save_screenshot(str(Path(SCREENSHOTS) / f"{name}.png"))
        self.devtools("Emulation.clearDeviceMetricsOverride")

    @property
    def badge(self) -> str | None:
        """What the connection's badge says."""
        return self.attribute("connection-status", "data-status")

    @property
    def shown(self) -> Mapping[str, Any]:
        """The store ``shown``."""
        shown: Mapping[str, Any] = self.script(
            "return dash_component_api.getLayout('shown').props.data"
        )
        return shown


MONITOR = """
const props = (id) => dash_component_api.getLayout(id).props;
return JSON.stringify({shown: props("shown").data, follow: props("follow").data,
  page: props("event-table").page_current, pages: props("event-table").page_count,
  loading: dash_stores[0].getState().isLoading, hidden: document.visibilityState})
"""

ROWS = """
const cells = document.querySelectorAll("#event-table td[data-dash-column=message]");
const rows = dash_component_api.getLayout("event-table").props.data;
if (cells.length !== rows.length) throw new Error(`${cells.length} of ${rows.length} rows`);
return rows.map((row) => [row.seq, row.utc, row.kind, row.step]);
"""


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """One browser for many rounds."""
    options = pytest_setup_options()
    for flag in ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "SEVERE"})
    driver = webdriver.Chrome(options=options)
    try:
        yield driver
    finally:
        driver.quit()
