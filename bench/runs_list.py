"""How fast a list of runs is paged, filtered and searched, at 1,000 and at 100,000 runs.

    python -m bench.runs_list [runs of the larger log, by default 100000]

Prints the median milliseconds of each query in both logs, and their ratio.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ryx_dash.log.base import EventLog, Run, RunFilter
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE, INTENT, LLM, MODEL, RunStatus

RANDOM = random.Random(7)  # the same runs each time
LETTERS = "aaabcdeeefghiiijklmnooopqrstuuuvwxyz"
VOCABULARY = ["".join(RANDOM.choices(LETTERS, k=RANDOM.randint(2, 10))) for _ in range(8_000)]
DAY = 24 * 3600


def text(words: int) -> str:
    return " ".join(RANDOM.choices(VOCABULARY, k=words))


def stamp(seconds: float) -> str:
    moment = time.gmtime(1_767_225_600 + seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S.", moment) + f"{int(seconds % 1 * 1e6):06}Z"


def drafts(question: str) -> list[Draft]:
    """A short run: an intent, a model, two tools, an answer; one in twenty fails."""
    tools = RANDOM.sample(["search_local", "read_file", "search_web", "edit_file"], 2)
    data = [{"call_id": f"c{n}", "tool": tool} for n, tool in enumerate(tools)]
    done = EventKind.STEP_COMPLETE
    failed = RANDOM.random() < 0.05
    end = Draft(
        event=EventKind.WORKFLOW_ERROR if failed else EventKind.WORKFLOW_COMPLETE,
        message="It failed." if failed else "Done.",
        data={} if failed else {"response": text(40)},
    )
    return [
        Draft(event=EventKind.WORKFLOW_START, data={"input": question}),
        step_event(done, INTENT, "", data={"intent": RANDOM.choice(["chat", "code", "docs"])}),
        step_event(done, MODEL, "", data={"model": RANDOM.choice(["small:3b", "large:70b"])}),
        *[step_event(EventKind.TOOL_CALL, EXECUTE, text(3), data=d) for d in data],
        *[
            step_event(EventKind.TOOL_RESULT, EXECUTE, "", data={**d, "output": text(20)})
            for d in data
        ],
        step_event(EventKind.STEP_START, LLM, text(4)),
        end,
    ]


def fill(log: SqliteLog, size: int) -> None:
    for number in range(size):
        start, seconds = number * 300.0, RANDOM.expovariate(1 / 8)
        run = Run(
            run_id=f"run{number:07}", input=text(8), created=stamp(start), started=stamp(start)
        )
        made = drafts(run.input)
        step = seconds / len(made)
        events = [d.at(run.run_id, n, stamp(start + n * step)) for n, d in enumerate(made, 1)]
        log.restore(run, events)


def queries(log: EventLog, size: int) -> dict[str, Callable[[], object]]:
    middle = f"run{size // 2:07}"
    word = VOCABULARY[17]
    failed = frozenset({RunStatus.FAILED})
    return {
        "first page": lambda: log.runs(),
        "a page in the middle": lambda: log.runs(before=middle),
        "failed": lambda: log.runs(where=RunFilter(statuses=failed)),
        "model and tool": lambda: log.runs(
            where=RunFilter(models=frozenset({"small:3b"}), tools=frozenset({"search_web"}))
        ),
        "a day in the middle": lambda: log.runs(
            where=RunFilter(since=stamp(size * 150), until=stamp(size * 150 + DAY))
        ),
        "longer than a minute": lambda: log.runs(where=RunFilter(shortest=60_000)),
        "nothing passes": lambda: log.runs(where=RunFilter(intents=frozenset({"none"}))),
        "text, one word": lambda: log.runs(where=RunFilter(text=word)),
        "text, beginning of a word": lambda: log.runs(where=RunFilter(text=word[:3])),
        "text, two words": lambda: log.runs(where=RunFilter(text=f"{word} {VOCABULARY[18]}")),
        "text, found nowhere": lambda: log.runs(where=RunFilter(text="zzzzzz")),
        "facets": lambda: log.facets(),
    }


def median(act: Callable[[], object]) -> float:
    times = []
    for _ in range(7):
        begin = time.perf_counter()
        act()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def compare(
    fill: Callable[[SqliteLog, int], None],
    questions: Callable[[EventLog, int], dict[str, Callable[[], object]]],
) -> None:
    """Print how long each question takes in a small and in a large log that ``fill`` makes."""
    sizes = (1_000, int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            log = SqliteLog(Path(folder) / f"{size}.db")
            begin = time.perf_counter()
            log._connections._writer.execute("PRAGMA synchronous = OFF")
            fill(log, size)
            print(f"{size:,} runs written in {time.perf_counter() - begin:.0f} s", flush=True)
            measured.append({name: median(act) for name, act in questions(log, size).items()})
            log.close()
    print(f"{'ms':30}" + "".join(f"{size:>12,}" for size in sizes) + f"{'ratio':>8}")
    for name, small in measured[0].items():
        large = measured[1][name]
        print(f"{name:30}{small:12.2f}{large:12.2f}{large / small:8.1f}")


if __name__ == "__main__":
    compare(fill, queries)
