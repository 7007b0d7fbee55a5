"""The timeline in the browser: drawn when it is looked at, live, and a way to select."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dash.testing.browser import Browser
from selenium.webdriver import ActionChains
from selenium.webdriver.remote.webelement import WebElement

from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import INPUT, INTENT, RAG
from tests.browser.page import PageUnderTest
from tests.browser.writer import RunWriter
from tests.servers import dashboard


@pytest.fixture
def writer(tmp_path: Path) -> RunWriter:
    return RunWriter(tmp_path)


@pytest.fixture
def page(tmp_path: Path, writer: RunWriter, dash_br: Browser) -> Iterator[PageUnderTest]:
    with dashboard(tmp_path) as running:
        yield PageUnderTest(dash_br, running)


def step(kind: EventKind, of=INPUT) -> Draft:  # type: ignore[no-untyped-def]
    return step_event(kind, of, "…")


def bars(page: PageUnderTest) -> list[str]:
    """The rows that have a bar."""
    return list(
        page.script(
            "const plot = document.querySelector('#timeline .js-plotly-plot');"
            "const spans = plot && plot.data.find(t => t.name === 'spans');"
            "return spans ? [...new Set(spans.y)] : []"
        )
    )


def show(page: PageUnderTest, tab: str) -> None:
    page.script("document.getElementById(arguments[0]).click()", f"tab-{tab}")


def widest(page: PageUnderTest) -> WebElement | None:
    """A bar that a pointer can hit."""
    found: WebElement | None = page.script(
        "return [...document.querySelectorAll('#timeline .barlayer .point path')]"
        ".find(e => { const r = e.getBoundingClientRect();"
        " return r.width > 8 && r.left > 100 && r.right < innerWidth / 2 }) || null"
    )
    return found


def test_it_grows_with_the_run_and_a_click_selects(page: PageUnderTest, writer: RunWriter) -> None:
    page.open()
    writer.write([step(EventKind.STEP_START), step(EventKind.STEP_COMPLETE)])
    show(page, "timeline")
    page.wait_for(lambda: bars(page) == ["input"])
    plot = page.driver.find_element("css selector", "#timeline .nsewdrag")
    ActionChains(page.driver).move_to_element(plot).click_and_hold().move_by_offset(
        80, 0
    ).release().perform()
    ends = "return document.querySelector('#timeline .js-plotly-plot')._fullLayout.xaxis.range"
    page.wait_for(lambda: page.script(ends)[0] > 0)
    zoomed = page.script(ends)
    writer.write([step(EventKind.STEP_START, RAG)])
    page.wait_for(lambda: bars(page) == ["input", "rag"])
    assert page.script(ends) == zoomed
    page.find("timeline-fold").click()  # its seconds are others: everything is seen again
    page.wait_for(lambda: page.script(ends)[0] == 0)
    writer.write([step(EventKind.STEP_PROGRESS, RAG)])
    page.wait_for(lambda: widest(page) is not None)
    ActionChains(page.driver).move_to_element(widest(page)).click().perform()
    selected = "#workflow-steps [aria-current=true]"
    page.wait_for(lambda: page.script(f"return !!document.querySelector('{selected}')"))
    assert page.script(f"return document.querySelector('{selected}').dataset.node") == "rag"
    assert page.console == []


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 800), (390, 844)])
def test_a_click_selects_the_step_in_every_window(
    page: PageUnderTest, writer: RunWriter, size: tuple[int, int]
) -> None:
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    writer.write([step(EventKind.STEP_START, RAG)])
    time.sleep(0.2)  # a bar is as wide as its step was long
    writer.finish()
    page.open(f"/runs/{writer.run.run_id}")
    show(page, "timeline")
    page.wait_for(lambda: len(bars(page)) == 8)
    page.find("timeline-fold").click()
    bar = page.script(
        "const place = {block: 'center', behavior: 'instant'};"
        "document.getElementById('timeline').scrollIntoView(place);"
        "const wide = (e) => e.getBoundingClientRect().width;"
        "return [...document.querySelectorAll('#timeline .barlayer .point path')]"
        ".sort((a, b) => wide(b) - wide(a))[0]"
    )
    ActionChains(page.driver).move_to_element(bar).click().perform()
    page.wait_for(lambda: page.all("#workflow-steps [data-node=rag][aria-current=true]"))
    page.wait_for(lambda: "rag_context" in page.script("return location.search"))
    assert page.script("return document.documentElement.scrollWidth") <= size[0]
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert page.console == []


def test_nothing_is_drawn_that_nobody_looks_at(page: PageUnderTest, writer: RunWriter) -> None:
    page.open()
    asked = (
        "return ['first', 'asked'].map("
        "n => dash_component_api.getLayout(`timeline-${n}`).props.data || null)"
    )
    plotly = (
        "return performance.getEntriesByType('resource').some(r => r.name.includes('/plotly.min'))"
    )
    writer.write([step(EventKind.STEP_START)])
    page.wait_for(lambda: page.steps["input_reception"] == "running")
    assert page.script(asked) == [None, None]
    assert not page.script(plotly)
    show(page, "timeline")
    page.wait_for(lambda: bars(page) == ["input"])
    assert page.script(plotly)
    show(page, "graph")
    before = page.script(asked)
    writer.write([step(EventKind.STEP_START, INTENT)])
    page.wait_for(lambda: page.steps["intent_detection"] == "running")
    assert page.script(asked) == before
    show(page, "timeline")
    page.wait_for(lambda: bars(page) == ["input", "intent"])
    page.driver.refresh()
    page.wait_for(lambda: page.attribute("graph-panel", "data-tab") == "timeline")
    page.wait_for(lambda: bars(page) == ["input", "intent"])


def test_it_travels_in_time(page: PageUnderTest, writer: RunWriter) -> None:
    writer.finish()
    page.open(f"/runs/{writer.run.run_id}?seq=4")
    show(page, "timeline")
    page.wait_for(lambda: bars(page) == ["input", "intent"])
    page.find("travel-live").click()
    page.wait_for(lambda: len(bars(page)) == 8)


def test_what_is_wanted_at_once_is_drawn(page: PageUnderTest, writer: RunWriter) -> None:
    """What comes right after the first drawing is not lost while its answer is awaited."""
    writer.write([step(EventKind.STEP_START)])
    page.open(f"/runs/{writer.run.run_id}")
    show(page, "timeline")
    page.wait_for(lambda: bars(page) == ["input"])
    page.script("document.getElementById('timeline-fold').click()")
    folded = "return dash_component_api.getLayout('timeline-asked').props.data?.folded"
    page.wait_for(lambda: page.script(folded) is True)


def test_a_finger_scrolls_the_page_and_zooms(page: PageUnderTest, writer: RunWriter) -> None:
    def finger(kind: str, *place: float) -> None:
        points = [{"x": place[0], "y": place[1]}] if place else []
        page.driver.execute_cdp_cmd(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points}
        )

    def swipe(right: int, up: int) -> None:
        x, y = page.script(
            "document.getElementById('graph-panel').scrollIntoView({behavior: 'instant'});"
            "const r = document.querySelector('#timeline .nsewdrag').getBoundingClientRect();"
            "return [r.left + 40, r.top + 150]"
        )
        finger("touchStart", x, y)
        for part in range(1, 11):
            finger("touchMove", x + right * part / 10, y - up * part / 10)
        finger("touchEnd")

    seen = "return document.querySelector('#timeline .js-plotly-plot')._fullLayout.xaxis.range"
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        writer.finish()
        page.open(f"/runs/{writer.run.run_id}")
        show(page, "timeline")
        page.wait_for(lambda: len(bars(page)) == 8)
        whole = page.script(seen)
        swipe(0, 0)
        before = page.script("return scrollY")
        swipe(0, 100)
        page.wait_for(lambda: page.script("return scrollY") > before)
        assert page.script(seen) == whole
        swipe(150, 0)
        page.wait_for(lambda: page.script(seen)[0] > 0)
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
