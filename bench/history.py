"""Whether a live page gets slower with what its run has behind it.

    python -m bench.history                  1,000 and 100,000 events
    python -m bench.history --sizes 1000 1000000 --repeat 3

Both runs go on in one log, written by another process than the dashboard's, in turns.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Thread

from bench.figures import median, table
from bench.live import Live, measure, middle
from bench.log_append import text as words
from bench.source import Emission, write
from bench.subjects import ROW, Counts
from bench.tab import Tab, chromium, cpu, family
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import LLM, RAG
from tests.browser.writer import RunWriter
from tests.servers import Dashboard, dashboard

BATCH = 2_000
RATES = (20.0, 500.0)


class Grown:
    """The dashboard with a run that goes on after many events."""

    read = ROW

    def __init__(self, served: Dashboard, writer: RunWriter) -> None:
        self.name = f"{writer.run.head:,} events"
        self._served = served
        self._writer = writer
        self._thread: Thread | None = None

    def open(self, tab: Tab) -> None:
        tab.open(f"{self._served.url}/runs/{self._writer.run.run_id}", self.read)
        shown = "(dash_component_api.getLayout('shown').props.data || {}).seq"
        tab.wait_for(f"{shown} >= {self._writer.run.head}", seconds=600)

    def begin(self, tab: Tab, emission: Emission) -> None:
        self._thread = Thread(target=write, args=(self._writer, emission))
        self._thread.start()

    def counts(self, tab: Tab, emission: Emission) -> Counts:
        assert self._thread is not None
        self._thread.join()
        return Counts()

    def cpu(self) -> float | None:
        return sum(map(cpu, family(self._served.process.pid)))


def grown(folder: Path, size: int) -> RunWriter:
    """A run that has ``size`` events of two steps, and goes on."""
    writer = RunWriter(folder, f"after {size:,} events")
    for begun in range(1, size, BATCH):
        writer.write(_before(n) for n in range(begun, min(begun + BATCH, size)))
    return writer


def _before(n: int) -> Draft:
    step = RAG if n % 5 == 0 else LLM
    return step_event(EventKind.STEP_PROGRESS, step, f"before: {words(3)}", data={"n": n})


def flatness(
    tab: Tab, served: Dashboard, writers: Mapping[int, RunWriter], seconds: float, repeat: int
) -> dict[int, list[Live]]:
    """Measurements by the number of events that lay behind, in turns."""
    found: dict[int, list[Live]] = {size: [] for size in writers}
    pages = {size: Grown(served, writer) for size, writer in writers.items()}
    first = 1
    for turn in range(-1, repeat):
        for rate in RATES:
            for size, page in pages.items():
                emission = Emission(rate, seconds, seed=turn, first=first)
                first = emission.last + 1
                one = measure(tab, page, emission)
                if turn >= 0:  # the first turn warms caches up
                    found[size].append(one)
    return found


def figures(found: Sequence[Live], seconds: float) -> dict[str, float]:
    """What must not grow, as medians."""
    return {
        "p50 ms": middle(found, "p50"),
        "p95 ms": middle(found, "p95"),
        "heap MB": middle(found, "heap"),
        "page CPU ms a frame": median(one.page_cpu * seconds * 1000 / one.drawn for one in found),
        "server CPU ms a frame": median(
            (one.server_cpu or 0.0) * seconds * 1000 / one.drawn for one in found
        ),
    }


def ratios(found: dict[int, list[Live]], seconds: float) -> dict[str, tuple[float, float]]:
    """Each figure at the smallest and at the largest size."""
    small, large = (figures(found[size], seconds) for size in (min(found), max(found)))
    return {name: (small[name], large[name]) for name in small}


def summary(found: dict[str, tuple[float, float]], sizes: Sequence[int]) -> str:
    """A table."""
    rows = [[k, f"{a:.1f}", f"{b:.1f}", f"{b / a:.2f}×"] for k, (a, b) in found.items()]
    return table(["behind the run", *(f"{size:,}" for size in sizes), "ratio"], rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs=2, default=[1_000, 100_000])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--repeat", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        going_on = {size: grown(folder, size) for size in chosen.sizes}
        with dashboard(folder) as running, chromium() as opened:
            measured = flatness(opened, running, going_on, chosen.seconds, chosen.repeat)
    print(summary(ratios(measured, chosen.seconds), chosen.sizes))
