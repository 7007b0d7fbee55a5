"""Measures everything that the goals of speed speak of, and prints them with what was measured.

    python -m bench            minutes, with smaller numbers
    python -m bench --full     the numbers of the goals: about a quarter of an hour
    python -m bench --full --into docs/performance.md
    python -m bench --peers    with Dagster too, which pip fetches the first time

Nothing else should run meanwhile. Results go to ``bench/results`` as JSON and as Markdown.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import audience, goals, history, live, opening, peers, startup
from bench.burst import burst
from bench.document import put_into
from bench.goals import Goal
from bench.log_append import filled
from bench.source import served_source
from bench.tab import Tab, chromium, cpu, family
from bench.viewers import idle
from ryx_dash.log.sqlite import SqliteLog
from tests.servers import Dashboard, dashboard

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("dash", "dash-extensions", "starlette", "uvicorn", "apsw")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything."""

    rates: tuple[float, ...]
    seconds: float
    repeat: int
    sizes: tuple[int, int]
    burst: int
    viewers: tuple[int, int]
    idle: int
    idle_seconds: float
    peer: int
    """Events of the finished run that a peer opens."""
    peers: bool = False
    """Whether peers are measured too."""


SHORT = Scale((20, 500, 5_000), 3, 1, (1_000, 50_000), 20_000, (5, 25), 200, 5, 5_000)
FULL = Scale(
    (20, 100, 500, 1_000, 5_000), 6, 3, (1_000, 1_000_000), 50_000, (10, 100), 1_000, 20, 50_000
)


@dataclass
class Report:
    """What was measured so far."""

    goals: list[Goal] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def part(self, what: str) -> Iterator[None]:
        """Say what is measured; one part that fails does not take the others with it."""
        print(f"\n## {what}", flush=True)
        begun = time.monotonic()
        try:
            yield
        except Exception as error:
            print(f"FAILED: {type(error).__name__}: {error}", flush=True)
            self.tables.append(f"Not measured: {what} ({type(error).__name__}).")
        print(f"({time.monotonic() - begun:.0f} s)", flush=True)

    def add(self, name: str, found: list[Goal], raw: Any, shown: str = "") -> None:
        """Take the goals of one part, its raw figures, and a table of its own."""
        self.goals += found
        self.raw[name] = raw
        if shown:
            self.tables.append(shown)
        print(goals.summary(found), flush=True)


def measure(scale: Scale) -> Report:
    """Everything, one part after the other."""
    report = Report()
    with chromium() as tab:
        for what, part in {**PARTS, **(PEERS if scale.peers else {})}.items():
            with report.part(what):
                part(report, tab, scale)
        report.raw["browser"] = tab.driver.capabilities["browserVersion"]
    return report


def _live(report: Report, tab: Tab, scale: Scale) -> None:
    found = live.compare(tab, scale.rates, scale.seconds, scale.repeat, peers=scale.peers)
    budget = live.stages(live.of(found, goals.OURS))
    parts = ", ".join(f"{name} {ms:.0f} ms" for name, ms in budget.items())
    shown = f"{live.summary(found)}\n\nA cycle of the page, medians: {parts}."
    report.add("live", goals.of_live(found), live.as_json(found), shown)


