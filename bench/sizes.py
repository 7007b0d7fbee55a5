"""Whether anything gets slower with the length of a run, or with the number of runs.

    python -m bench.sizes FOLDER           up to 1,000,000 events, and up to 100,000 runs
    python -m bench.sizes FOLDER --quick   up to 20,000 events, and up to 3,000 runs; no browser
    python -m bench.sizes FOLDER --into docs/sizes.md   puts the tables into a document

What is missing in FOLDER is made first (`bench.generate`), which takes minutes. Each line of the
tables is one thing that a person does, as the page asks for it: a request to the worker and its
whole answer (:mod:`bench.asking`). All sizes take turns, so that a busy machine slows all of
them. Printed are medians in milliseconds, and the largest size's as a multiple of the smallest's.
"""

import argparse
import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import apsw
from selenium import webdriver

from bench.asking import Worker
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
from ryx_dash.callbacks import live, runs
from ryx_dash.callbacks.history import History
from ryx_dash.callbacks.runs_query import parse_query
from ryx_dash.log.base import EventLog, Run
from ryx_dash.views import ids, list_ids
from tests.browser.conftest import pytest_setup_options
from tests.servers import dashboard, until

QUICK_EVENTS, QUICK_RUNS = (1_000, 20_000), (300, 3_000)
TURNS = 9
NEAR = 40
"""Events that a hand on the scrubber moves back and forth."""

SHOWN = f"{ids.SHOWN}.data"
_MESSAGE = str(live.INPUTS["message"])


@dataclass(frozen=True, slots=True)
class Act:
    """What a person does: ``do`` is measured, with what ``prepare`` gave."""

    do: Callable[[Any], object]
    prepare: Callable[[], AbstractContextManager[Any]] = nullcontext


