"""The inspector in the browser: where it opens from, what it shows, and how it closes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dash.testing.browser import Browser
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from ryx_dash.protocol.events import EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE, INPUT, LLM, RAG
from tests.browser.page import PageUnderTest
from tests.browser.writer import RunWriter
from tests.servers import dashboard

MARKUP = "<img src=x onerror='window.hacked=1'><b>bold</b>"
HITS = [{"path": f"n{n}.md", "line": n, "snippet": f"Kettle {n}"} for n in range(1, 4)]
RAW = '{"event":"tool_result","said":"as it came"}'


@pytest.fixture
def writer(tmp_path: Path) -> RunWriter:
    """A run in its sixth step: one call has a result, another goes on."""
    writer = RunWriter(tmp_path)
    call = {"call_id": "a", "tool": "search_local"}
    writer.write(
        [
            step_event(EventKind.STEP_START, INPUT, "Reading"),
            step_event(EventKind.STEP_COMPLETE, INPUT, "Read", latency=2, data={"text": "why?"}),
            step_event(EventKind.STEP_START, EXECUTE, "Two tools"),
            step_event(EventKind.TOOL_CALL, EXECUTE, "asks", data={**call, "args": {"q": MARKUP}}),
            step_event(
                EventKind.TOOL_RESULT,
                EXECUTE,
                "has",
                latency=48.0,
                data={**call, "success": True, "output": {"hits": HITS}, "_raw": RAW},
            ),
            step_event(EventKind.TOOL_CALL, EXECUTE, "b", data={"call_id": "b", "tool": "slow"}),
            step_event(EventKind.STEP_START, RAG, "Looking"),
        ]
    )
    return writer


@pytest.fixture
def page(tmp_path: Path, writer: RunWriter, dash_br: Browser) -> Iterator[PageUnderTest]:
    with dashboard(tmp_path) as running:
        page = PageUnderTest(dash_br, running)
        yield page
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def shown(page: PageUnderTest) -> str:
    """The title in the open inspector; empty if it is closed."""
    if not page.find("inspector").is_displayed():
        return ""
    if page.attribute("inspector", "data-waiting") == "yes":
        return ""
    return page.text("#inspector-head h3")


def part(page: PageUnderTest, name: str) -> str:
    return page.text(f'#inspector-body [data-part="{name}"] .payload')


def inspected(page: PageUnderTest) -> str | None:
    """What the address says."""
    value: str | None = page.script("return new URLSearchParams(location.search).get('inspect')")
    return value


def row(page: PageUnderTest, text: str) -> None:
    """Click the row with this message."""
    page.script(
        "[...document.querySelectorAll('#event-table td[data-dash-column=\"message\"]')]"
        ".find(c => c.innerText.trim() === arguments[0]).click()",
        text,
    )


def focus_is_inside(page: PageUnderTest) -> bool:
    return bool(page.script("return !!document.activeElement.closest('#inspector')"))


def press(page: PageUnderTest, *keys: str) -> None:
    ActionChains(page.driver).send_keys(*keys).perform()


def step_item(page: PageUnderTest, node: str) -> None:
    page.script(f"document.querySelector('#workflow-steps [data-node=\"{node}\"]').click()")


def test_it_opens_from_everywhere_and_back_closes_it(page: PageUnderTest) -> None:
    page.open()
    page.wait_for(lambda: page.counts["head"] == 8)
    row(page, "has")
    page.wait_for(lambda: shown(page) == "tool_result")
    assert (inspected(page), focus_is_inside(page)) == ("event:6", True)
    assert "as it came" in part(page, "raw upstream text")
    page.script("document.querySelector('[data-inspect=\"call:a\"]').click()")
    page.wait_for(lambda: shown(page) == "search_local")
    assert inspected(page) == "call:a"
    assert '"q"' in part(page, "arguments")
    page.wait_for(lambda: len(page.rows) == 2)  # the call is selected everywhere
    step_item(page, "input")
    page.wait_for(lambda: shown(page) == "Input")
    assert inspected(page) == "step:input_reception"
    page.driver.back()
    page.wait_for(lambda: not page.find("inspector").is_displayed())
    assert inspected(page) is None
    page.wait_for(lambda: len(page.rows) == 8)
    page.driver.forward()
    page.wait_for(lambda: shown(page) == "Input")
    page.find("inspector-close").click()
    page.wait_for(lambda: not page.find("inspector").is_displayed())
    page.wait_for(lambda: inspected(page) is None)
    assert page.script("return document.querySelectorAll('img[src=x]').length") == 0
    assert page.script("return window.hacked") is None
    assert page.console == []


def test_the_keyboard_alone(page: PageUnderTest) -> None:
    page.open()
    page.wait_for(lambda: page.counts["head"] == 8)
    page.script("document.activeElement.blur()")
    press(page, Keys.ENTER)  # the event that the page stands at
    page.wait_for(lambda: inspected(page) == "event:8")
    page.wait_for(lambda: shown(page) == "step_start")
    assert focus_is_inside(page)
    press(page, "k")
    page.wait_for(lambda: page.counts["head"] == 7)
    page.wait_for(lambda: inspected(page) == "event:7" and shown(page) == "tool_call")
    press(page, "j", Keys.ESCAPE)
    page.wait_for(lambda: not page.find("inspector").is_displayed())
    page.wait_for(lambda: page.counts["head"] == 8)
    page.script("document.querySelector('#event-table tr[tabindex=\"0\"]').focus()")
    press(page, Keys.ARROW_UP, Keys.ARROW_UP, Keys.ENTER)
    page.wait_for(lambda: inspected(page) == "event:6")
    press(page, "/", "ket")
    page.wait_for(lambda: page.text("#inspector-hits").startswith("1 of 3"))
    press(page, Keys.ENTER)
    page.wait_for(lambda: page.text("#inspector-hits").startswith("2 of 3"))
    press(page, Keys.SHIFT, Keys.ENTER)
    press(page, Keys.ESCAPE)  # empties the search
    page.wait_for(lambda: page.text("#inspector-hits") == "")
    assert page.find("inspector").is_displayed()
    press(page, Keys.ESCAPE)
    page.wait_for(lambda: not page.find("inspector").is_displayed())
    assert page.script("return document.activeElement.tagName") == "TR"
    assert page.console == []


def test_a_step_goes_on_while_it_is_inspected(page: PageUnderTest, writer: RunWriter) -> None:
    page.open()
    page.wait_for(lambda: page.counts["head"] == 8)
    step_item(page, "rag")
    page.wait_for(lambda: shown(page) == "Context")
    assert page.attribute("inspector", "data-waiting") == "no"
    assert "running" in page.text("#inspector-head")
    writer.write([step_event(EventKind.STEP_PROGRESS, RAG, "Half of the files")])
    page.wait_for(lambda: "Half of the files" in page.text("#inspector-head"))
    data = {"hits": HITS, "files": 3}
    writer.write([step_event(EventKind.STEP_COMPLETE, RAG, "3 passages", latency=9, data=data)])
    page.wait_for(lambda: '"files": 3' in part(page, "output"))
    page.wait_for(lambda: "success" in page.text("#inspector-head"))
    assert focus_is_inside(page)
    page.find("travel-back").click()  # as it stood before its last event
    page.wait_for(lambda: "running" in page.text("#inspector-head"))
    page.wait_for(lambda: part(page, "output") == "")
    page.find("travel-live").click()
    page.wait_for(lambda: '"files": 3' in part(page, "output"))


def test_payloads_in_three_forms(page: PageUnderTest, writer: RunWriter) -> None:
    page.open(f"/runs/{writer.run.run_id}?seq=6&inspect=call:a")
    page.wait_for(lambda: shown(page) == "search_local")
    assert page.counts["head"] == 6
    link = page.attribute("inspector-link", "data-copy")
    assert link == f"{page.server.url}/runs/{writer.run.run_id}?seq=6&inspect=call:a"
    page.find("inspector-as-table").click()
    cells = '#inspector-body [data-part="output"] td'
    page.wait_for(lambda: "n2.md" in [cell.text for cell in page.all(cells)])
    page.find("inspector-as-text").click()
    page.wait_for(lambda: "path: n2.md" in part(page, "output"))
    page.driver.refresh()  # this browser remembers the form, and the address the rest
    page.wait_for(lambda: "path: n2.md" in part(page, "output"))
    page.find("inspector-as-json").click()
    page.wait_for(lambda: '"path": "n2.md"' in part(page, "output"))
    assert page.console == []


def test_a_megabyte_is_shown_in_part_and_then_all_of_it(
    page: PageUnderTest, writer: RunWriter
) -> None:
    lines = "".join(f"line {n} of many\n" for n in range(70_000)) + "the needle"
    writer.write([step_event(EventKind.STEP_PROGRESS, LLM, "long", data={"text": lines})])
    page.open(f"/runs/{writer.run.run_id}?inspect=event:9")
    page.wait_for(lambda: shown(page) == "step_progress")
    cut = page.text("#inspector-body .part-cut")
    assert cut.startswith("The first 50,000 of 1,")
    size = "return document.querySelector('#inspector-body .payload').textContent.length"
    assert page.script(size) == 50_000
    page.find("inspector-search").send_keys("needle")
    page.wait_for(lambda: page.text("#inspector-hits") == "no hits, in what is shown")
    page.all(".show-whole")[0].click()
    page.wait_for(lambda: page.script(size) > 1_000_000)
    page.wait_for(lambda: page.text("#inspector-hits") == "1 of 1")
    page.find("inspector-search").send_keys(Keys.ENTER)
    page.find("inspector-as-text").click()
    start = "return document.querySelector('#inspector-body .payload').textContent"
    page.wait_for(lambda: str(page.script(start)).startswith("text:\n  line 0 "))
    page.script(
        "window.copied = null; navigator.clipboard.writeText = async t => { window.copied = t }"
    )
    page.all('#inspector-body [data-part="data"] .copy-button')[0].click()
    page.wait_for(lambda: page.script("return window.copied && window.copied.length > 1000000"))


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 800), (390, 844)])
def test_it_fits_every_window(
    page: PageUnderTest, writer: RunWriter, size: tuple[int, int]
) -> None:
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page.open(f"/runs/{writer.run.run_id}?inspect=call:a")
    for form in ("json", "text", "table"):
        page.find(f"inspector-as-{form}").click()
        page.wait_for(lambda: shown(page) == "search_local" and part(page, "output"))
        assert page.script("return document.documentElement.scrollWidth") <= width
    left, right = page.script(
        "const {left, right} = document.getElementById('inspector').getBoundingClientRect();"
        "return [left, right]"
    )
    assert right <= width
    assert (left == 0) is (width == 390)
    page.find("inspector-close").click()
    page.wait_for(lambda: not page.find("inspector").is_displayed())


def test_back_and_forth_go_where_a_person_expects(page: PageUnderTest, writer: RunWriter) -> None:
    run_id = writer.run.run_id
    page.open()
    page.wait_for(lambda: page.run["id"] == run_id)
    page.open(f"/runs/{run_id}")
    page.wait_for(lambda: page.counts["head"] == 8)
    page.script("document.activeElement.blur()")
    press(page, "g", "r")
    page.wait_for(lambda: page.all(f'tr[data-run-id="{run_id}"] .runs-query'))
    page.all(f'tr[data-run-id="{run_id}"] .runs-query')[0].click()
    page.wait_for(lambda: page.run["id"] == run_id)
    step_item(page, "rag")
    page.wait_for(lambda: shown(page) == "Context")
    path = "return location.pathname + location.search"
    here = f"/runs/{run_id}"
    page.driver.back()
    page.wait_for(lambda: not page.find("inspector").is_displayed())
    assert page.script(path) == here
    page.driver.back()
    page.wait_for(lambda: page.script(path) == "/runs" and page.all("#runs-table tbody tr"))
    page.driver.back()
    page.wait_for(lambda: page.script(path) == here and page.run["id"] == run_id)
    page.driver.back()
    page.wait_for(lambda: page.script(path) == "/" and page.run["id"] == run_id)
    for _ in range(4):
        page.driver.forward()
    page.wait_for(lambda: shown(page) == "Context")
    assert page.script(path) == f"{here}?inspect=step:rag_context"


def test_what_is_not_there_is_said(page: PageUnderTest, writer: RunWriter) -> None:
    for what, words in (
        ("event:500", "It comes later than the moment that is shown, event 8."),
        ("call:nobody", "The run has no such tool call"),
        ("step:rag_context&seq=2", ""),
    ):
        page.open(f"/runs/{writer.run.run_id}?inspect={what}")
        page.wait_for(lambda words=words: words in page.text("#inspector-head"))  # type: ignore[misc]
    page.wait_for(lambda: "pending" in page.text("#inspector-head"))


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 800)])
def test_beside_the_inspector_the_graph_can_be_read(
    page: PageUnderTest, writer: RunWriter, size: tuple[int, int]
) -> None:
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    writer.finish()
    page.open(f"/runs/{writer.run.run_id}?inspect=step:rag_context")
    page.wait_for(lambda: shown(page))
    wide, high = page.script(
        "const { clientWidth, clientHeight } = document.getElementById('workflow-graph');"
        "return [clientWidth, clientHeight]"
    )
    assert wide >= 300
    assert high >= 300
    seen = page.script(
        "return ['graph', 'monitor', 'answer', 'tools']"
        ".map(name => document.getElementById(`${name}-panel`).getBoundingClientRect())"
        ".map(({width, height}) => [width, height])"
    )
    assert all(width >= 280 and height >= 96 for width, height in seen)
    page.find("inspector-close").click()
    page.wait_for(lambda: not page.find("inspector").is_displayed())
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