def _runs(report: Report, tab: Tab, scale: Scale) -> None:
    """Long runs: going on, at rest, and opened when they are over."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writers = {size: history.grown(folder, size) for size in scale.sizes}
        with dashboard(folder) as served:
            turns = max(1, scale.repeat - 1)
            found = history.flatness(tab, served, writers, scale.seconds, turns)
            figures = history.ratios(found, scale.seconds)
            shown = history.summary(figures, scale.sizes)
            report.add("history", goals.of_history(scale.sizes, figures), figures, shown)
            opening.end_all(writers)
            times = opening.openings(tab, served, writers, scale.repeat)
            acts = opening.acts(tab, served, writers[max(writers)], scale.repeat)
            report.add("opening", goals.of_opening(times, acts), [times, acts])
            page, server = _rest(tab, served)
            report.add("rest", goals.of_rest(page, server), [page, server])


def _rest(tab: Tab, served: Dashboard, seconds: float = 10) -> tuple[float, float]:
    """Shares of a core that the page and the server use while nothing happens."""
    time.sleep(6)
    servers = family(served.process.pid)
    page, server = tab.cpu(), sum(map(cpu, servers))
    time.sleep(seconds)
    return (tab.cpu() - page) / seconds, (sum(map(cpu, servers)) - server) / seconds


def _writing(report: Report, tab: Tab, scale: Scale) -> None:
    with tempfile.TemporaryDirectory() as name:
        log = SqliteLog(Path(name) / "runs.db")
        rates = [filled(log, 20_000, 500)[1] for _ in range(3)]
        log.close()
    seconds, _ = burst(tab, scale.burst, clicks=False)
    rate = sorted(rates)[1]
    report.add("writing", goals.of_appending(rate, scale.burst, seconds), [rates, seconds])


def _viewers(report: Report, tab: Tab, scale: Scale) -> None:
    tab.driver.get("about:blank")
    found = [asyncio.run(audience.look(n, 500, scale.seconds + 3)) for n in scale.viewers]
    for one in found:
        print(audience.line(one), flush=True)
    quiet = asyncio.run(idle(scale.idle, scale.idle_seconds, 0))
    raw = [{**asdict(one), "ages": len(one.ages)} for one in found]
    shown = "\n".join(f"- {audience.line(one)}" for one in found)
    report.add("viewers", goals.of_audience(found, quiet), [raw, asdict(quiet)], shown)


def _start(report: Report, tab: Tab, scale: Scale) -> None:
    found = startup.measured(tab, max(2, scale.repeat))
    raw = {program: asdict(one) for program, one in found.items()}
    report.add("start", goals.of_start(found), raw)


def _peers(report: Report, tab: Tab, scale: Scale) -> None:
    with served_source() as source, peers.dagster(source) as one:
        times = peers.opening(tab, one, scale.peer)
    report.add("peers", [], {scale.peer: times}, peers.opened(scale.peer, times))


PARTS: dict[str, Callable[[Report, Tab, Scale], None]] = {
    "events on the screen": _live,
    "long runs": _runs,
    "writing": _writing,
    "many viewers": _viewers,
    "the start": _start,
}
PEERS = {"a long run of a peer": _peers}


def markdown(report: Report, scale: Scale, minutes: float) -> str:
    """The report as ``docs/performance.md`` shows it."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    full = scale.sizes == FULL.sizes
    asked = f"make bench{'-full' if full else ''}{' ARGS=--peers' if scale.peers else ''}"
    machine = (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, Chromium {report.raw.get('browser', '?')}, "
        f"{libraries}; `{asked}`, {minutes:.0f} minutes, "
        f"load {os.getloadavg()[2]:.1f} over the last quarter of an hour."
    )
    return "\n\n".join([machine, goals.summary(report.goals), *report.tables])


def main() -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--into", type=Path, help="a document whose marked part is replaced")
    parser.add_argument("--peers", action="store_true", help="measure Dagster too")
    chosen = parser.parse_args()
    scale = replace(FULL if chosen.full else SHORT, peers=chosen.peers)
    if scale.peers:
        try:
            peers.installed()
        except peers.NotInstalled as error:
            sys.exit(str(error))
    begun = time.monotonic()
    report = measure(scale)
    text = markdown(report, scale, (time.monotonic() - begun) / 60)
    RESULTS.mkdir(exist_ok=True)
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    (RESULTS / f"{stamp}.json").write_text(json.dumps(report.raw, indent=1))
    (RESULTS / f"{stamp}.md").write_text(text + "\n")
    if chosen.into:
        put_into(chosen.into, text)
    print(f"\n{text}\n\nKept as {RESULTS / stamp}.json and .md")
    sys.exit(0 if report.goals else 1)


if __name__ == "__main__":
    main()