class Viewer:
    """A page that shows one run."""

    def __init__(self, worker: Worker, run: Run) -> None:
        self._worker = worker
        self._run = run
        self._random = random.Random(7)
        self._values: dict[str, Any] = _frame(None)
        self._draw()  # the page of no run: what a worker and a page do only once is done
        self._values |= _frame(run.run_id, run.head)

    def open(self) -> None:
        """Draw the run to its end: in parts, if nobody has looked at it before."""
        while self._draw()["seq"] < self._run.head:
            pass

    def jump(self) -> None:
        """Go to a place anywhere in the last quarter of the run: there the shortest run, too, has
        as many calls behind it as are drawn of any run."""
        self.go(self._random.randint(self._run.head * 3 // 4, self._run.head))

    def scrub(self) -> None:
        """Go a little way from the middle of the run."""
        middle = self._run.head // 2 + 300
        self.go(middle + self._random.randint(-NEAR, NEAR))

    def go(self, seq: int) -> None:
        """Show the run as it stood at ``seq``."""
        self.ask(pause={"run": self._run.run_id, "seq": seq})

    def ask(self, **asked: Any) -> None:
        """Change some controls (names of :data:`callbacks.live.INPUTS`), draw, and change them
        back."""
        before = dict(self._values)
        self._values |= {str(live.INPUTS[name]): value for name, value in asked.items()}
        self._draw(changed=str(live.INPUTS[next(iter(asked))]) if asked else _MESSAGE)
        self._values = before | {SHOWN: self._values[SHOWN]}

    def timeline(self) -> None:
        """Draw the timeline."""
        self._look(f"{ids.TIMELINE_ASKED}.data", f"{ids.TIMELINE}.figure", {"seq": self._run.head})

    def look_ahead(self) -> None:
        """Ask when the next events happened, to play them."""
        asked = {"after": self._run.head // 2}
        self._look(f"{ids.AHEAD_ASKED}.data", f"{ids.AHEAD}.data", asked)

    def inspect(self, subject: str) -> None:
        """Look at a step, a call or an event."""
        asked = {"seq": self._run.head, "what": subject}
        self._look(f"{ids.INSPECT_ASKED}.data", f"{ids.INSPECTOR_BODY}.children", asked)

    def _look(self, at: str, output: str, asked: Mapping[str, Any]) -> None:
        given = self._worker.ask(output, {at: {"run": self._run.run_id, **asked}}, changed=at)
        assert given, f"nothing was answered to {asked}"

    def _draw(self, changed: str = _MESSAGE) -> dict[str, Any]:
        views = self._worker.ask(SHOWN, self._values, changed=changed)
        self._values[SHOWN] = views[ids.SHOWN]["data"]
        return dict(self._values[SHOWN])


def _frame(run_id: str | None, head: int = 0) -> dict[str, Any]:
    """The gateway's frame that names a run, on the page."""
    return {_MESSAGE: {"data": json.dumps({"n": 1, "run": run_id, "head": head})}}


def of_a_run(folder: Path, worker: Worker, run: Run) -> dict[str, Act]:
    """What a person does with one run of the log in ``folder``."""
    page = Viewer(worker, run)
    page.open()
    away = {"on": False, "seq": run.head}
    errors, refusals = {"level": "error"}, {"text": "refused", "level": "error"}
    successes = {"steps": "post_processing", "level": "success"}
    done: dict[str, Callable[[], object]] = {
        "jump anywhere": page.jump,
        "scrub back and forth": page.scrub,
        "a frame without news": page.ask,
        "page: the newest": lambda: page.ask(follow={"on": True}),
        "page: in the middle": lambda: page.ask(page=run.head // 250, follow=away),
        "page: with tokens": lambda: page.ask(page=run.head // 100, follow=away, tokens=True),
        "filter: a step": lambda: page.ask(steps="rag_context"),
        "filter: errors": lambda: page.ask(**errors),
        "filter: a step's successes": lambda: page.ask(**successes),
        "search: a frequent word": lambda: page.ask(text="the"),
        "search: a beginning": lambda: page.ask(text="re"),
        "search: two words": lambda: page.ask(text="snapshot state"),
        "search: nothing": lambda: page.ask(text="qqqqq"),
        "search: errors with a word": lambda: page.ask(**refusals),
        "sort: by latency": lambda: page.ask(sort=[{"column_id": "latency", "direction": "desc"}]),
        "sort: by message": lambda: page.ask(sort=[{"column_id": "message", "direction": "asc"}]),
        "inspect a step": lambda: page.inspect("step:rag_context"),
        "inspect an event": lambda: page.inspect(f"event:{run.head // 2}"),
        "timeline": page.timeline,
        "look ahead to play": page.look_ahead,
    }
    opened = Act(Viewer.open, prepare=lambda: _newcomer(folder, run))
    return {"open the run": opened, **_acts(done)}


@contextmanager
def _newcomer(folder: Path, run: Run) -> Iterator[Viewer]:
    """A page, and a worker that has just started."""
    with asking(folder) as worker:
        yield Viewer(worker, run)


@contextmanager
def asking(folder: Path) -> Iterator[Worker]:
    """A worker of the log in ``folder``, a process of its own."""
    with dashboard(folder) as served, closing(Worker(served.url)) as worker:
        yield worker


def of_many_runs(worker: Worker, log: EventLog, count: int) -> dict[str, Act]:
    """What a person does with the list of all runs."""
    day = FIRST_DAY + timedelta(minutes=5 * count // 2)
    first = day.date().isoformat()
    output = str(runs.OUTPUTS["table"])
    asked = {
        str(runs.INPUTS["message"]): {"data": json.dumps({"n": 1, "run": "*", "head": 1})},
        str(runs.INPUTS["zone"]): "UTC",
    }

    def show(**query: str) -> Callable[[], object]:
        search = str(runs.INPUTS["search"])
        values = {**asked, search: f"?{urlencode(query)}"}
        return lambda: worker.ask(output, values, changed=search)

    options = str(runs.FACETS["model"])
    newest = log.runs(limit=1).runs[0]
    drawn = {f"{ids.TIMELINE_ASKED}.data": {"run": newest.run_id, "seq": newest.head}}
    figure = f"{ids.TIMELINE}.figure"
    done: dict[str, Callable[[], object]] = {
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
        "a run's timeline, the previous run behind it": lambda: worker.ask(
            figure, drawn, changed=next(iter(drawn))
        ),
        "choices of the filters": lambda: worker.ask(options, {}, changed=f"{list_ids.MODEL}.id"),
    }
    return _acts(done)


def _acts(done: Mapping[str, Callable[[], object]]) -> dict[str, Act]:
    return {name: Act(partial(_do, do)) for name, do in done.items()}


def _do(act: Callable[[], object], _: None) -> None:
    act()


def _run_of(log: EventLog, created: str) -> str:
    query = parse_query(f"?until={created[:10]}", ZoneInfo("UTC"))
    return log.runs(limit=1, where=query.where).runs[0].run_id


def measured(acts: Mapping[int, Mapping[str, Act]]) -> dict[str, list[float]]:
    """Median milliseconds of each thing to do, for each size. The sizes take turns."""
    sizes = list(acts)
    found: dict[str, list[float]] = {}
    for name in acts[sizes[0]]:
        times: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(TURNS):
            for size in sizes:
                act = acts[size][name]
                with act.prepare() as prepared:
                    begun = time.perf_counter()
                    act.do(prepared)
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
    with closing(open_data(folder / "events")) as log:
        longest = {size: _long_run(log, size) for size in events}
        for size, run in longest.items():  # the first look at a run leaves its snapshots behind
            History(log).at(run.run_id, size, budget=None)
    with asking(folder / "events") as worker:
        acts = {size: of_a_run(folder / "events", worker, run) for size, run in longest.items()}
        tables = [table("one run, ms by events", events, measured(acts))]
    with ExitStack() as stack:
        listed = {}
        for count in many:
            data = folder / f"runs-{count}"
            log = stack.enter_context(closing(open_data(data)))
            worker = stack.enter_context(asking(data))
            listed[count] = of_many_runs(worker, log, count)
        tables.append(table("all runs, ms by runs", many, measured(listed)))
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
