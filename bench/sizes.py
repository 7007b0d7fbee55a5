"""Whether anything gets slower with the length of a run, or with the number of runs.

    python -m bench.sizes FOLDER           up to 1,000,000 events, and up to 100,000 runs
    python -m bench.sizes FOLDER --quick   up to 20,000 events, and up to 3,000 runs; no browser
    python -m bench.sizes FOLDER --into docs/sizes.md   puts the tables into a document

What is missing in FOLDER is made first (`bench.generate`), which takes minutes. Each line of the
tables is one thing that a person does, as the page asks for it: through the functions of the
server callbacks, their answer as JSON. All sizes take turns, so that a busy machine slows all of
them. Printed are medians in milliseconds, and the largest size's as a multiple of the smallest's.
"""

import argparse
import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import apsw
from dash._utils import to_json
from selenium import webdriver

from bench.document import put_into
from bench.generate import (
    EVENTS,
    FIRST_DAY,
    MODELS,
    RUNS,
    find_long_run,
    open_data,
    prepare,
)
from ryx_dash.callbacks import runs, timeline, travel
from ryx_dash.callbacks.history import History
from ryx_dash.callbacks.live import INPUTS, answer_frame
from ryx_dash.log.base import EventLog, Run
from tests.browser.conftest import pytest_setup_options
from tests.servers import dashboard, until

QUICK_EVENTS, QUICK_RUNS = (1_000, 20_000), (300, 3_000)
TURNS = 9
NEAR = 40
"""Events that a hand on the scrubber moves back and forth."""
FEW_ROWS = 4
"""Rows that also the shortest run has of what is rare, while the others fill a page with it."""

Act = Callable[[], object]


