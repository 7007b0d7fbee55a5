"""The page in front of backends of every dialect, and of some that break or lie."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from dash.testing.browser import Browser

from ryx_dash.protocol.steps import STEPS
from tests.browser.page import PageUnderTest
from tests.fakes import backends
from tests.fakes.backends import FakeBackend, Script, serve_backend
from tests.servers import dashboard

ALL_GREEN = {step.name: "success" for step in STEPS}


@pytest.fixture(scope="module")
def fronted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeBackend, object]]:
    """One dashboard in front of one backend; each test gives it a script."""
    folder = tmp_path_factory.mktemp("fronted")
    with (
        serve_backend(backends.documented, models=[{"id": "their-model", "size": 5}]) as backend,
        dashboard(folder, RYX_WS_URL=backend.url, RYX_SILENCE="4") as running,
    ):
        yield backend, running


@pytest.fixture
def page(fronted: tuple[FakeBackend, object], dash_br: Browser) -> PageUnderTest:
    """Its page."""
    return PageUnderTest(dash_br, fronted[1])  # type: ignore[arg-type]


@pytest.fixture
def backend(fronted: tuple[FakeBackend, object]) -> FakeBackend:
    """Its backend."""
    return fronted[0]


def run(page: PageUnderTest, backend: FakeBackend, script: Script) -> None:
    """Ask a question that the backend answers with ``script``."""
    backend.script = script
    page.open()
    page.ask("What is the launch code?")
    head = httpx.get(f"{page.server.url}/api/runs/{page.run['id']}").json()["events"]
    page.wait_for(lambda: page.counts["head"] == head)
    assert page.counts["gaps"] == page.counts["duplicates"] == 0
    assert page.console == []
    assert page.attribute("connection-status", "data-status") == "connected"


def cards(page: PageUnderTest) -> list[tuple[str, str]]:
    return [(card["tool"], card["status"]) for card in page.cards]


def column(page: PageUnderTest, text: str) -> bool:
    return any(text in cell for row in page.rows for cell in row)


def test_documented(page: PageUnderTest, backend: FakeBackend) -> None:
    run(page, backend, backends.documented)
    assert page.run["status"] == "success"
    assert page.steps == ALL_GREEN
    assert cards(page) == [("search_local", "success"), ("search_local", "failed")]
    assert page.text("#tool-count") == "2"
    assert "It is 7421." in page.text("#answer")
    assert column(page, "123 ms")


def test_executor(page: PageUnderTest, backend: FakeBackend) -> None:
    run(page, backend, backends.executor)
    assert page.run["status"] == "success"
    assert page.steps == ALL_GREEN
    assert cards(page) == [
        ("search_local", "success"),
        ("read_file", "success"),
        ("launch_app", "failed"),
    ]
    assert "cut by the backend" in page.text("#tool-results")
    assert "No such app: vim" in page.text("#tool-results")
    assert "Found two files." in page.text("#answer")


def test_numbered(page: PageUnderTest, backend: FakeBackend) -> None:
    run(page, backend, backends.numbered)
    assert page.run["status"] == "success"
    assert page.steps == ALL_GREEN
    assert column(page, "Parsing command")
    assert "7421" in page.text("#answer")


def test_acknowledging(page: PageUnderTest, backend: FakeBackend) -> None:
    run(page, backend, backends.acknowledging)
    assert page.run["status"] == "interrupted"
    assert set(page.steps.values()) == {"skipped"}
    assert column(page, "then sent nothing for 4 s")


@pytest.fixture
def patient(tmp_path: Path, dash_br: Browser) -> Iterator[tuple[PageUnderTest, FakeBackend]]:
    """A page in front of a backend that may be silent for longer than the page itself is."""
    with (
        serve_backend(backends.silent) as backend,
        dashboard(tmp_path, RYX_WS_URL=backend.url, RYX_SILENCE="9") as running,
    ):
        yield PageUnderTest(dash_br, running), backend


def begin(page: PageUnderTest) -> None:
    """Ask, and wait until the run goes on."""
    before = page.run["id"]
    page.type_query("Is anybody there?")
    page.find("execute-button").click()
    page.wait_for(lambda: page.run["id"] != before and page.run["status"] == "running")


def seconds_in(text: str) -> int:
    return int(text.split()[-2])


def label(page: PageUnderTest) -> str:
    graph = "document.getElementById('workflow-graph')._cyreg.cy"
    return str(page.script(f"return {graph}.getElementById('rag').data('label')"))


def test_silence_is_counted_where_it_is(patient: tuple[PageUnderTest, FakeBackend]) -> None:
    page, _ = patient
    page.open()
    begin(page)
    page.wait_for(lambda: page.text(".step-silence:not(:empty)").startswith("silent "))
    first = seconds_in(page.text("#run-silence"))
    assert first >= 5
    assert page.text("#run-silence").startswith("nothing heard for ")
    item = "#workflow-steps li[data-step='rag_context']"
    assert page.text(f"{item} .step-silence")
    assert "\nnothing heard for " in label(page)
    page.wait_for(lambda: seconds_in(page.text("#run-silence")) > first)
    page.wait_for_end()
    assert page.run["status"] == "interrupted"
    page.wait_for(lambda: page.text("#run-silence") == page.text(f"{item} .step-silence") == "")
    assert "nothing heard" not in label(page)
    assert column(page, "sent nothing for 9 s during rag_context")
    assert page.console == []


def test_a_page_that_hears_nothing_itself_does_not_count_silence(
    patient: tuple[PageUnderTest, FakeBackend],
) -> None:
    page, _ = patient
    page.open()
    begin(page)
    page.wait_for(lambda: page.text("#run-silence"))
    page.server.stop()
    page.wait_for(lambda: page.attribute("connection-status", "data-status") != "connected")
    page.wait_for(lambda: page.text("#run-silence") == "")
    assert page.text("#workflow-steps").count("silent") == 0
    assert label(page).startswith("?")
    assert "nothing heard" not in label(page)


def test_a_backend_that_only_acknowledges_is_said_to(
    patient: tuple[PageUnderTest, FakeBackend],
) -> None:
    page, backend = patient
    backend.script = backends.acknowledging
    page.open()
    begin(page)
    page.wait_for(lambda: "The backend has the command" in page.text("#answer-panel"))
    page.wait_for(lambda: page.text("#run-silence").startswith("acknowledged, then nothing heard"))
    page.wait_for_end()
    assert page.run["status"] == "interrupted"
    assert "acknowledged the command and then sent nothing for 9 s" in page.text("#answer-panel")


def test_steps_of_its_own(page: PageUnderTest, backend: FakeBackend) -> None:
    run(page, backend, backends.own_steps)
    assert page.run["status"] == "success"
    assert list(page.steps)[8:] == ["planning", "research", "writing"]
    assert "Written." in page.text("#answer")


def test_failing(page: PageUnderTest, backend: FakeBackend) -> None:
    run(page, backend, backends.failing)
    assert page.run["status"] == "failed"
    assert page.steps["llm_response"] == "failed"
    assert column(page, "No model")


def test_breaking(page: PageUnderTest, backend: FakeBackend) -> None:
    run(page, backend, backends.breaking)
    assert page.run["status"] == "interrupted"
    assert page.steps["rag_context"] == "cancelled"
    assert column(page, "was lost during rag_context")


def test_lying(page: PageUnderTest, backend: FakeBackend) -> None:
    run(page, backend, backends.lying)
    assert page.run["status"] == "success"
    assert "The end." in page.text("#answer")
    assert column(page, "Events from the backend were lost or left out")
    assert column(page, "1 that had come before and 1 of other runs")


def test_heavy(page: PageUnderTest, backend: FakeBackend) -> None:
    run(page, backend, backends.heavy)
    assert page.run["status"] == "success"
    assert cards(page) == [("read_file", "success")]
    assert "Small." in page.text("#answer")


def test_swarming(page: PageUnderTest, backend: FakeBackend) -> None:
    run(page, backend, backends.swarming)
    assert page.run["status"] == "success"
    assert page.counts["head"] == 12_002
    assert page.text("#tool-count") == "3,000"
    assert len(page.cards) == 50
    assert "more, in the monitor" in page.text("#workflow-steps")
    assert "Swarmed." in page.text("#answer")


def test_cancelling_does_not_wait_for_the_backend(
    page: PageUnderTest, backend: FakeBackend
) -> None:
    async def endless(socket: backends.ServerConnection, command: dict[str, object]) -> None:
        await backends.burst(100_000, a_second=50)(socket, command)

    backend.script = endless
    page.open()
    before = page.run["id"]
    page.type_query("Go on for ever")
    page.find("execute-button").click()
    page.wait_for(lambda: page.run["id"] != before and page.run["status"] == "running")
    page.wait_for(lambda: page.find("cancel-button").is_displayed())
    page.find("cancel-button").click()
    page.wait_for_end(seconds=5)
    assert page.run["status"] == "cancelled"


@pytest.mark.parametrize("count", [2_000, 50_000])
def test_a_burst_is_shown_whole(page: PageUnderTest, backend: FakeBackend, count: int) -> None:
    backend.script = backends.burst(count)
    page.open()
    page.ask("As fast as you can")
    page.wait_for(lambda: page.counts["head"] == count + 2, seconds=60)
    assert page.run["status"] == "success"
    assert page.counts["gaps"] == page.counts["duplicates"] == 0
    assert page.text("#event-count").startswith(f"events 1–{count + 2:,}")


def test_5000_a_second_are_shown_whole(page: PageUnderTest, backend: FakeBackend) -> None:
    """For 10 s; ``RYX_TEST_LONG=1`` makes it a minute."""
    count = 5_000 * (60 if os.environ.get("RYX_TEST_LONG") else 10)
    backend.script = backends.burst(count, a_second=5_000)
    page.open()
    before = page.run["id"]
    page.type_query("Without a pause")
    page.find("execute-button").click()
    page.wait_for(lambda: page.run["id"] != before)
    page.wait_for(lambda: page.counts["head"] > 0)
    page.wait_for_end(seconds=180)
    page.wait_for(lambda: page.counts["head"] == count + 2, seconds=60)
    assert page.counts["gaps"] == page.counts["duplicates"] == 0


def test_the_models_are_the_backends(page: PageUnderTest, backend: FakeBackend) -> None:
    page.open()
    page.wait_for(lambda: "their-model" in page.text("#model-select"))


def test_the_header_says_which_backend(page: PageUnderTest, backend: FakeBackend) -> None:
    page.open()
    assert backend.url in page.text("header")


@contextmanager
def late(tmp_path: Path, script: Script, port: int) -> Iterator[FakeBackend]:
    with serve_backend(script, port=port) as backend:
        yield backend


def test_a_backend_that_comes_late_is_waited_for(tmp_path: Path, dash_br: Browser) -> None:
    with serve_backend(backends.documented) as gone:
        port = int(gone.url.split(":")[2].split("/")[0])
    with dashboard(tmp_path, RYX_WS_URL=gone.url) as running:
        page = PageUnderTest(dash_br, running)
        page.open()
        before = page.run["id"]
        page.type_query("Is anybody there?")
        page.find("execute-button").click()
        page.wait_for(lambda: page.run["id"] != before)
        page.wait_for(lambda: column(page, "connection refused. Trying again in"))
        assert httpx.get(f"{running.url}/ready").status_code == 503
        with late(tmp_path, backends.documented, port):
            page.wait_for_end()
            assert page.run["status"] == "success"
            assert page.steps == ALL_GREEN
            page.wait_for(lambda: httpx.get(f"{running.url}/ready").status_code == 200)


def test_the_badge_tells_of_both_links(page: PageUnderTest, backend: FakeBackend) -> None:
    page.open()
    page.wait_for(lambda: page.attribute("link-backend", "data-state") == "connected")
    page.find("connection-status").click()
    page.wait_for(lambda: "· Connected. Last heard" in page.text("#link-page"))
    assert page.text("#link-page").startswith(f"127.0.0.1:{page.server.port} ·")
    page.wait_for(lambda: page.text("#link-backend").startswith(f"{backend.url}: connected."))


def test_a_lost_backend_is_said_on_the_page(tmp_path: Path, dash_br: Browser) -> None:
    with serve_backend(backends.documented) as backend:
        port = int(backend.url.split(":")[2].split("/")[0])
        with dashboard(tmp_path, RYX_WS_URL=backend.url) as running:
            page = PageUnderTest(dash_br, running)
            page.open()
            page.wait_for(lambda: page.attribute("link-backend", "data-state") == "connected")
            backend.status = 503
            backend.drop()
            page.wait_for(lambda: "cannot be reached" in page.text("#connection-note"))
            assert page.attribute("connection-status", "data-status") == "connected"
            page.find("connection-status").click()
            page.wait_for(lambda: "HTTP 503" in page.text("#link-backend"))
            assert f"ws://127.0.0.1:{port}" in page.text("#link-backend")
            backend.status = None
            page.wait_for(lambda: page.attribute("link-backend", "data-state") == "connected")
            page.wait_for(lambda: page.text("#connection-note") == "")
