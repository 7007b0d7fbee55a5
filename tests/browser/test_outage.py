"""What the page says while nobody knows: a run that went on, and a server that refuses it."""

from pathlib import Path

import pytest
from dash.testing.browser import Browser

from ryx_dash.protocol.events import EventKind, step_event
from ryx_dash.protocol.steps import INPUT
from tests.browser.page import PageUnderTest
from tests.browser.writer import RunWriter
from tests.servers import dashboard

GRAPH = "return document.getElementById('workflow-graph')._cyreg.cy.getElementById('input')"


def label(page: PageUnderTest) -> str:
    return str(page.script(f"{GRAPH}.data('label')"))


def border(page: PageUnderTest) -> str:
    return str(page.script(f"{GRAPH}.style('border-style')"))


@pytest.mark.parametrize("workers", [0, 2])
def test_what_was_running_reads_as_unknown_until_the_server_is_back(
    tmp_path: Path, dash_br: Browser, port: int, workers: int
) -> None:
    writer = RunWriter(tmp_path)
    writer.write([step_event(EventKind.STEP_START, INPUT, "Reading")])
    with dashboard(tmp_path, port=port, workers=workers) as running:
        page = PageUnderTest(dash_br, running)
        page.open()
        page.wait_for(lambda: page.steps.get("input_reception") == "running")
        page.wait_for(lambda: "running" in page.text("#run-status"))
        assert "ago" not in page.text("#run-clock")
        page.wait_for(lambda: border(page) == "solid")
    page.wait_for(lambda: "unknown" in page.text("#run-status"))
    page.wait_for(lambda: "last event" in page.text("#run-clock"))
    shown = page.text("#run-line") + page.text("#workflow-steps")
    assert "running" not in shown
    assert "unknown" in page.text("#workflow-steps")
    assert border(page) == "dashed"
    assert label(page).startswith("?")
    assert "not known while the connection is away" in page.text("#answer-state")
    with dashboard(tmp_path, port=port, workers=workers):
        page.wait_for(lambda: "running" in page.text("#run-status"))
        page.wait_for(lambda: border(page) == "solid")
        assert label(page).startswith("◐")
        assert page.text("#answer-state") == "Input: Reading"
        assert "unknown" not in page.text("#run-line") + page.text("#workflow-steps")
        writer.finish()
        page.wait_for_end()
        assert page.counts["gaps"] == page.counts["duplicates"] == 0
        assert page.counts["head"] == writer.run.head


def test_a_server_that_comes_back_with_another_token_is_not_asked_for_ever(
    tmp_path: Path, dash_br: Browser, port: int
) -> None:
    with dashboard(tmp_path, port=port, RYX_TOKEN="first") as running:
        page = PageUnderTest(dash_br, running)
        page.open("/?token=first")
        assert "token" not in page.driver.current_url
    with dashboard(tmp_path, port=port, RYX_TOKEN="second") as running:
        page.wait_for(lambda: page.attribute("connection-status", "data-status") == "error")
        assert "asks for a token" in page.text("#connection-note")
        assert "retries failed" not in page.text("#connection-note")
        assert page.find("reconnect-button").is_displayed()
        for token in ("first", "second"):  # in the link at the start, and never again
            assert running.printed.count(token) == 1
        page.open("/?token=second")


def test_a_step_whose_request_is_lost_is_asked_for_again(
    tmp_path: Path, dash_br: Browser, port: int
) -> None:
    """The socket holds and the run has ended: the next frame would be a sign of life."""
    writer = RunWriter(tmp_path)
    writer.write([step_event(EventKind.STEP_START, INPUT, "Reading")])
    writer.finish()
    with dashboard(tmp_path, port=port) as running:
        page = PageUnderTest(dash_br, running)
        page.open()
        page.wait_for_end()
        page.script(LOSE_ONE)
        page.script("dash_clientside.set_props('filter-text', {value: 'nothing of this kind'})")
        page.wait_for(lambda: page.script("return window.lost"))
        assert page.attribute("connection-status", "data-status") == "connected"
        page.wait_for(lambda: page.script("return window.again"))
        page.wait_for(lambda: page.script(ROWS) == 0)


LOSE_ONE = """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (text) {
  window.again ||= window.lost && text.includes('"again"');
  send.call(this, text);
};
const real = window.fetch;
window.fetch = (url, options) => {
  if (window.lost || !options.body.includes('"property":"message"')) return real(url, options);
  window.lost = true;
  return Promise.reject(new TypeError("lost"));
};
"""
ROWS = "return dash_component_api.getLayout('event-table').props.data.length"
