"""How long the analysis of 1,000 and of 100,000 runs takes, whole and filtered.

    python -m bench.analytics [runs of the larger log, by default 100000]

The runs go in through the log's interface. Prints the median milliseconds of each question in
both logs, and their ratio. The goal is two seconds for 100,000 runs.
"""

import random
from collections.abc import Callable
from dataclasses import replace

from bench.runs_list import DAY, compare, stamp, text
from ryx_dash.log.base import EventLog, Run, RunFilter
from ryx_dash.log.periods import CalendarCut
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.analysis import Part
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE, INTENT, LLM, MODEL, STEPS, RunStatus, Step

RANDOM = random.Random(11)  # the same runs each time
TYPICAL = dict(zip(STEPS, (0.4, 3.0, 1.5, 6.0, 90.0, 40.0, 4_000.0, 2.0), strict=True))
"""Milliseconds that each step takes, about."""


def latency(typical: float) -> float:
    return round(typical * RANDOM.lognormvariate(0, 0.7), 3)


def told(step: Step) -> dict[str, object]:
    if step is INTENT:
        return {"intent": RANDOM.choice(["chat", "code", "docs"])}
    if step not in (MODEL, LLM):
        return {}
    model = RANDOM.choice(["small:3b", "large:70b"])
    if step is MODEL:
        return {"model": model}
    speed = RANDOM.gauss(60 if model == "small:3b" else 12, 4)
    waited = latency(300 if model == "small:3b" else 1_500)
    return {"model": model, "time_to_first_token": waited, "tokens_per_second": round(speed, 1)}


def drafts(question: str) -> list[Draft]:
    """All eight steps, with two tool calls; one run in twenty fails while it answers."""
    made = [Draft(event=EventKind.WORKFLOW_START, data={"input": question})]
    failed = RANDOM.random() < 0.05
    for step, typical in TYPICAL.items():
        made.append(step_event(EventKind.STEP_START, step, step.label))
        if step is EXECUTE:
            for tool in RANDOM.sample(["search_local", "read_file", "search_web", "edit_file"], 2):
                data = {"call_id": tool, "tool": tool}
                success = RANDOM.random() < 0.97
                made.append(step_event(EventKind.TOOL_CALL, step, "", data=data))
                data |= {"success": success, "output": text(12)}
                took = latency(40)
                made.append(step_event(EventKind.TOOL_RESULT, step, "", latency=took, data=data))
        if failed and step is LLM:
            return [*made, Draft(event=EventKind.WORKFLOW_ERROR, message="It failed.")]
        took = latency(typical)
        done = EventKind.STEP_COMPLETE
        made.append(step_event(done, step, step.label, latency=took, data=told(step)))
    return [*made, Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": text(40)})]


def fill(log: SqliteLog, size: int) -> None:
    for number in range(size):
        start, seconds = number * 300.0, RANDOM.expovariate(1 / 8)
        run = Run(
            run_id=f"run{number:07}", input=text(8), created=stamp(start), started=stamp(start)
        )
        made = drafts(run.input)
        pause = seconds / len(made)
        events = [d.at(run.run_id, n, stamp(start + n * pause)) for n, d in enumerate(made, 1)]
        log.restore(run, events)


def questions(log: EventLog, size: int) -> dict[str, Callable[[], object]]:
    end = size * 300.0
    whole = CalendarCut(since="", until="", now=stamp(end), zone="Europe/Berlin")
    day = RunFilter(since=stamp(end - DAY), until=stamp(end))
    failed = RunFilter(statuses=frozenset({RunStatus.FAILED}))
    slow = Part(kind="step", name=LLM.name, shortest=10_000)
    return {
        "all runs": lambda: log.analyse(RunFilter(), whole),
        "the last day": lambda: log.analyse(day, replace(whole, since=day.since)),
        "failed": lambda: log.analyse(failed, whole),
        "one model": lambda: log.analyse(RunFilter(models=frozenset({"small:3b"})), whole),
        "model, intent, tool": lambda: log.analyse(
            RunFilter(
                models=frozenset({"small:3b"}),
                intents=frozenset({"code"}),
                tools=frozenset({"read_file"}),
            ),
            whole,
        ),
        "beginning of a word": lambda: log.analyse(RunFilter(text="e"), whole),
        "behind a mark": lambda: log.runs(where=RunFilter(part=slow)),
    }


if __name__ == "__main__":
    compare(fill, questions)
