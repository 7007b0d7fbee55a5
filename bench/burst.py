"""A burst of events into one run while somebody clicks: ``python bench/burst.py [events]``.

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

from selenium import webdriver

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser.conftest import pytest_setup_options
from tests.browser.writer import RunWriter
from tests.servers import dashboard, until

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


def main(count: int) -> None:
    """Run the burst and print the figures."""
    options = pytest_setup_options()
    options.add_argument("--no-sandbox")
    options.add_argument("--disable-gpu")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writer = RunWriter(folder)
        with dashboard(folder) as served, webdriver.Chrome(options=options) as driver:
            driver.get(served.url)
            until(lambda: _head(driver) == 1)
            taken: dict[str, list[float]] = {what: [] for what in CLICKS}
            begun = time.monotonic()
            burst = threading.Thread(target=writer.burst, args=(count,))
            burst.start()
            while burst.is_alive() or _head(driver) < count + 1:
                for what, target in CLICKS.items():
                    for _ in range(2):  # there and back
                        taken[what].append(driver.execute_async_script(CLICK, *target))
            seconds = time.monotonic() - begun
            burst.join()
    print(f"{count:,} events written and shown whole in {seconds:.2f} s")
    for what, times in taken.items():
        worst, middle = max(times), statistics.median(times)
        print(f"{what}: {len(times)} clicks, median {middle:.0f} ms, worst {worst:.0f} ms")


def _head(driver: webdriver.Chrome) -> int:
    return int(
        driver.execute_script("return document.getElementById('event-count').dataset.head || '0'")
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
