"""The screenshots in ``docs/images``: every page, at three window sizes (``make pictures``).

    python -m scripts.pictures                  all of them
    python -m scripts.pictures keys import      these only, in their three sizes

They are taken of a real dashboard on a small workspace, without a language model.
"""

import base64
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options

from tests.browser.conftest import fill_workspace, pytest_setup_options
from tests.servers import ROOT, Dashboard, dashboard, until

IMAGES = ROOT / "docs" / "images"
SIZES = {"wide": (1600, 1000), "laptop": (1280, 800), "phone": (390, 844)}
MOST_BYTES = 250_000
SETTLED = 2.0
"""Seconds after which what was asked for is drawn, and nothing moves any more."""

QUESTIONS = (
    "What is the launch code of project Zephyr?",
    "Where is greet defined?",
    "Read notes.md",
    "What is the launch code of project Zephyr?",
)

READY = """
const badge = document.getElementById("connection-status");
const run = document.getElementById("run-status");
return (!badge || badge.dataset.status === "connected") && (!run || Boolean(run.dataset.runId))
  && !document.querySelector("[data-waiting=yes]");
"""

SAVE_VIEW = """
localStorage.setItem("ryx.views", JSON.stringify({"launch code": location.search}));
location.reload();
"""
PICK_AND_DELETE = """
const boxes = [...document.querySelectorAll("#runs-table .pick[data-run]")];
for (const box of boxes.slice(0, 2)) box.click();
setTimeout(() => document.getElementById("runs-delete").click(), 500);
"""
IMPORT = """
const files = new DataTransfer();
files.items.add(new File(['{"some": "other file"}'], "notes.jsonl"));
const picker = document.getElementById("runs-import-file");
picker.files = files.files;
picker.dispatchEvent(new Event("change"));
"""


def main() -> None:
    """Take all pictures, or those named on the command line."""
    with (
        tempfile.TemporaryDirectory() as name,
        dashboard(fill_workspace(Path(name)).parent) as served,
        chromium() as driver,
    ):
        runs = [ask(served, question) for question in QUESTIONS]
        file = Path(name) / "run.html"
        file.write_bytes(httpx.get(f"{served.url}/api/runs/{runs[-1]}/export?format=html").content)
        addresses = {
            page: (served.url + path, before) for page, (path, before) in pages(runs).items()
        }
        addresses["offline"] = (file.as_uri(), "")
        for page in sys.argv[1:] or addresses:
            url, before = addresses[page]
            for size in SIZES:
                take(driver, url, f"{page}-{size}.png", SIZES[size], before)


def pages(runs: list[str]) -> dict[str, tuple[str, str]]:
    """Where each picture is taken, and a script that brings the page there."""
    last = f"/runs/{runs[-1]}"
    timeline = (
        "document.getElementById('tab-timeline').click();"
        "document.getElementById('graph-panel').scrollIntoView()"
    )
    table = "document.getElementById('inspector-as-table').click()"
    return {
        "timeline": (last, timeline),
        "time-travel": (f"{last}?seq=14", "document.getElementById('tab-graph').click()"),
        "inspector": (f"{last}?inspect=step:rag_context", ""),
        "inspector-table": (f"{last}?inspect=step:rag_context", table),
        "runs": ("/runs", ""),
        "runs-filtered": ("/runs?q=launch&status=success", SAVE_VIEW),
        "runs-picked": ("/runs", PICK_AND_DELETE),
        "import": ("/runs", IMPORT),
        "keys": (last, "document.getElementById('help').showModal()"),
        "export": (last, "document.getElementById('export-menu').open = true"),
        "compare": (f"/compare?a={runs[0]}&b={runs[1]}", ""),
        "analytics": ("/analytics", ""),
    }


def ask(served: Dashboard, question: str) -> str:
    """Run a query to its end; gives the run's id."""
    run_id = str(httpx.post(f"{served.url}/api/runs", json={"input": question}).json()["run_id"])
    until(lambda: httpx.get(f"{served.url}/api/runs/{run_id}").json()["ended"])
    return run_id


def take(driver: Chrome, url: str, name: str, size: tuple[int, int], before: str) -> None:
    """Open ``url`` in a window of this ``size``, run ``before``, and save what is to be seen."""
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.get("about:blank")
    driver.get(url)
    until(lambda: driver.execute_script(READY))
    time.sleep(SETTLED)
    driver.execute_script(before)
    time.sleep(SETTLED)
    picture = base64.b64decode(driver.execute_cdp_cmd("Page.captureScreenshot", {})["data"])
    if len(picture) > MOST_BYTES:
        raise SystemExit(f"{name} has {len(picture):,} bytes, more than {MOST_BYTES:,}.")
    (IMAGES / name).write_bytes(picture)
    print(f"{name}: {len(picture):,} bytes")


@contextmanager
def chromium() -> Iterator[Chrome]:
    """A browser without a screen."""
    options: Options = pytest_setup_options()
    options.add_argument("--no-sandbox")
    driver = Chrome(options=options)
    try:
        yield driver
    finally:
        driver.quit()


if __name__ == "__main__":
    main()
