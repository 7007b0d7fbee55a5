"""The monitor and its controls: pages out of the log, filters, following, pausing, selecting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dash.testing.browser import Browser
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE, INPUT, LLM
from ryx_dash.views.monitor import ALL
from tests.browser.page import PageUnderTest
from tests.browser.writer import RunWriter
from tests.servers import dashboard

BURST = 50_000


@pytest.fixture
def writer(tmp_path: Path) -> RunWriter:
    return RunWriter(tmp_path)


@pytest.fixture
def page(tmp_path: Path, writer: RunWriter, dash_br: Browser) -> Iterator[PageUnderTest]:
    with dashboard(tmp_path) as running:
        yield PageUnderTest(dash_br, running)


def messages(page: PageUnderTest) -> list[str]:
    """The message column, top to bottom."""
    return list(
        page.script(
            "return [...document.querySelectorAll("
            "'#event-table td[data-dash-column=\"message\"]')].map(c => c.innerText.trim())"
        )
    )


def choose(page: PageUnderTest, element_id: str, value: str) -> None:
    """Choose an option of a native select."""
    page.driver.find_element(By.CSS_SELECTOR, f'#{element_id} option[value="{value}"]').click()


def test_a_burst_ends_complete_and_clicks_are_answered(
    page: PageUnderTest, writer: RunWriter
) -> None:
    page.open()
    writer.burst(BURST // 2)
    page.find("pause-button").click()
    page.wait_for(lambda: page.attribute("pause-button", "aria-pressed") == "true")
    paused_at = page.counts["head"]
    writer.burst(BURST // 2)
    writer.finish()
    assert page.counts["head"] == paused_at
    page.find("pause-button").click()
    page.wait_for(lambda: page.counts["head"] == writer.run.head)
    page.wait_for_end()
    assert writer.run.head == BURST + 18
    assert page.counts["gaps"] == page.counts["duplicates"] == 0
    page.wait_for(lambda: messages(page)[-1:] == ["Completed"])
    assert len(messages(page)) == 50
    assert page.console == []


def test_every_page_of_the_log_can_be_reached(page: PageUnderTest, writer: RunWriter) -> None:
    writer.burst(199)
    page.open()
    page.wait_for(lambda: messages(page)[-1:] == ["event 199"])
    seen = messages(page)
    for _ in range(3):
        first = messages(page)[0]
        page.driver.find_element(By.CSS_SELECTOR, "#event-table .previous-page").click()
        page.wait_for(lambda first=first: messages(page)[:1] != [first])  # type: ignore[misc]
        seen = messages(page) + seen
    assert seen == ["Begins", *(f"event {n}" for n in range(1, 200))]


def below(page: PageUnderTest) -> int:
    """Pixels of the monitor's rows that lie below what is in sight."""
    return int(
        page.script(
            "const e = document.getElementById('monitor-scroll');"
            "return Math.round(e.scrollHeight - e.scrollTop - e.clientHeight)"
        )
    )


