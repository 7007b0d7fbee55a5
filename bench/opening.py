"""How long opening a long run takes in the browser, and what one does in it.

python -m bench.opening                     runs of 1,000 and 100,000 events
python -m bench.opening --sizes 1000 1000000
"""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.figures import median, table
from bench.history import grown
from bench.log_append import VOCABULARY
from bench.source import end
from bench.tab import Tab, chromium
from tests.browser.writer import RunWriter
from tests.servers import Dashboard, dashboard

DRAWN = """
const shown = dash_component_api.getLayout('shown').props.data;
return shown && shown.head === shown.seq && document.querySelector('#event-table td') ? 1 : 0;
"""
CHANGE = """
const [changes, done] = arguments;
const read = () => document.getElementById('event-table').innerText
  + document.getElementById('event-note').innerText;
const before = read(), begun = performance.now();
for (const [id, props] of Object.entries(changes)) dash_clientside.set_props(id, props);
(function look() {
  if (read() === before) requestAnimationFrame(look);
  else requestAnimationFrame(() => done(performance.now() - begun));
})();
"""
ACTS = {
    "a page in the middle": {
        "follow": {"data": {"on": False, "seq": 0}},
        "event-table": {"page_current": 7},
    },
    "a filter": {"filter-steps": {"value": "rag_context"}},
    "a search": {"filter-text": {"value": VOCABULARY[0]}},
}
BACK = {
    "follow": {"data": {"on": True}},
    "filter-steps": {"value": ""},
    "filter-text": {"value": ""},
}


def end_all(writers: Mapping[int, RunWriter]) -> None:
    """End the runs."""
    for writer in writers.values():
        end(writer)


def opened(tab: Tab, served: Dashboard, writer: RunWriter) -> float:
    """Milliseconds from asking for the page to the frame that shows all of it."""
    read = f"try {{ {DRAWN} }} catch {{ return 0 }}"
    tab.open(f"{served.url}/runs/{writer.run.run_id}", read)
    tab.wait_for("window.bench.seen.length > 0", seconds=600)
    return float(tab.script("return bench.seen[0][0] - performance.timeOrigin"))


def acts(tab: Tab, served: Dashboard, writer: RunWriter, repeat: int) -> dict[str, float]:
    """Median milliseconds of what one does in the run, from the click to the frame."""
    opened(tab, served, writer)
    tab.driver.set_script_timeout(60)
    found: dict[str, list[float]] = {name: [] for name in ACTS}
    for _ in range(repeat):
        for name, changes in ACTS.items():
            found[name].append(float(tab.driver.execute_async_script(CHANGE, changes)))
            tab.driver.execute_async_script(CHANGE, BACK)
    return {name: median(times) for name, times in found.items()}


def openings(
    tab: Tab, served: Dashboard, writers: Mapping[int, RunWriter], repeat: int
) -> dict[int, float]:
    """Median milliseconds of opening each run, in turns; the first time warms caches up."""
    found: dict[int, list[float]] = {size: [] for size in writers}
    for turn in range(repeat + 1):
        for size, writer in writers.items():
            taken = opened(tab, served, writer)
            if turn > 0:
                found[size].append(taken)
    return {size: median(times) for size, times in found.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs=2, default=[1_000, 100_000])
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ended = {size: grown(folder, size) for size in chosen.sizes}
        end_all(ended)
        with dashboard(folder) as running, chromium() as opened_tab:
            times = openings(opened_tab, running, ended, chosen.repeat)
            done = acts(opened_tab, running, ended[max(ended)], chosen.repeat)
    rows = [[f"open {size:,} events", f"{ms:.0f} ms"] for size, ms in times.items()]
    print(table(["in the browser", ""], rows + [[k, f"{ms:.0f} ms"] for k, ms in done.items()]))
