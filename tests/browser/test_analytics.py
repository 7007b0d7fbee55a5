"""The analytics page: spans and filters, charts that lead to the runs behind them, no runs."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dash.testing.browser import Browser
from selenium.webdriver.common.by import By

from ryx_dash.log.base import Run
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.events import Draft, EventKind, step_event, utc
from ryx_dash.protocol.steps import EXECUTE, LLM, STEPS
from tests.browser.page import PageUnderTest
from tests.servers import dashboard

CHARTS = 7
SIZES = [(1600, 1000), (1280, 800), (390, 844)]


def put(log: SqliteLog, number: int, chance: random.Random) -> None:
    """A run of some hour of the last days; each eighth fails, and with it its tool."""
    failed = number % 8 == 0
    begins = datetime.now(UTC) - timedelta(hours=3 * number + 1)
    run_id = f"run{number:03}"
    run = Run(run_id=run_id, input=f"q{number}", created=utc(begins), started=utc(begins))
    call = {"call_id": "c", "tool": "search_web" if failed else "read_file", "success": not failed}
    told = {"model": "small:3b", "time_to_first_token": 150.0, "tokens_per_second": 41.5}
    drafts = [
        step_event(EventKind.TOOL_CALL, EXECUTE, "", data=call),
        step_event(EventKind.TOOL_RESULT, EXECUTE, "", latency=12.0, data=call),
    ]
    for step in STEPS:
        done, data = EventKind.STEP_COMPLETE, told if step is LLM else {}
        latency = 10 ** chance.uniform(0, 4)
        drafts.append(step_event(done, step, step.label, latency=latency, data=data))
    end = EventKind.WORKFLOW_ERROR if failed else EventKind.WORKFLOW_COMPLETE
    drafts.append(Draft(event=end))
    pause = timedelta(milliseconds=chance.randint(5, 400))
    log.restore(run, [d.at(run_id, n, utc(begins + n * pause)) for n, d in enumerate(drafts, 1)])


@pytest.fixture
def filled(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    log = SqliteLog(tmp_path / "data" / "runs.db")
    chance = random.Random(5)
    for number in range(1, 41):
        put(log, number, chance)
    log.close()


@pytest.fixture
def page(tmp_path: Path, dash_br: Browser) -> Iterator[PageUnderTest]:
    with dashboard(tmp_path) as running:
        yield PageUnderTest(dash_br, running)


def resize(page: PageUnderTest, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def opened(page: PageUnderTest, address: str = "/analytics") -> None:
    page.open(address, wait=False)
    page.wait_for(lambda: len(page.all(".js-plotly-plot .plot-container")) == CHARTS)


def figures(page: PageUnderTest) -> dict[str, str]:
    """The figures in words, by their names."""
    return dict(
        page.script(
            "return [...document.querySelectorAll('.analytics-figures > div')]"
            ".map(d => [d.children[0].innerText, d.children[1].innerText])"
        )
    )


def click(page: PageUnderTest, selector: str) -> None:
    """Click into the middle of a mark, as a mouse does: Plotly looks where it is."""
    x, y = page.script(
        "const e = [...document.querySelectorAll(arguments[0])]"
        ".find(e => e.getBoundingClientRect().width * e.getBoundingClientRect().height > 0);"
        "e.scrollIntoView({block: 'center', behavior: 'instant'});"
        "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]",
        selector,
    )
    place = {"x": x, "y": y, "button": "left", "clickCount": 1}
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": kind, **place})
        page.script("return new Promise(done => requestAnimationFrame(() => done()))")


def clicked(page: PageUnderTest, selector: str) -> list[str]:
    """The runs of the list that a mark leads to."""

    def arrives() -> bool:
        if page.script("return location.pathname") == "/analytics":
            click(page, selector)
        return bool(page.script("return location.pathname === '/runs'"))

    page.wait_for(arrives)
    page.wait_for(lambda: page.all("#runs-table tbody tr"))
    return list(
        page.script(
            "return [...document.querySelectorAll('#runs-table tbody tr')]"
            ".map(r => r.dataset.runId)"
        )
    )


@pytest.mark.usefixtures("filled")
def test_spans_and_filters_are_in_the_address(page: PageUnderTest) -> None:
    opened(page, "/analytics?span=all")
    assert (figures(page)["runs"], figures(page)["failed"]) == ("40", "5")
    page.driver.find_element(By.LINK_TEXT, "24 h").click()
    page.wait_for(lambda: figures(page).get("runs") in ("7", "8"))
    page.driver.find_element(By.CSS_SELECTOR, '#runs-status option[value="failed"]').click()
    page.wait_for(lambda: figures(page).get("runs") == "0" or page.all(".analytics-empty"))
    assert page.script("return location.search") == "?span=24h&status=failed"
    page.driver.find_element(By.LINK_TEXT, "all").click()
    page.wait_for(lambda: figures(page).get("runs") == "5")
    assert page.script("return location.search") == "?status=failed&span=all"
    page.driver.back()
    page.driver.back()
    page.wait_for(lambda: figures(page).get("runs") in ("7", "8"))
    page.driver.refresh()
    page.wait_for(lambda: figures(page).get("runs") in ("7", "8"))
    assert page.console == []


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_marks_lead_to_the_runs_behind_them(page: PageUnderTest, width: int, height: int) -> None:
    resize(page, width, height)
    try:
        opened(page, "/analytics?span=all")
        assert page.script("return document.documentElement.scrollWidth") <= width
        assert page.console == []
        failed = [f"run{number:03}" for number in (8, 16, 24, 32, 40)]
        assert set(failed) == set(clicked(page, "#chart-calls .bars:nth-child(2) .point path"))
        listed = page.script("return new URLSearchParams(location.search).get('part')")
        assert listed == "tool:failed:search_web"
        assert "call of" in page.text("#runs-note")
        opened(page, "/analytics?span=all")
        assert set(clicked(page, "#chart-runs .bars:nth-child(2) .point path")) <= set(failed)
        opened(page, "/analytics?span=all")
        slow = clicked(page, "#chart-steps .scatterlayer .trace:nth-last-child(2) .point")
        assert 1 <= len(slow) <= 4
        opened(page, "/analytics?span=all")
        assert clicked(page, "#chart-spread .heatmap-label")
        opened(page, "/analytics?span=all")
        assert (
            len(clicked(page, "#chart-speed .scatterlayer .trace:nth-last-child(2) .point")) == 40
        )
        assert page.script("return location.search").endswith("part=speed%3A41.5-%3Asmall%3A3b")
        opened(page, "/analytics?span=all")
        click(page, ".analytics-slowest a")
        page.wait_for(lambda: (page.run["id"] or "").startswith("run"))
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.usefixtures("filled")
def test_each_chart_is_a_table_and_a_file_too(page: PageUnderTest) -> None:
    opened(page, "/analytics?span=all&tool=search_web")
    details = page.all(".analytics-table")
    assert len(details) == CHARTS
    page.script("document.querySelectorAll('.analytics-table summary').forEach(s => s.click())")
    rows = page.script(
        "return [...document.querySelectorAll('[aria-label=\"Tool calls\"] tbody tr')]"
        ".map(r => [...r.children].slice(0, 3).map(c => c.innerText))"
    )
    assert rows == [["search_web", "5", "5"]]
    texts = page.script(
        "return Promise.all([...document.querySelectorAll('.analytics-main a[download]')]"
        ".map(a => fetch(a.href).then(r => r.text())))"
    )
    assert len(texts) == CHARTS + 1
    assert "search_web,5,5,12.0,12.0,12.0" in texts[3]
    assert page.script("return document.documentElement.scrollWidth") <= 1600
    assert page.console == []


def test_a_log_without_runs_says_so(page: PageUnderTest) -> None:
    page.open("/analytics", wait=False)
    page.wait_for(lambda: page.text("#analytics-body") == "No runs in these 7 days.")
    page.open("/", wait=True)
    page.ask("What is here?")
    page.driver.find_element(By.LINK_TEXT, "Analytics").click()
    page.wait_for(lambda: figures(page).get("runs") == "1")
    assert page.console == []