def resize(page: PageUnderTest, width: int, height: int) -> None:
    """Give the window another size."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def test_following_ends_at_the_newest_row_in_a_window_of_any_size(
    page: PageUnderTest, writer: RunWriter
) -> None:
    resize(page, 1600, 1000)
    page.open()
    writer.burst(20)
    writer.finish()
    page.wait_for_end()
    page.wait_for(lambda: messages(page)[-1:] == ["Completed"])
    tall = page.script("return document.getElementById('monitor-scroll').clientHeight")
    page.wait_for(lambda: below(page) == 0)
    resize(page, 1280, 800)
    page.wait_for(
        lambda: page.script("return document.getElementById('monitor-scroll').clientHeight") < tall
    )
    page.wait_for(lambda: below(page) == 0)
    assert page.script("return document.getElementById('monitor-scroll').scrollTop") > 0
    assert page.attribute("follow-toggle", "aria-pressed") == "true"


def test_paging_away_stops_following_and_new_events_are_counted(
    page: PageUnderTest, writer: RunWriter
) -> None:
    writer.burst(120)
    page.open()
    page.wait_for(lambda: messages(page)[-1:] == ["event 120"])
    page.driver.find_element(By.CSS_SELECTOR, "#event-table .first-page").click()
    page.wait_for(lambda: messages(page)[:1] == ["Begins"])
    writer.burst(30)
    page.wait_for(lambda: page.counts["head"] == writer.run.head)
    assert messages(page)[:1] == ["Begins"]
    page.wait_for(lambda: "30 new" in page.text("#follow-toggle"))
    page.find("follow-toggle").click()
    page.wait_for(lambda: messages(page)[-1:] == ["event 30"])


def test_filters_work_on_the_whole_log(page: PageUnderTest, writer: RunWriter) -> None:
    writer.write([step_event(EventKind.STEP_ERROR, INPUT, "needle broke")])
    writer.burst(100)
    writer.write([Draft(event="llm_token", step=LLM.name, node="llm", data={"text": "tok"})])
    page.open()
    page.wait_for(lambda: messages(page)[-1:] == ["event 100"])
    assert page.counts["hidden"] == 1
    choose(page, "filter-steps", INPUT.name)
    page.wait_for(lambda: messages(page) == ["needle broke"])
    assert page.counts["hidden"] == 102
    choose(page, "filter-steps", ALL)
    choose(page, "filter-level", "error")
    page.wait_for(lambda: messages(page) == ["needle broke"])
    choose(page, "filter-level", ALL)
    page.find("filter-text").send_keys("event 77")
    page.wait_for(lambda: messages(page) == ["event 77"])
    page.find("filter-text").send_keys("77777")
    page.wait_for(lambda: messages(page) == [])
    assert page.text("#filter-reset") == "clear filters"
    page.find("filter-reset").click()
    page.wait_for(lambda: messages(page)[-1:] == ["event 100"])
    page.find("filter-tokens").click()
    page.wait_for(lambda: page.counts["hidden"] == 0)


def test_clear_empties_the_view_and_not_the_log(page: PageUnderTest, writer: RunWriter) -> None:
    writer.burst(20)
    page.open()
    page.wait_for(lambda: messages(page)[-1:] == ["event 20"])
    page.find("clear-button").click()
    page.wait_for(lambda: messages(page) == [])
    assert page.counts["head"] == 21
    writer.burst(2)
    page.wait_for(lambda: messages(page) == ["event 1", "event 2"])
    page.open()
    page.wait_for(lambda: len(messages(page)) == 23)


def test_a_step_is_selected_with_the_keyboard(page: PageUnderTest, writer: RunWriter) -> None:
    writer.burst(20)
    writer.write([step_event(EventKind.STEP_COMPLETE, INPUT, "5 characters", latency=3.5)])
    page.open()
    page.wait_for(lambda: page.steps["input_reception"] == "success")
    item = page.driver.find_element(By.CSS_SELECTOR, f'#workflow-steps [data-step="{INPUT.name}"]')
    focusable = item.find_elements(By.CSS_SELECTOR, "button, [tabindex]") or [item]
    focusable[0].send_keys(Keys.ENTER)
    page.wait_for(lambda: messages(page) == ["5 characters"])
    focusable = page.all("#workflow-steps button, #workflow-steps [tabindex]")
    focusable[0].send_keys(Keys.ESCAPE)
    page.wait_for(lambda: len(messages(page)) == 22)


def test_two_calls_of_one_tool_are_two_cards(page: PageUnderTest, writer: RunWriter) -> None:
    def call(kind: EventKind, call_id: str, **data: object) -> Draft:
        whole = {"call_id": call_id, "tool": "read_file", **data}
        return step_event(kind, EXECUTE, "read_file", data=whole)

    writer.write(
        [
            call(EventKind.TOOL_CALL, "a", args={"path": "one"}),
            call(EventKind.TOOL_CALL, "b", args={"path": "two"}),
            call(EventKind.TOOL_RESULT, "b", success=False, output=None, error="two is gone"),
        ]
    )
    page.open()
    page.wait_for(lambda: len(page.cards) == 2)
    assert {card["callId"]: card["status"] for card in page.cards} == {
        "a": "running",
        "b": "failed",
    }
    assert "two is gone" in page.text("#tool-results")
    assert page.text("#tool-count") == "2"


def test_markup_in_events_is_text(page: PageUnderTest, writer: RunWriter) -> None:
    evil = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"
    writer.write(
        [
            step_event(EventKind.STEP_PROGRESS, INPUT, evil, data={"note": evil}),
            step_event(
                EventKind.TOOL_CALL,
                EXECUTE,
                evil,
                data={"call_id": evil, "tool": evil, "args": {evil: evil}},
            ),
            Draft(event="new_kind", step=evil, node=evil, message=evil),
        ]
    )
    page.open()
    page.wait_for(lambda: page.counts["head"] == writer.run.head)
    assert evil in messages(page)
    assert page.script("return window.hacked") is None
    assert page.script("return document.querySelectorAll('img[src=x]').length") == 0
    assert page.console == []


def test_a_message_of_a_megabyte_is_cut_and_said(page: PageUnderTest, writer: RunWriter) -> None:
    writer.write([step_event(EventKind.STEP_PROGRESS, INPUT, "long " * 200_000)])
    output = {"path": "big.txt", "text": "line\n" * 200_000, "start": 1, "end": 200_000}
    data = {"call_id": "a", "tool": "read_file", "success": True, "output": output, "error": None}
    writer.write([step_event(EventKind.TOOL_RESULT, EXECUTE, "read_file", data=data)])
    page.open()
    page.wait_for(lambda: page.counts["head"] == writer.run.head)
    assert len(messages(page)[-2]) <= 520
    assert len(page.text("#tool-results")) < 20_000
    page.wait_for(lambda: "show all" in page.text("#tool-results").lower())
    page.driver.find_element(
        By.XPATH, "//*[@id='tool-results']//*[contains(text(), 'how all')]"
    ).click()
    page.wait_for(lambda: len(page.text("#tool-results")) > 500_000)
    writer.write([step_event(EventKind.TOOL_RESULT, EXECUTE, "t", data=data | {"call_id": "b"})])
    page.wait_for(lambda: len(page.all("#tool-results [data-call-id]")) == 2)
    assert len(page.text('#tool-results [data-call-id="a"]')) > 500_000
    assert len(page.text('#tool-results [data-call-id="b"]')) < 20_000


def test_what_was_unfolded_in_one_run_is_not_shown_of_another(
    page: PageUnderTest, tmp_path: Path
) -> None:
    runs = []
    for rest in ("one", "other"):
        run = RunWriter(tmp_path)
        output = {"path": "a.txt", "text": "the same line\n" * 1_000 + rest}
        data = {"call_id": "a", "tool": "read_file", "success": True, "output": output}
        run.write([step_event(EventKind.TOOL_RESULT, EXECUTE, "read_file", data=data)])
        runs.append(run.run.run_id)

    def unfold_and_end(run_id: str) -> str:
        page.wait_for(lambda: page.run["id"] == run_id and page.all("[data-show-all]"))
        assert len(page.text("#tool-results pre")) < 10_000
        page.all("[data-show-all]")[0].click()
        page.wait_for(lambda: len(page.text("#tool-results pre")) > 10_000)
        return page.text("#tool-results pre").splitlines()[-1]

    page.open(f"/runs/{runs[0]}")
    assert unfold_and_end(runs[0]) == "one"
    go = "history.pushState(null, '', arguments[0]); dispatchEvent(new PopStateEvent('popstate'))"
    page.script(go, f"/runs/{runs[1]}")
    assert unfold_and_end(runs[1]) == "other"
    page.driver.back()
    assert unfold_and_end(runs[0]) == "one"
