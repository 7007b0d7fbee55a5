"""A burst of events into one run while somebody clicks: ``python -m bench.burst [events]``.

Prints how long the page needs to show the burst whole, and how long clicks take to be answered
meanwhile: from the click to the first frame painted with its effect, for a control that the page
answers itself (pause) and for one that the server answers (selecting a step).
"""

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.tab import Tab, chromium
from tests.browser.writer import RunWriter
from tests.servers import dashboard, until

HEAD = "return Number((document.getElementById('event-count') || {dataset: {}}).dataset.head || 0)"
CLICK = """
const [selector, attribute] = arguments, done = arguments[arguments.length - 1];
const read = () => document.querySelector(selector).getAttribute(attribute);
const before = read(), begun = performance.now();
document.querySelector(selector).click();
(function look() {
  if (read() === before) requestAnimationFrame(look);
  else requestAnimationFrame(() => done(performance.now() - begun));
})();
"""
CLICKS = {
    "pause (page)": ("#pause-button", "aria-pressed"),
    "select a step (server)": ('#workflow-steps [data-step="llm_response"]', "aria-current"),
}


def burst(tab: Tab, count: int, *, clicks: bool) -> tuple[float, dict[str, list[float]]]:
    """Seconds until ``count`` events are written and drawn, and the milliseconds of each click."""
    taken: dict[str, list[float]] = {what: [] for what in CLICKS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writer = RunWriter(folder)
        with dashboard(folder) as served:
            tab.open(served.url, HEAD)
            until(lambda: tab.script(HEAD) == 1)
            begun = time.monotonic()
            writing = threading.Thread(target=writer.burst, args=(count,))
            writing.start()
            while clicks and (writing.is_alive() or tab.script(HEAD) < count + 1):
                for what, target in CLICKS.items():
                    for _ in range(2):  # there and back
                        taken[what].append(tab.driver.execute_async_script(CLICK, *target))
            until(lambda: tab.newest == count + 1, seconds=120)
            seconds = time.monotonic() - begun
            writing.join()
    return seconds, taken


def main(count: int) -> None:
    """Run the burst and print the figures."""
    with chromium() as tab:
        seconds, taken = burst(tab, count, clicks=True)
    print(f"{count:,} events written and shown whole in {seconds:.2f} s")
    for what, times in taken.items():
        worst, middle = max(times), statistics.median(times)
        print(f"{what}: {len(times)} clicks, median {middle:.0f} ms, worst {worst:.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
