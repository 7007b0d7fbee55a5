"""The page when the server is away: it says so, keeps commands, and comes back by itself."""

from pathlib import Path

from dash.testing.browser import Browser
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import fill_workspace
from tests.browser.page import PageUnderTest
from tests.servers import dashboard

QUESTION = "What is the launch code of project Zephyr?"


def test_commands_wait_and_are_sent_after_a_restart(
    tmp_path: Path, dash_br: Browser, port: int
) -> None:
    fill_workspace(tmp_path)
    with dashboard(tmp_path, port=port) as running:
        page = PageUnderTest(dash_br, running)
        page.open()
        first = page.ask(QUESTION)
    page.wait_for(lambda: page.attribute("connection-status", "data-status") == "disconnected")
    assert page.text("#connection-status") == "○ Disconnected"
    assert "Trying again" in page.text("#connection-note")
    page.type_query("Where is greet defined?")
    page.find("query-input").send_keys(Keys.ENTER)
    page.wait_for(lambda: page.attribute("queue-count", "data-count") == "1")
    assert page.run == {"id": first, "status": "success"}
    with dashboard(tmp_path, port=port):
        page.wait_for(lambda: page.run["id"] != first, seconds=60)
        page.wait_for_end()
        assert page.run["status"] == "success"
        assert page.attribute("queue-count", "data-count") == "0"
        assert "greeting.py" in page.text("#answer")
        assert page.counts["gaps"] == page.counts["duplicates"] == 0


def test_a_queued_command_survives_a_reload(tmp_path: Path, dash_br: Browser, port: int) -> None:
    fill_workspace(tmp_path)
    with dashboard(tmp_path, port=port) as running:
        page = PageUnderTest(dash_br, running)
        page.open()
    page.wait_for(lambda: page.attribute("connection-status", "data-status") == "disconnected")
    page.type_query(QUESTION)
    page.find("query-input").send_keys(Keys.ENTER)
    page.wait_for(lambda: page.attribute("queue-count", "data-count") == "1")
    with dashboard(tmp_path, port=port):
        page.open()
        page.wait_for_end()
        assert "7421" in page.text("#answer")