class Viewer:
    """A page that shows one run, in the process of a worker that has not seen it before."""

    def __init__(self, log: EventLog, run: Run) -> None:
        self._log = log
        self._run = run
        self._history = History(log)
        self._random = random.Random(7)
        self._asked: dict[str, Any] = dict.fromkeys(INPUTS)
        self._asked |= {"message": {"data": json.dumps({"n": 1, "run": run.run_id})}}

    def open(self) -> int:
        """Draw the run to its end; the number of answers that it took."""
        answers, shown = 0, {"seq": -1}
        while shown["seq"] < self._run.head:
            shown = self._draw(pushed=True)
            answers += 1
        return answers

    def jump(self) -> None:
        """Go to a place anywhere in the last quarter of the run: there the shortest run, too, has
        as many calls behind it as are drawn of any run."""
        self.go(self._random.randint(self._run.head * 3 // 4, self._run.head))

    def scrub(self) -> None:
        """Go a little way from the middle of the run."""
        middle = self._run.head // 2 + 300
        self.go(middle + self._random.randint(-NEAR, NEAR))

    def go(self, seq: int) -> None:
        self.ask(pause={"run": self._run.run_id, "seq": seq})

    def ask(self, **asked: Any) -> None:
        """Change some controls, draw, and change them back."""
        before = dict(self._asked)
        self._asked |= asked
        self._draw(pushed=False)
        self._asked = before | {"shown": self._asked["shown"]}

    def ask_few(self, **asked: Any) -> None:
        """The same of pages that are so short that each run fills one."""
        with patch("ryx_dash.callbacks.monitor.PAGE_SIZE", FEW_ROWS):
            self.ask(**asked)

    def timeline(self) -> None:
        asked = {"run": self._run.run_id, "seq": self._run.head}
        to_json(timeline.figure(self._log, self._history, asked, lambda *_: None))

    def look_ahead(self) -> None:
        travel.ahead(self._log, {"run": self._run.run_id, "after": self._run.head // 2})

    def _draw(self, *, pushed: bool) -> dict[str, Any]:
        views = answer_frame(self._log, self._history, self._asked, pushed=pushed)
        to_json(views)
        self._asked["shown"] = views["shown"]
        return dict(views["shown"])


def of_a_run(log: EventLog, run: Run) -> dict[str, Act]:
    """What a person does with one run."""
    page = Viewer(log, run)
    page.open()
    away = {"on": False, "seq": run.head}
    errors, refusals = {"level": "error"}, {"text": "refused", "level": "error"}
    successes = {"steps": "post_processing", "level": "success"}
    return {
        "open the run": lambda: Viewer(log, run).open(),
        "jump anywhere": page.jump,
        "scrub back and forth": page.scrub,
        "a frame without news": lambda: page._draw(pushed=True),
        "page: the newest": page.ask,
        "page: in the middle": lambda: page.ask(follow=away, page=run.head // 250),
        "page: with tokens": lambda: page.ask(follow=away, page=run.head // 100, tokens=True),
        "filter: a step": lambda: page.ask(steps="rag_context"),
        "filter: errors": lambda: page.ask(**errors),
        "filter: errors, four rows": lambda: page.ask_few(**errors),
        "filter: a step's successes": lambda: page.ask(**successes),
        "filter: a step's successes, four rows": lambda: page.ask_few(**successes),
        "search: a frequent word": lambda: page.ask(text="the"),
        "search: a beginning": lambda: page.ask(text="re"),
        "search: two words": lambda: page.ask(text="snapshot state"),
        "search: nothing": lambda: page.ask(text="qqqqq"),
        "search: errors with a word": lambda: page.ask(**refusals),
        "search: errors with a word, four rows": lambda: page.ask_few(**refusals),
        "sort: by latency": lambda: page.ask(sort=[{"column_id": "latency", "direction": "desc"}]),
        "sort: by message": lambda: page.ask(sort=[{"column_id": "message", "direction": "asc"}]),
        "timeline": page.timeline,
        "look ahead to play": page.look_ahead,
    }


def of_many_runs(log: EventLog, count: int) -> dict[str, Act]:
    """What a person does with the list of all runs."""
    day = FIRST_DAY + timedelta(minutes=5 * count // 2)
    first = day.date().isoformat()

    def show(**query: str) -> Act:
        asked = {
            "message": {"data": json.dumps({"n": 1, "run": "*", "head": 1})},
            "search": f"?{urlencode(query)}",
            "zone": "UTC",
            "picked": [],
            "shown": None,
        }
        return lambda: to_json(runs.answer_list(log, asked))

    return {
        "newest page": show(),
        "a page in the middle": show(before=_run_of(log, day.isoformat())),
        "filter: failed": show(status="failed"),
        "filter: a model": show(model=MODELS[0]),
        "filter: a model and a tool": show(model=MODELS[0], tool="search_web"),
        "filter: an intent": show(intent="summary"),
        "filter: one day": show(since=first, until=first),
        "filter: longer than a minute": show(took="60000-"),
        "filter: nothing passes": show(intent="none"),
        "search: a frequent word": show(q="the"),
        "search: a beginning": show(q="rea"),
        "search: two words": show(q="snapshot state"),
        "search: nothing": show(q="qqqqq"),
        "choices of the filters": lambda: to_json(runs.choices(log)),
    }


def _run_of(log: EventLog, created: str) -> str:
    query = runs.parse_query(f"?until={created[:10]}", runs.ZoneInfo("UTC"))
    return log.runs(limit=1, where=query.where).runs[0].run_id


def measured(acts: Mapping[int, Mapping[str, Act]]) -> dict[str, list[float]]:
    """Median milliseconds of each thing to do, for each size. The sizes take turns."""
    sizes = list(acts)
    found: dict[str, list[float]] = {}
    for name in acts[sizes[0]]:
        times: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(TURNS):
            for size in sizes:
                begun = time.perf_counter()
                acts[size][name]()
                times[size].append((time.perf_counter() - begun) * 1000)
        found[name] = [statistics.median(times[size]) for size in sizes]
    return found


def heaps(folder: Path, events: Sequence[int]) -> list[float]:
    """Megabytes of the tab's JavaScript heap after a collection, with each run open."""
    options = pytest_setup_options()
    for flag in ("--no-sandbox", "--disable-gpu"):
        options.add_argument(flag)
    with closing(open_data(folder / "events")) as log:
        ids = [_long_run(log, size).run_id for size in events]
    with dashboard(folder / "events") as served:
        return [_heap(options, f"{served.url}/runs/{run_id}") for run_id in ids]


def _heap(options: Any, url: str) -> float:
    with webdriver.Chrome(options=options) as driver:
        driver.get(url)
        head = "return document.querySelector('#event-count')?.dataset.head"
        until(lambda: int(driver.execute_script(head) or 0) > 0)
        until(lambda: driver.execute_script("return document.querySelectorAll('tbody tr').length"))
        time.sleep(2)  # plots and graph settle
        for _ in range(3):
            driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        used = driver.execute_cdp_cmd("Runtime.getHeapUsage", {})["usedSize"]
        return float(used) / 1e6


def _long_run(log: EventLog, size: int) -> Run:
    run = find_long_run(log, size)
    assert run is not None
    return run


def table(what: str, sizes: Sequence[int], rows: Mapping[str, Sequence[float]]) -> str:
    """A table in Markdown; it is printed at once."""
    lines = [f"| {what} | " + " | ".join(f"{size:,}" for size in sizes) + " | ratio |"]
    lines.append("|---" * (len(sizes) + 2) + "|")
    for name, values in rows.items():
        cells = " | ".join(f"{value:.1f}" for value in values)
        lines.append(f"| {name} | {cells} | {values[-1] / values[0]:.1f} |")
    text = "\n".join(lines)
    print(f"\n{text}", flush=True)
    return text


def machine() -> str:
    """Where and when, in a sentence."""
    versions = f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}"
    load = f"load {os.getloadavg()[2]:.1f} over the last quarter of an hour"
    return f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {versions}, {load}."


def main(folder: Path, events: Sequence[int], many: Sequence[int], *, browser: bool) -> str:
    """Make what is missing, measure, and print the tables; all of it as Markdown."""
    prepare(folder, events, many)
    tables = []
    with closing(open_data(folder / "events")) as log:
        for size in events:  # the first look at a run leaves its snapshots behind
            History(log).at(_long_run(log, size).run_id, size, budget=None)
        acts = {size: of_a_run(log, _long_run(log, size)) for size in events}
        tables.append(table("one run, ms by events", events, measured(acts)))
    logs = {count: open_data(folder / f"runs-{count}") for count in many}
    listed = {count: of_many_runs(log, count) for count, log in logs.items()}
    tables.append(table("all runs, ms by runs", many, measured(listed)))
    for log in logs.values():
        log.close()
    if browser:
        rows = {"JavaScript heap": heaps(folder, events)}
        tables.append(table("the tab, MB by events", events, rows))
    return "\n\n".join([machine(), *tables])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--into", type=Path, help="a document whose marked part is replaced")
    given = parser.parse_args()
    if given.quick:
        told = main(given.folder, QUICK_EVENTS, QUICK_RUNS, browser=False)
    else:
        told = main(given.folder, EVENTS, RUNS, browser=True)
    if given.into:
        put_into(given.into, told)
