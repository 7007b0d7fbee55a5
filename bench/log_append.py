"""How fast the SQLite log takes events in, and how fast it gives pages and searches out.

    python -m bench.log_append [events of the larger run, by default 100000]

Prints events a second for several batch sizes (each batch is one durable commit, its words
indexed), then milliseconds for pages of 50 rows in a run of 1,000 events and in the larger one,
and how many times longer the larger one takes.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ryx_dash.log.base import NewRun, RowFilter, Run
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.events import Event, now
from ryx_dash.protocol.steps import EXECUTE, LLM, STEPS

RANDOM = random.Random(7)  # the same events each time
LETTERS = "aaabcdeeefghiiijklmnooopqrstuuuvwxyz"
VOCABULARY = ["".join(RANDOM.choices(LETTERS, k=RANDOM.randint(2, 10))) for _ in range(8_000)]


def text(words: int) -> str:
    return " ".join(RANDOM.choices(VOCABULARY, k=words))


def event(run_id: str, seq: int) -> Event:
    """Two tokens, a tool's result, a step's progress, and one failure in 5,000 events."""
    kind, step, message, data = "llm_token", LLM, "", {"text": text(4)}
    if seq % 5_000 == 17:
        kind, step, message, data = "step_error", LLM, "refused " + text(4), {}
    elif seq % 4 == 2:
        output = {"path": f"src/{text(1)}.py", "text": text(20), "lines": seq}
        data = {"call_id": f"c{seq}", "tool": "read_file", "success": True, "output": output}
        kind, step, message = "tool_result", EXECUTE, text(6)
    elif seq % 4 == 3:
        kind, step, message = "step_progress", RANDOM.choice(STEPS), text(6)
        data = {"done": seq, "total": 100_000}
    return Event(
        run_id=run_id,
        seq=seq,
        ts=now(),
        event=kind,
        step=step.name,
        node=step.node,
        message=message,
        latency=RANDOM.uniform(0, 5_000),
        data=data,
    )


def filled(log: SqliteLog, size: int, batch: int) -> tuple[Run, float, float]:
    """A run of ``size`` events, the events a second, and the longest commit in milliseconds."""
    log.start(NewRun(input="bench"))
    run = log.claim("bench", at_once=1_000, lease_seconds=3_600)
    assert run is not None
    spent = longest = 0.0
    for first in range(1, size + 1, batch):
        events = [event(run.run_id, seq) for seq in range(first, min(first + batch, size + 1))]
        begun = time.perf_counter()
        run = log.append(run.lease, events)
        took = time.perf_counter() - begun
        spent, longest = spent + took, max(longest, took)
    return run, size / spent, longest * 1_000


def median_ms(work: Callable[[], object], times: int = 7) -> float:
    def once() -> float:
        begun = time.perf_counter()
        work()
        return (time.perf_counter() - begun) * 1_000

    return sorted(once() for _ in range(times))[times // 2]


def views(log: SqliteLog, run: Run) -> dict[str, Callable[[], object]]:
    upto, middle = run.head, run.head // 2
    common, rare = VOCABULARY[0], f"{VOCABULARY[0]} {VOCABULARY[1]}"

    def rows(offset: int = -50, sort: tuple = (), **where: object) -> Callable[[], object]:
        wanted = RowFilter(**{"upto": upto, **where})
        return lambda: log.rows(run.run_id, wanted, sort=sort, offset=offset)

    return {
        "everything, newest page": rows(tokens=True),
        "everything, middle page": rows(tokens=True, offset=middle),
        "no tokens, newest page": rows(),
        "no tokens, page in the middle": rows(offset=middle // 2),
        "no tokens, cursor in the middle": rows(upto=middle),
        "no tokens, after a third": rows(after=upto // 3),
        "one step and level": rows(steps=frozenset([EXECUTE.name]), levels=frozenset(["success"])),
        "errors (rare)": rows(levels=frozenset(["error"])),
        "one tool call": rows(call_id="c502"),
        "sorted by latency": rows(offset=0, sort=(("latency", "desc"),)),
        "sorted by message, page 20": rows(offset=1_000, sort=(("message", "asc"),)),
        f"text “{common}”": rows(text=common),
        f"text “{rare}”": rows(text=rare),
        "text “re”": rows(text="re"),
        "text “a” with tokens": rows(text="a", tokens=True),
        "text of nothing": rows(text="qqqqq"),
        "last 500 events": lambda: log.read(run.run_id, after=upto - 500),
        "run": lambda: log.run(run.run_id),
        "version": log.version,
    }


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        log = SqliteLog(Path(folder) / "runs.db")
        print(f"{'batch':>8} {'events/s':>10} {'longest commit':>15}")
        for batch, events in ((1, 2_000), (50, 20_000), (200, 20_000), (500, 20_000)):
            _, rate, longest = filled(log, events, batch)
            print(f"{batch:>8} {rate:>10,.0f} {longest:>12.1f} ms")
        small, _, _ = filled(log, 1_000, 500)
        large, rate, longest = filled(log, size, 500)
        print(f"{500:>8} {rate:>10,.0f} {longest:>12.1f} ms   ({size:,} events in one run)")
        print(f"\n{'page of 50 rows':<34} {'1,000':>9} {size:>11,} {'ratio':>7}")
        for (name, quick), slow in zip(
            views(log, small).items(), views(log, large).values(), strict=True
        ):
            first, second = median_ms(quick), median_ms(slow)
            print(f"{name:<34} {first:>6.2f} ms {second:>8.2f} ms {second / first:>6.1f}×")
        log.close()


if __name__ == "__main__":
    main()
