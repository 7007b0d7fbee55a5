"""How long the page takes to show much, beside how long it takes to show little.

python -m bench.screens                 the list, a run, a comparison, an answer; medians of 5
python -m bench.screens --repeat 9

The runs are generated, with outputs and code as tools give them. All is measured in a browser, from
asking for the page, or from the click, to the frame that shows it.
"""

import argparse
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import median, table
from bench.generate import FIRST_DAY, Author, open_data, write_long_run, write_runs
from bench.tab import Tab, chromium
from ryx_dash.log.base import EventLog, Run
from ryx_dash.log.run_id import new_run_id
from ryx_dash.protocol.events import Draft, EventKind, utc
from tests.servers import Dashboard, dashboard

SHORT = 120
"""Short runs: two full pages of the list, and more."""

LONG = 1_000
"""Events of a run with more tool calls than are shown."""

MOST_CARDS = 50
WORDS = (100, 8_000)

SETTLED = """
const [count, begun, done] = arguments;
(function look() {
  let now = 0;
  try { now = COUNT } catch { /* not there yet */ }
  if (now < count) requestAnimationFrame(look);
  else requestAnimationFrame(() => done(performance.now() - begun));
})();
"""
TURN = """
const done = arguments[0];
const first = () => document.querySelector('#runs-table [data-run-id]').dataset.runId;
const before = first(), begun = performance.now();
document.querySelector('#runs-pages a').click();
(function look() {
  if (first() === before) requestAnimationFrame(look);
  else requestAnimationFrame(() => done(performance.now() - begun));
})();
"""


@dataclass(frozen=True, slots=True)
class Screen:
    """A page, and when it is there: ``expression`` has to give ``count`` at least."""

    path: str
    expression: str
    count: int


def screens(log: EventLog) -> dict[str, tuple[Screen, Screen]]:
    """Fills the log; gives what is shown, little of it and much."""
    write_runs(log, Author(), SHORT)
    few = log.runs(limit=2).runs
    many = [write_long_run(log, Author(seed), LONG + seed) for seed in (1, 2)]
    brief, long = (answered(log, words) for words in WORDS)
    today = f"/runs?since={datetime.now(UTC):%Y-%m-%d}"
    return {
        "the list": (_list(today, 2), _list("/runs", 50)),
        "a run with its tool calls": (_cards(few[0]), _cards(many[0])),
        "two runs compared": (_compared(few), _compared(many)),
        "a run with its answer": (_answer(brief), _answer(long)),
    }


def answered(log: EventLog, words: int) -> Run:
    """A run whose answer has so many words, with headings, lists and code between them."""
    text, author = "", Author()
    while len(text.split()) < words:
        said = author.prose(30)
        text += f"## {said[:20]}\n\n{said}\n\n- `{said[20:40]}`\n- **{said[40:60]}**\n\n"
    moment = utc(FIRST_DAY)
    run = Run(run_id=new_run_id(), input=f"{words:,} words", created=moment, started=moment)
    begin = Draft(event=EventKind.WORKFLOW_START, data={"input": run.input, "model": None})
    end = Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": text})
    log.restore(run, [each.at(run.run_id, seq, moment) for seq, each in enumerate((begin, end), 1)])
    return run


def _list(path: str, rows: int) -> Screen:
    return Screen(path, "document.querySelectorAll('#runs-table tbody tr').length", rows)


def _cards(run: Run) -> Screen:
    cards = "document.querySelectorAll('#tool-results [data-call-id]').length"
    return Screen(f"/runs/{run.run_id}", cards, min(run.calls, MOST_CARDS))


def _compared(runs: list[Run] | tuple[Run, ...]) -> Screen:
    a, b = runs
    rows = "document.querySelectorAll('.compare-calls tbody tr').length"
    calls = min(max(a.calls, b.calls), MOST_CARDS)
    return Screen(f"/compare?a={a.run_id}&b={b.run_id}", rows, calls)


def _answer(run: Run) -> Screen:
    headings = "document.querySelectorAll('#answer h3, #answer h4').length"
    return Screen(f"/runs/{run.run_id}", headings, 1)


def shown(tab: Tab, served: Dashboard, screen: Screen) -> float:
    """Milliseconds from asking for a page to the frame that shows it."""
    tab.driver.get("about:blank")
    tab.driver.get(served.url + screen.path)
    look = SETTLED.replace("COUNT", screen.expression)
    return float(tab.driver.execute_async_script(look, screen.count, 0))


def turned(tab: Tab, served: Dashboard, screen: Screen) -> float:
    """Milliseconds from the click on *older* to the frame that shows the next page of the list."""
    shown(tab, served, screen)
    return float(tab.driver.execute_async_script(TURN))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "workspace").mkdir()
        with closing(open_data(folder)) as log:
            pairs = screens(log)
        with dashboard(folder) as served, chromium() as tab:
            tab.driver.set_script_timeout(120)
            rows = [_line(what, tab, served, pair, repeat) for what, pair in pairs.items()]
            turns = [turned(tab, served, pairs["the list"][1]) for _ in range(repeat)]
    rows.append(["the next page of the list", "", f"{median(turns):.0f} ms", ""])
    print(table(["in the browser", "little", "much", "ratio"], rows))


def _line(
    what: str, tab: Tab, served: Dashboard, pair: tuple[Screen, Screen], repeat: int
) -> list[str]:
    """Little and much in turns; the first turn warms caches up."""
    turns = [[shown(tab, served, screen) for screen in pair] for _ in range(repeat + 1)][1:]
    little, much = (median(times) for times in zip(*turns, strict=True))
    return [what, f"{little:.0f} ms", f"{much:.0f} ms", f"{much / little:.1f}"]


if __name__ == "__main__":
    main()
