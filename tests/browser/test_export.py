"""A run as one HTML file, opened from disk without a network and scrubbed to its end."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dash.testing.browser import Browser
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from ryx_dash.archive.export import export
from ryx_dash.log.memory import MemoryLog
from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.protocol.events import Draft
from tests.archive.runs import EVIL, recorded
from tests.browser.page import PageUnderTest
from tests.servers import until

OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


def test_the_file_opens_offline_and_scrubs_to_the_end(
    log: MemoryLog, tmp_path: Path, dash_br: Browser
) -> None:
    run = recorded(log, EVIL)
    events = log.read(run.run_id)
    file = tmp_path / "run.html"
    file.write_text("".join(export(log, run, "html")), encoding="utf-8")
    driver, rows = dash_br.driver, "#log tr[data-seq]"
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE)
    try:
        driver.get(file.as_uri())
        script = driver.execute_script
        assert script("return document.body.dataset.place") == str(len(events))
        assert "7421" in driver.find_element(By.ID, "answer").text
        assert len(driver.find_elements(By.CSS_SELECTOR, "#cards [data-call-id]")) == 2
        assert len(driver.find_elements(By.CSS_SELECTOR, rows)) == len(events)
        assert EVIL.split(" ")[0] in driver.find_element(By.ID, "log").text
        scrubber = driver.find_element(By.ID, "scrubber")
        scrubber.send_keys(Keys.HOME)
        assert script("return document.body.dataset.place") == "0"
        for n in range(1, len(events) + 1):
            scrubber.send_keys(Keys.ARROW_RIGHT)
            state = fold_all(initial(run.run_id), events[:n])
            shown = script(
                "return [document.body.dataset.place,"
                "document.getElementById('run').dataset.status,"
                "Object.fromEntries([...document.querySelectorAll('#steps li')]"
                ".map(e => [e.dataset.node, e.dataset.status])),"
                "[...document.querySelectorAll('#graph .node')].length,"
                "document.querySelectorAll('#cards > *').length,"
                "document.getElementById('answer').textContent]"
            )
            assert shown[:5] == [
                str(n),
                state.status,
                {step.node: step.status for step in state.steps},
                len(state.nodes),
                len(state.calls),
            ]
            assert state.final or shown[5] == state.answer
        driver.find_element(By.ID, "search").send_keys("hacked")
        until(lambda: 0 < len(driver.find_elements(By.CSS_SELECTOR, rows)) < len(events))
        driver.find_element(By.CSS_SELECTOR, rows).click()
        assert "hacked" in driver.find_element(By.ID, "payload").text
        assert script("return window.hacked") is None
        assert driver.get_log("browser") == []
    finally:
        driver.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {**OFFLINE, "offline": False, "downloadThroughput": -1, "uploadThroughput": -1},
        )


@pytest.mark.parametrize("width", [390, 1280, 1600])
def test_the_file_fits_every_window(
    log: MemoryLog, tmp_path: Path, dash_br: Browser, width: int
) -> None:
    file = tmp_path / "run.html"
    file.write_text("".join(export(log, recorded(log), "html")), encoding="utf-8")
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    dash_br.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    dash_br.driver.get(file.as_uri())
    assert dash_br.driver.execute_script("return document.documentElement.scrollWidth") <= width
    dash_br.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_long_log_can_be_read_from_its_first_line_on_a_phone(
    log: MemoryLog, tmp_path: Path, dash_br: Browser
) -> None:
    many = [Draft(event="note", message=f"number {n}") for n in range(3_000)]
    file = tmp_path / "run.html"
    file.write_text("".join(export(log, recorded(log, made=many), "html")), encoding="utf-8")
    driver = dash_br.driver
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    driver.get(file.as_uri())
    lines = "return [...document.querySelectorAll('#log tr[data-seq]')].map(e => e.dataset.seq)"
    assert driver.execute_script(lines)[-1] == "3000"
    driver.execute_script("document.getElementById('lines').scrollTop = 0")
    until(lambda: driver.execute_script(lines)[0] == "1", seconds=10)
    assert len(driver.execute_script(lines)) < 100
    message = driver.find_element(By.CSS_SELECTOR, "#log tr[data-seq='1'] td:nth-child(5)")
    assert message.size["width"] > 150
    first = driver.find_element(By.CSS_SELECTOR, "#log tr[data-seq='1'] td:nth-child(2)")
    utc = datetime.fromisoformat(log.read(log.runs(limit=1).runs[0].run_id)[0].ts)
    assert (
        first.text == utc.astimezone(ZoneInfo("Asia/Tokyo")).isoformat("T", "milliseconds")[11:23]
    )
    assert driver.find_element(By.ID, "began").text.endswith("Asia/Tokyo")
    driver.find_element(By.CSS_SELECTOR, "#fold summary").click()
    assert driver.find_element(By.CSS_SELECTOR, "#graph .node").is_displayed()


def test_a_picked_run_can_be_exported(fresh: PageUnderTest, tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    folder.mkdir()
    fresh.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)}
    )
    fresh.open("/")
    run_id = fresh.ask("What is the launch code?")
    fresh.open("/runs")
    fresh.wait_for(lambda: fresh.all(f'.pick[data-run="{run_id}"]'))
    fresh.all(f'.pick[data-run="{run_id}"]')[0].click()
    fresh.wait_for(lambda: fresh.find("runs-actions").is_displayed())
    for form in ("jsonl", "csv", "html"):
        fresh.all(f'#runs-export [data-export="{form}"]')[0].click()
        file = folder / f"ryx-run-{run_id}.{form}"
        until(file.exists, seconds=20)
    assert run_id in (folder / f"ryx-run-{run_id}.html").read_text(encoding="utf-8")
