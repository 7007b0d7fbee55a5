"""Runs out of the page as files, and back into it."""

from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from ryx_dash.archive.export import export
from ryx_dash.log.memory import MemoryLog
from ryx_dash.views.scrubber import EXPORTS
from tests.archive.runs import recorded
from tests.browser.page import PageUnderTest
from tests.servers import until

DROP = """
const [kind, name, text] = arguments;
const transfer = new DataTransfer();
transfer.items.add(new File([text], name));
const event = new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true});
document.getElementById("runs-table").dispatchEvent(event);
"""


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two runs of another dashboard, as files."""
    log = MemoryLog()
    made = []
    for number in (1, 2):
        run = recorded(log, f"asked elsewhere {number}")
        path = tmp_path / f"{run.run_id}.jsonl"
        path.write_text("".join(export(log, run, "jsonl")), encoding="utf-8")
        made.append(path)
    return made


def give(page: PageUnderTest, *paths: Path) -> None:
    """Choose files in the picker."""
    page.wait_for(lambda: page.script("return !!document.getElementById('runs-import-file')"))
    page.find("runs-import-file").send_keys("\n".join(map(str, paths)))


def notice(page: PageUnderTest) -> str:
    return page.text("#runs-notice")


def test_the_run_that_is_shown_is_saved_in_every_form(fresh: PageUnderTest, tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    folder.mkdir()
    fresh.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)}
    )
    fresh.open("/")
    fresh.wait_for(lambda: fresh.attribute("run-status", "data-status") == "none")
    assert not fresh.find("export-menu").is_displayed()
    run_id = fresh.ask("What is the launch code?")
    for form in EXPORTS:
        fresh.all("#export-menu summary")[0].click()
        fresh.find(f"export-{form}").click()
        file = folder / f"ryx-run-{run_id}.{form}"
        until(file.exists, seconds=20)
        assert fresh.script("return document.getElementById('export-menu').open") is False
    fresh.all("#export-menu summary")[0].send_keys(Keys.ENTER, Keys.ESCAPE)
    assert fresh.script("return document.getElementById('export-menu').open") is False
    assert fresh.console == []


def test_a_file_that_is_picked_is_shown(fresh: PageUnderTest, files: list[Path]) -> None:
    fresh.open("/runs")
    give(fresh, files[0])
    fresh.wait_for(lambda: fresh.run == {"id": files[0].stem, "status": "success"})
    fresh.driver.back()
    row = f'#runs-table tr[data-run-id="{files[0].stem}"]'
    fresh.wait_for(lambda: fresh.all(row))
    give(fresh, *files, Path(__file__))
    fresh.wait_for(lambda: notice(fresh).startswith("Imported 2 of 3 files."))
    assert "test_files.py was refused. Line 1:" in notice(fresh)
    fresh.wait_for(lambda: len(fresh.all("#runs-table tbody tr")) == 2)


def test_a_file_can_be_dropped(fresh: PageUnderTest, files: list[Path]) -> None:
    fresh.open("/runs")
    text = files[0].read_text(encoding="utf-8")
    lines = text.splitlines()
    damaged = "\n".join([*lines[:3], "{", *lines[4:]])
    fresh.script(DROP, "dragover", "run.jsonl", damaged)
    assert fresh.script("return document.documentElement.hasAttribute('data-drop')")
    fresh.script(DROP, "drop", "run.jsonl", damaged)
    fresh.wait_for(lambda: "run.jsonl was refused. Line 4:" in notice(fresh))
    assert not fresh.script("return document.documentElement.hasAttribute('data-drop')")
    fresh.script(DROP, "drop", "cut.jsonl", "\n".join(lines[:9]))
    fresh.wait_for(lambda: fresh.run["status"] == "interrupted")
    assert "The file is not whole" in fresh.text("#answer-state")
