"""The screenshots in ``docs/images``: every page, at three window sizes (``make pictures``).

    python -m scripts.pictures                  all of them
    python -m scripts.pictures keys import      these only, in their three sizes

They are taken of a real dashboard on a small workspace and a log with a week of generated runs; a
scripted server stands in for the language model.
"""

import base64
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options

from bench.generate import ASKED, Author, open_data, write_runs
from ryx_dash.protocol.events import JsonObject
from tests.browser.conftest import fill_workspace, pytest_setup_options
from tests.fakes.llm import FakeLlm, serve_llm
from tests.servers import ROOT, Dashboard, dashboard, until

IMAGES = ROOT / "docs" / "images"
SIZES = {"wide": (1600, 1000), "laptop": (1280, 800), "phone": (390, 844)}
MOST_BYTES = 350_000
SETTLED = 2.0
"""Seconds after which what was asked for is drawn, and nothing moves any more."""

WEEK = timedelta(days=7)
RUNS = 400
"""Generated runs of the week before those that are asked."""

QUESTION = "What is the launch code of project Zephyr, and how are people greeted?"
SEARCH = ("search_local", {"query": "launch code"})
READ = ("read_file", {"path": "greeting.py"})
ANSWER = """\
The launch code of project Zephyr is **7421** `notes.md:3`. The ground crew in Tromsø chose it \
`notes.md:5`.

People are greeted by `greet`, which answers “Ahoy” and the name `greeting.py:4`:

```python
def greet(name: str) -> str:
    return f"Ahoy, {name}"
```
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, and what the model does with it."""

    question: str
    calls: Sequence[tuple[str, JsonObject]]
    answer: str
    statuses: Sequence[int] = ()
    """Of the model server's answers, from the first on; it is asked again after a 503."""


TO_ASK = (
    Asked("Where is greet defined?", [READ], "In `greeting.py:4`."),
    Asked(QUESTION, [("search_local", {"query": "Zephyr"})], ANSWER.split("\n", 1)[0]),
    Asked("Summarise my notes.", [SEARCH], "", statuses=[200, 500]),
    Asked(QUESTION, [SEARCH, READ], ANSWER, statuses=[200, 503]),
)

READY = """
const badge = document.getElementById("connection-status");
const run = document.getElementById("run-status");
return (!badge || badge.dataset.status === "connected") && (!run || Boolean(run.dataset.runId))
  && !document.querySelector("[data-waiting=yes]");
"""

SAVE_VIEW = """
localStorage.setItem("ryx.views", JSON.stringify({"full disks": location.search}));
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
        serve_llm(delay=0.2, pace=0.03) as llm,
        dashboard(filled(Path(name)), RYX_LLM_URL=llm.url) as served,
        chromium() as driver,
    ):
        runs = [ask(served, llm, asked) for asked in TO_ASK]
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


def filled(folder: Path) -> Path:
    """``folder``, with a workspace and the log of a week."""
    drawable = [question for question in ASKED if question.isascii()]  # by any machine's fonts
    with closing(open_data(folder)) as log:
        write_runs(
            log,
            Author(asked=drawable),
            RUNS,
            first=datetime.now(UTC) - WEEK,
            apart=WEEK / (RUNS + 1),
        )
    return fill_workspace(folder).parent


def pages(runs: list[str]) -> dict[str, tuple[str, str]]:
    """Where each picture is taken, and a script that brings the page there."""
    last = f"/runs/{runs[-1]}"
    timeline = (
        "document.getElementById('tab-timeline').click();"
        "document.getElementById('graph-panel').scrollIntoView()"
    )
    table = "document.getElementById('inspector-as-table').click()"
    return {
        "run": (last, ""),
        "timeline": (last, timeline),
        "time-travel": (f"{last}?seq=14", "document.getElementById('tab-graph').click()"),
        "inspector": (f"{last}?inspect=step:rag_context", ""),
        "inspector-table": (f"{last}?inspect=step:rag_context", table),
        "runs": ("/runs", ""),
        "runs-filtered": ("/runs?q=disk+full&status=failed", SAVE_VIEW),
        "runs-picked": ("/runs", PICK_AND_DELETE),
        "import": ("/runs", IMPORT),
        "keys": (last, "document.getElementById('help').showModal()"),
        "export": (last, "document.getElementById('export-menu').open = true"),
        "compare": (f"/compare?a={runs[1]}&b={runs[3]}", ""),
        "analytics": ("/analytics", ""),
    }


def ask(served: Dashboard, llm: FakeLlm, asked: Asked) -> str:
    """Run a query to its end; gives the run's id."""
    llm.tool_calls, llm.answer, llm.statuses = asked.calls, asked.answer, list(asked.statuses)
    body = {"input": asked.question}
    run_id = str(httpx.post(f"{served.url}/api/runs", json=body).json()["run_id"])
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
