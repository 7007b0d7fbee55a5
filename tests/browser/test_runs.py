"""The list of runs: live, filtered by its address, searched, and what is done with picked runs."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from dash.testing.browser import Browser
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from ryx_dash.log.base import EventLog, NewRun, Run
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.events import Draft, Event, EventKind, now, step_event
from ryx_dash.protocol.steps import EXECUTE, LLM
from tests.browser.page import PageUnderTest
from tests.servers import dashboard

TABLE = "#runs-table tbody tr"


def stamp(minute: int) -> str:
    return f"2026-01-01T{minute // 60:02}:{minute % 60:02}:00.000000Z"


def put(log: EventLog, number: int) -> None:
    """An ended run; each tenth has failed, number 7 knows of a kettle, number 8 of markup."""
    run = Run(run_id=f"run{number:03}", input=f"question {number}", created=stamp(number))
    said = {7: "the kettle is blue", 8: "<b>bold</b> kettle"}.get(number, "nothing of note")
    data = {"call_id": "c", "tool": "read_file", "output": {"text": said}, "success": True}
    failed = number % 10 == 0
    drafts = [
        Draft(event=EventKind.WORKFLOW_START, message="Begins", data={"input": run.input}),
        step_event(EventKind.TOOL_CALL, EXECUTE, "Calls", data={"call_id": "c", "tool": "x"}),
        step_event(EventKind.TOOL_RESULT, EXECUTE, "Has", data=data),
        step_event(EventKind.STEP_START, LLM, "Asks"),
        Draft(event=EventKind.WORKFLOW_ERROR, message="Refused")
        if failed
        else Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": f"answer {number}"}),
    ]
    events: list[Event] = [d.at(run.run_id, n, stamp(number)) for n, d in enumerate(drafts, 1)]
    log.restore(run, events)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    (tmp_path / "data").mkdir()
    log = SqliteLog(tmp_path / "data" / "runs.db")
    for number in range(1, 71):
        put(log, number)
    yield log
    log.close()


@pytest.fixture
def page(tmp_path: Path, log: SqliteLog, dash_br: Browser) -> Iterator[PageUnderTest]:
    with dashboard(tmp_path) as running:
        yield PageUnderTest(dash_br, running)


def listed(page: PageUnderTest) -> list[str]:
    """The ids of the runs in the list."""
    return list(
        page.script(f"return [...document.querySelectorAll('{TABLE}')].map(r => r.dataset.runId)")
    )


def choose(page: PageUnderTest, element_id: str, value: str) -> None:
    page.driver.find_element(By.CSS_SELECTOR, f'#{element_id} option[value="{value}"]').click()


def search(page: PageUnderTest) -> str:
    return str(page.script("return location.search"))


def pick(page: PageUnderTest, *run_ids: str) -> None:
    for run_id in run_ids:
        page.driver.find_element(By.CSS_SELECTOR, f'.pick[data-run="{run_id}"]').click()


def test_every_run_can_be_reached_page_by_page(page: PageUnderTest) -> None:
    page.open("/runs")
    page.wait_for(lambda: len(listed(page)) == 50)
    assert listed(page)[0] == "run070"
    page.driver.find_element(By.LINK_TEXT, "older").click()
    page.wait_for(lambda: listed(page)[-1:] == ["run001"])
    assert len(listed(page)) == 20
    page.driver.back()
    page.wait_for(lambda: listed(page)[:1] == ["run070"])
    page.driver.find_element(By.CSS_SELECTOR, 'tr[data-run-id="run070"] .runs-query').click()
    page.wait_for(lambda: page.run["id"] == "run070")
    page.driver.find_element(By.LINK_TEXT, "Runs").click()
    page.wait_for(lambda: len(listed(page)) == 50)
    assert page.console == []


def test_a_run_appears_and_ends_in_front_of_the_viewer(page: PageUnderTest) -> None:
    page.open("/runs")
    page.wait_for(lambda: listed(page))
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    page.open("/")
    run_id = page.ask("What is new?")
    page.driver.switch_to.window(first)
    page.wait_for(lambda: listed(page)[:1] == [run_id])
    page.wait_for(
        lambda: page.script(f"return document.querySelector('{TABLE}').dataset.status") == "success"
    )


def test_filters_are_in_the_address_and_back_undoes_them(page: PageUnderTest) -> None:
    page.open("/runs")
    page.wait_for(lambda: len(listed(page)) == 50)
    choose(page, "runs-status", "failed")
    page.wait_for(lambda: len(listed(page)) == 7)
    assert search(page) == "?status=failed"
    page.wait_for(lambda: "7 of 70 runs · filters hide 63 ·" in page.text("#runs-note"))
    page.find("runs-until").send_keys("2025-12-31", Keys.ENTER)
    page.wait_for(lambda: listed(page) == [])
    assert "No run passes" in page.text("#runs-note")
    page.driver.back()
    page.wait_for(lambda: len(listed(page)) == 7)
    assert page.find("runs-until").get_property("value") == ""
    page.driver.refresh()
    page.wait_for(lambda: len(listed(page)) == 7)
    assert page.find("runs-status").get_property("value") == "failed"
    page.find("runs-clear").click()
    page.wait_for(lambda: len(listed(page)) == 50)
    assert search(page) == ""
    assert page.console == []


def test_a_search_marks_what_it_found_and_leads_there(page: PageUnderTest) -> None:
    page.open("/runs")
    page.wait_for(lambda: listed(page))
    page.find("runs-text").send_keys("kett")
    page.wait_for(lambda: listed(page) == ["run008", "run007"])
    assert search(page) == "?q=kett"
    marks = page.script(
        "return [...document.querySelectorAll('#runs-table mark')].map(m => m.innerText)"
    )
    assert marks == ["kettle", "kettle"]
    assert page.all("#runs-table b") == []
    assert "<b>bold</b>" in page.text("#runs-table")
    link = page.all(".runs-hit")[1]
    assert "event 3" in link.text
    link.click()
    page.wait_for(lambda: page.run["id"] == "run007")


def test_what_is_typed_quickly_comes_out_as_typed(page: PageUnderTest) -> None:
    page.open("/runs")
    page.wait_for(lambda: listed(page))
    text = "the quick brown fox jumps over the lazy dog " * 3
    field = page.find("runs-text")
    field.send_keys(text)
    assert field.get_property("value") == text
    page.wait_for(lambda: search(page) == f"?q={text.replace(' ', '+')}")
    assert field.get_property("value") == text


def test_keys_work_here_as_well(page: PageUnderTest) -> None:
    page.open("/runs")
    page.wait_for(lambda: listed(page))

    def press(*keys: str) -> None:
        ActionChains(page.driver).send_keys(*keys).perform()

    press("?")
    assert page.script("return document.getElementById('help').open")
    press(Keys.ESCAPE, "/", "?gr")
    assert page.script("return document.activeElement.id") == "runs-text"
    assert page.find("runs-text").get_property("value") == "?gr"
    page.script("document.activeElement.blur()")
    press("g", "a")
    page.wait_for(lambda: page.script("return location.pathname") == "/analytics")
    page.wait_for(lambda: page.script("return !!document.getElementById('help')"))
    press("g", "l")
    page.wait_for(lambda: page.script("return location.pathname") == "/")


def test_a_view_is_kept_under_a_name(page: PageUnderTest) -> None:
    page.open("/runs?status=failed")
    page.wait_for(lambda: len(listed(page)) == 7)
    page.find("runs-view-save").click()
    page.find("runs-view-name").send_keys("not this", Keys.ESCAPE)
    page.wait_for(lambda: not page.find("runs-view-name").is_displayed())
    page.find("runs-view-save").click()
    page.find("runs-view-name").send_keys("what failed", Keys.ENTER)
    page.wait_for(lambda: page.all('#runs-view option[value="what failed"]'))
    page.open("/runs")
    page.wait_for(lambda: len(listed(page)) == 50)
    choose(page, "runs-view", "what failed")
    page.wait_for(lambda: len(listed(page)) == 7)
    assert search(page) == "?status=failed"
    page.find("runs-view-forget").click()
    page.wait_for(lambda: not page.all('#runs-view option[value="what failed"]'))
    assert page.console == []


def test_deleting_asks_first(page: PageUnderTest, log: SqliteLog) -> None:
    page.open("/runs?status=failed")
    page.wait_for(lambda: len(listed(page)) == 7)
    pick(page, "run010", "run020", "run030")
    page.wait_for(lambda: page.text("#runs-count") == "3 picked")
    pick(page, "run030")
    page.wait_for(lambda: page.text("#runs-count") == "2 picked")
    page.find("runs-delete").click()
    page.wait_for(lambda: page.find("runs-confirm-yes").is_displayed())
    page.find("runs-confirm-no").click()
    page.wait_for(lambda: not page.find("runs-confirm-yes").is_displayed())
    page.find("runs-delete").click()
    page.wait_for(lambda: page.find("runs-confirm-yes").is_displayed())
    page.find("runs-confirm-yes").click()
    page.wait_for(lambda: len(listed(page)) == 5)
    assert page.text("#runs-notice") == "Deleted 2 runs."
    assert log.run("run010") is None
    assert not page.find("runs-actions").is_displayed()
    assert page.console == []


def test_what_is_picked_and_not_to_be_seen_is_said(page: PageUnderTest) -> None:
    page.open("/runs")
    page.wait_for(lambda: len(listed(page)) == 50)
    pick(page, "run069")
    choose(page, "runs-status", "failed")
    page.wait_for(lambda: page.text("#runs-count") == "1 picked, not on this page")
    page.all("th .pick")[0].click()
    page.wait_for(lambda: page.text("#runs-count") == "8 picked, 1 of them not on this page")
    assert len(page.all('.pick[data-run][aria-checked="true"]')) == 7
    page.find("runs-delete").click()
    page.wait_for(lambda: "Delete these 8 runs for good?" in page.text("#runs-confirm"))
    page.wait_for(lambda: page.script("return document.activeElement.id") == "runs-confirm-no")
    page.find("runs-confirm-no").click()
    page.wait_for(lambda: page.script("return document.activeElement.id") == "runs-delete")
    page.all("th .pick")[0].click()
    page.wait_for(lambda: page.text("#runs-count") == "1 picked, not on this page")
    assert page.console == []


def test_a_pick_goes_with_its_run_when_others_come(page: PageUnderTest) -> None:
    page.open("/runs")
    page.wait_for(lambda: len(listed(page)) == 50)
    pick(page, "run069")
    for text in ("one", "two"):
        httpx.post(f"{page.server.url}/api/runs", json={"input": text})
    page.wait_for(lambda: listed(page)[2:4] == ["run070", "run069"])

    def checked() -> list[str]:
        boxes = page.all('.pick[data-run][aria-checked="true"]')
        return [str(box.get_attribute("data-run")) for box in boxes]

    page.wait_for(lambda: checked() == ["run069"])


def test_every_picked_run_is_exported_however_many(page: PageUnderTest, tmp_path: Path) -> None:
    page.open("/runs?until=2026-01-01T00:26")
    page.wait_for(lambda: len(listed(page)) == 25)
    page.all("th .pick")[0].click()
    page.wait_for(lambda: page.text("#runs-count") == "25 picked")
    page.find("runs-export").find_element(By.CSS_SELECTOR, "[data-export=jsonl]").click()
    page.wait_for(lambda: len(list((tmp_path / "download").glob("*.jsonl"))) == 25)
    page.wait_for(lambda: page.text("#runs-notice") == "Saved 25 files.")
    assert page.console == []


def test_another_page_is_read_from_its_beginning(page: PageUnderTest) -> None:
    page.open("/runs")
    page.wait_for(lambda: len(listed(page)) == 50)
    page.script("document.querySelector('.panel-body').scrollTop = 9999")
    assert page.script("return document.querySelector('.panel-body').scrollTop") > 0
    page.driver.find_element(By.LINK_TEXT, "older").click()
    page.wait_for(lambda: len(listed(page)) == 20)
    page.wait_for(
        lambda: page.script("return document.querySelector('.panel-body').scrollTop") == 0
    )


def test_a_tool_that_is_new_can_be_chosen_without_loading_the_page(
    page: PageUnderTest, log: SqliteLog
) -> None:
    page.open("/runs")
    page.wait_for(lambda: page.all("#runs-tool option[value=x]"))
    run = Run(run_id="run099", input="new", created=stamp(99))
    call = step_event(EventKind.TOOL_CALL, EXECUTE, "", data={"call_id": "c", "tool": "brand_new"})
    end = Draft(event=EventKind.WORKFLOW_COMPLETE)
    log.restore(run, [d.at("run099", n, stamp(99)) for n, d in enumerate((call, end), 1)])
    page.wait_for(lambda: page.all("#runs-tool option[value=brand_new]"))


def test_a_view_may_have_any_name_and_is_known_in_other_tabs(page: PageUnderTest) -> None:
    page.open("/runs")
    page.wait_for(lambda: listed(page))
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    page.open("/runs?status=failed")
    page.wait_for(lambda: len(listed(page)) == 7)
    page.find("runs-view-save").click()
    page.find("runs-view-name").send_keys("all", Keys.ENTER)
    page.wait_for(lambda: page.find("runs-view").get_property("value") == "all")
    page.driver.switch_to.window(first)
    page.wait_for(lambda: page.all("#runs-view option[value=all]"))
    choose(page, "runs-view", "all")
    page.wait_for(lambda: search(page) == "?status=failed")
    choose(page, "runs-view", " ")
    page.wait_for(lambda: search(page) == "")
    assert page.console == []


BLANKS = """
window.blanks = 0;
(function look() {
  const clocks = [...document.querySelectorAll(".ticking")];
  window.blanks += clocks.filter((clock) => !clock.textContent).length;
  requestAnimationFrame(look);
})();
"""


def test_the_clock_of_a_running_run_is_never_blank(page: PageUnderTest, log: SqliteLog) -> None:
    page.open("/runs")
    page.wait_for(lambda: len(listed(page)) == 50)
    log.start(NewRun(input="long"))
    run = log.claim("test", at_once=99, lease_seconds=600)
    assert run is not None
    page.wait_for(lambda: page.text(".ticking"))
    page.script(BLANKS)
    for seq in range(1, 5):
        log.append(
            run.lease, [step_event(EventKind.STEP_START, LLM, "").at(run.run_id, seq, now())]
        )
        page.wait_for(lambda seq=seq: page.text(f"{TABLE} td.col-events") == str(seq))
    assert page.script("return window.blanks") == 0


def test_the_list_finds_its_server_again(page: PageUnderTest, tmp_path: Path) -> None:
    page.open("/runs")
    page.wait_for(lambda: listed(page))
    page.server.stop()
    page.wait_for(lambda: page.attribute("connection-status", "data-status") == "disconnected")
    with dashboard(tmp_path, port=page.server.port):
        page.wait_for(lambda: page.attribute("connection-status", "data-status") == "connected")


def test_two_picked_runs_are_compared(page: PageUnderTest) -> None:
    page.open("/runs")
    page.wait_for(lambda: len(listed(page)) == 50)
    pick(page, "run070")
    page.wait_for(lambda: page.attribute("runs-compare", "aria-disabled") == "true")
    pick(page, "run069")
    page.wait_for(lambda: page.attribute("runs-compare", "aria-disabled") == "false")
    page.find("runs-compare").click()
    page.wait_for(lambda: page.all(".compare-run"))
    shown = [run.get_attribute("data-run-id") for run in page.all(".compare-run")]
    assert shown == ["run070", "run069"]
    assert "They first part in" in page.text("#compare-parted")
    assert page.text(".compare-answer ins") == "answer 69"
    for width in (390, 1280, 1600):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        assert page.script("return document.documentElement.scrollWidth") <= width
        assert page.all(".compare-bar[data-run=a]")[0].is_displayed()
        sides = [cell.size["width"] for cell in page.all(".compare-calls tbody tr:first-child td")]
        assert abs(sides[0] - sides[1]) <= 1
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    page.all("#compare-parted a")[0].click()
    page.wait_for(lambda: page.run["id"] == "run070")
    assert page.console == []


@pytest.mark.parametrize("width", [390, 1280, 1600])
def test_nothing_scrolls_sideways(page: PageUnderTest, width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.open("/runs?q=kettle")
    page.wait_for(lambda: listed(page))
    assert page.script("return document.documentElement.scrollWidth") <= width
    facts = page.all(f"{TABLE}:first-child td:is(.col-events, .col-tools, .col-started)")
    assert [fact.is_displayed() for fact in facts] == [True] * 3
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_filter_that_no_control_offers_is_seen(page: PageUnderTest) -> None:
    page.open("/runs?status=failed,cancelled&took=1200-&model=other")
    page.wait_for(lambda: "No run passes" in page.text("#runs-note"))

    def chosen(element_id: str) -> list[str]:
        return list(
            page.script(
                "const e = document.getElementById(arguments[0]);"
                "return [e.selectedOptions[0]?.text, getComputedStyle(e).borderColor]",
                element_id,
            )
        )

    page.wait_for(lambda: chosen("runs-status")[0] == "failed, cancelled")
    page.wait_for(lambda: chosen("runs-took")[0] == "from 1200 ms")
    page.wait_for(lambda: chosen("runs-model")[0] == "other")
    border = chosen("runs-model")[1]
    assert chosen("runs-intent") != ["all intents", border]
    page.find("runs-clear").click()
    page.wait_for(lambda: len(listed(page)) == 50)
    page.wait_for(lambda: chosen("runs-model")[1] != border)
    page.open("/runs?since=abc")
    page.wait_for(lambda: "not applied: since=abc" in page.text("#runs-note"))
    assert page.console == []
