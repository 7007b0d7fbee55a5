"""The dashboard's page as a test sees it."""

import json
from collections.abc import Callable
from typing import Any

from dash.testing.browser import Browser
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.servers import Dashboard, until


class PageUnderTest:
    """The dashboard's page, in the words of the contract."""

    pause = 0.02
    """Seconds between two looks while something is awaited."""

    def __init__(self, browser: Browser, server: Dashboard) -> None:
        self.browser = browser
        self.driver = browser.driver
        self.server = server

    def open(self, path: str = "/", *, wait: bool = True) -> None:
        """Open a path and wait until the page is connected and has drawn its first frame."""
        self.driver.get(self.server.url + path)
        if wait:
            self.wait_for(lambda: self.attribute("connection-status", "data-status") == "connected")
            # else a test would take the run that this frame shows for the one that it starts
            self.wait_for(lambda: "Waiting for the server" not in self.text("#answer-state"))

    def find(self, element_id: str) -> WebElement:
        """The element with this id."""
        return self.driver.find_element(By.ID, element_id)

    def all(self, selector: str) -> list[WebElement]:
        """All elements of a CSS selector."""
        found: list[WebElement] = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return found

    def script(self, source: str, *args: Any) -> Any:
        """Run a function body in the page."""
        return self.driver.execute_script(source, *args)

    def attribute(self, element_id: str, name: str) -> str | None:
        """An attribute's value, read at once: React may replace the element at any moment."""
        value: str | None = self.script(
            "const e = document.getElementById(arguments[0]);"
            "return e && e.getAttribute(arguments[1])",
            element_id,
            name,
        )
        return value

    def text(self, selector: str) -> str:
        """The visible text of the first match, or the empty text."""
        return str(
            self.script(
                "const e = document.querySelector(arguments[0]); return e ? e.innerText : ''",
                selector,
            )
        )

    def wait_for(self, condition: Callable[[], object], *, seconds: float = 30) -> None:
        """Wait for a condition; say what the page shows if it does not come true."""
        try:
            until(condition, seconds=seconds, pause=self.pause)
        except TimeoutError as error:
            shown = {"run": self.run, "steps": self.steps, "count": self.text("#event-count")}
            raise AssertionError(
                f"{error}; the page shows {json.dumps(shown)}; "
                f"console: {self.console}; server: {self.server.printed[-2000:]}"
            ) from None

    def type_query(self, text: str) -> None:
        """Put text in the query field, replacing what is there."""
        field = self.find("query-input")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)

    def ask(self, text: str) -> str:
        """Run a query with the Enter key and wait for its end; gives the run's id."""
        before = self.run["id"]
        self.type_query(text)
        self.find("query-input").send_keys(Keys.ENTER)
        self.wait_for(lambda: self.run["id"] not in (before, None, ""))
        self.wait_for_end()
        return str(self.run["id"])

    def wait_for_end(self, *, seconds: float = 60) -> None:
        """Wait until the run shown has ended and is drawn to its last event."""
        ends = ("success", "failed", "cancelled", "interrupted")
        self.wait_for(lambda: self.run["status"] in ends, seconds=seconds)

    @property
    def run(self) -> dict[str, str | None]:
        """Id and status of the run shown."""
        return {
            "id": self.attribute("run-status", "data-run-id"),
            "status": self.attribute("run-status", "data-status"),
        }

    @property
    def steps(self) -> dict[str, str]:
        """Status by step, in the order shown."""
        return dict(
            self.script(
                "return [...document.querySelectorAll('#workflow-steps li[data-step]')]"
                ".map(e => [e.dataset.step, e.dataset.status])"
            )
        )

    @property
    def counts(self) -> dict[str, int]:
        """Head, gaps, duplicates and hidden of ``event-count``."""
        names = ("head", "gaps", "duplicates", "hidden")
        return {name: int(self.attribute("event-count", f"data-{name}") or 0) for name in names}

    @property
    def cards(self) -> list[dict[str, str]]:
        """The data attributes of the tool cards."""
        return list(
            self.script(
                "return [...document.querySelectorAll('#tool-results [data-call-id]')]"
                ".map(e => ({...e.dataset}))"
            )
        )

    @property
    def rows(self) -> list[list[str]]:
        """The cells of the monitor's rows as text."""
        return list(
            self.script(
                "return [...document.querySelectorAll('#event-table tbody tr')]"
                ".map(r => [...r.querySelectorAll('td')].map(c => c.innerText.trim()))"
                ".filter(r => r.length)"
            )
        )

    @property
    def console(self) -> list[str]:
        """Errors in the browser's console since the last look."""
        return [entry["message"] for entry in self.driver.get_log("browser")]
