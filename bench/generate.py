"""Runs as the engine makes them, of any length and number, the same for the same seed.

    python -m bench.generate FOLDER                       the sizes that bench.sizes measures
    python -m bench.generate FOLDER --events 1000 100000 --runs 1000

Makes ``FOLDER/events`` (a data folder with one run of each length) and ``FOLDER/runs-N`` (one
with N short runs each). What is there already stays. What tools find, what is quoted and what is
answered comes out of the files of this repository, so words are as frequent and outputs as long as
in real work; questions come in several scripts.
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from ryx_dash.log.base import EventLog, NewRun, Run
from ryx_dash.log.run_id import new_run_id
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.events import Draft, Event, EventKind, JsonObject, step_event, utc
from ryx_dash.protocol.steps import EXECUTE, INPUT, INTENT, LLM, MODEL, OUTPUT, RAG, TOOLS, Step

ROOT = Path(__file__).parent.parent
EVENTS = (1_000, 100_000, 1_000_000)
RUNS = (1_000, 100_000)
BATCH = 1_000
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = (
    "Where is {name} defined, and who calls it?",
    "Explain what {path} does.",
    "Why does {name} raise an error when the disk is full?",
    "Find every use of {name} and tell me which can go.",
    "Wo wird {name} benutzt, und wofür?",
    "À quoi sert {path} ?",
    "Что делает {name}?",
    "{name} はどこで使われていますか？",
    "¿Qué prueba {path}? 🧪",
    "Summarise {path} in three sentences.",
)
INTENTS = ("search", "code_explanation", "code_fix", "summary", "chat")
MODELS = ("qwen2.5:3b", "qwen2.5-coder:14b", "mistral:7b", "llama3.1:70b")
REASONS = ("The model server did not answer in 30 s.", "Connection refused: 127.0.0.1:11434.")

Timed = tuple[Draft, float]
"""An event, and the milliseconds since the one before."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the repository, in lines."""

    path: str
    lines: tuple[str, ...]


class Author:
    """Writes runs. Two authors with one seed write the same."""

    def __init__(self, seed: int = 7, *, asked: Sequence[str] = ASKED) -> None:
        self._random = random.Random(seed)
        self._asked = asked
        self._sources = _sources()
        self._names = sorted({word for s in self._sources for word in _names(s)})
        prose = (s for s in self._sources if s.path.endswith(".md"))
        self._prose = [" ".join(s.lines).split() for s in prose]

    def question(self) -> str:
        """What a person asks."""
        source, name = self._random.choice(self._sources), self._random.choice(self._names)
        return self._random.choice(self._asked).format(name=name, path=source.path)

    def prose(self, count: int) -> str:
        """So many times three words of the documentation, as they stand there."""
        return "".join(self._pieces(count))

    def run(self, question: str, *, short: bool = True) -> Iterator[Timed]:
        """All events of one run, from its start to its end. One in twenty fails."""
        yield Draft(event=EventKind.WORKFLOW_START, message="The run has started.",
                    data={"input": question, "model": None}), 0.0  # fmt: skip
        failed = self._random.random() < 0.05
        took = 0.0
        for draft, pause in self._round(question, short=short, failed=failed):
            took += pause
            yield draft, pause
        if failed:
            data: JsonObject = {"code": "llm", "step": LLM.name}
            yield Draft(event=EventKind.WORKFLOW_ERROR, message=REASONS[0], latency=took,
                        data=data), 1.0  # fmt: skip
            return
        response = self.prose(10 if short else 60)
        yield Draft(event=EventKind.WORKFLOW_COMPLETE, message="Completed", latency=took,
                    data={"response": response}), 1.0  # fmt: skip

    def long_run(self, question: str, events: int) -> Iterator[Timed]:
        """``events`` events of a run that goes through the steps again and again."""
        yield Draft(event=EventKind.WORKFLOW_START, message="The run has started.",
                    data={"input": question, "model": None}), 0.0  # fmt: skip
        yield from islice(self._rounds(), events - 2)
        response = self.prose(200)
        yield Draft(event=EventKind.WORKFLOW_COMPLETE, message="Completed",
                    data={"response": response}), 1.0  # fmt: skip

    def _rounds(self) -> Iterator[Timed]:
        while True:
            failed = self._random.random() < 0.02
            yield from self._round(self.question(), short=False, failed=failed)

    def _round(self, question: str, *, short: bool, failed: bool) -> Iterator[Timed]:
        pick, ms = self._random.choice, self._ms
        model = pick(MODELS)
        yield from self._step(INPUT, {"text": question, "characters": len(question)}, ms(1))
        confidence = round(self._random.random(), 2)
        yield from self._step(INTENT, {"intent": pick(INTENTS), "confidence": confidence}, ms(1))
        yield from self._step(MODEL, {"model": model, "chosen_by": "intent"}, ms(20))
        yield from self._step(TOOLS, {"selected_by": "model"}, ms(900))
        yield from self._tools(short=short)
        hits = [self._passage(12) for _ in range(2 if short else 6)]
        yield from self._step(RAG, {"hits": hits, "files": len(self._sources)}, ms(60))
        yield from self._answer(model, short=short, failed=failed)
        if not failed:
            yield from self._step(OUTPUT, {"citations": [], "characters": 900}, ms(10))

    def _step(self, step: Step, data: JsonObject, took: float) -> Iterator[Timed]:
        yield step_event(EventKind.STEP_START, step, f"{step.label}..."), 0.2
        message = ", ".join(str(value) for value in data.values())[:60]
        yield step_event(EventKind.STEP_COMPLETE, step, message, latency=took, data=data), took

    def _tools(self, *, short: bool) -> Iterator[Timed]:
        """Calls side by side, answered in any order; some fail, some are tried again."""
        yield step_event(EventKind.STEP_START, EXECUTE, "Running tools..."), 0.2
        calls = [self._call() for _ in range(self._random.randint(1, 2 if short else 8))]
        for call in calls:
            brief = f"{call['tool']}: {', '.join(map(str, call['args'].values()))}"
            yield step_event(EventKind.TOOL_CALL, EXECUTE, brief, data=call), 0.1
        self._random.shuffle(calls)
        for call in calls:
            took = self._ms(40)
            if self._random.random() < 0.03:
                retry = {"attempt": 2, "warning": True, "reason": REASONS[1], **call}
                yield step_event(EventKind.STEP_PROGRESS, EXECUTE, "Trying again", data=retry), took
            yield self._result(call, took), took
        yield step_event(EventKind.STEP_COMPLETE, EXECUTE, f"{len(calls)} calls", latency=80.0), 0.1

    def _call(self) -> JsonObject:
        tool = self._random.choice(("search_local", "read_file", "read_file", "search_web"))
        if tool == "read_file":
            args = {"path": self._random.choice(self._sources).path}
        else:
            args = {"query": " ".join(self._random.sample(self._names, 2))}
        return {"call_id": f"call-{self._random.getrandbits(48):012x}", "tool": tool, "args": args}

    def _result(self, call: JsonObject, took: float) -> Draft:
        success = self._random.random() > 0.04
        output: JsonObject | None = None
        message = f"{call['tool']}: {REASONS[1]}"
        if success and call["tool"] == "read_file":
            output = self._passage(self._random.randint(5, 60)) | call["args"]
            message = f"read_file: lines {output['start']}–{output['end']}"
        elif success:
            hits = [self._passage(1) for _ in range(self._random.randint(0, 8))]
            output = {"query": call["args"]["query"], "hits": hits, "total": len(hits)}
            message = f"{call['tool']}: {len(hits)} hits"
        ids = {"call_id": call["call_id"], "tool": call["tool"]}
        error = None if success else REASONS[1]
        data = {**ids, "success": success, "output": output, "error": error}
        return step_event(EventKind.TOOL_RESULT, EXECUTE, message, latency=took, data=data)

    def _answer(self, model: str, *, short: bool, failed: bool) -> Iterator[Timed]:
        yield step_event(EventKind.STEP_START, LLM, "Writing the answer..."), 0.2
        for piece in self._pieces(self._random.randint(2, 8 if short else 80)):
            yield step_event(EventKind.LLM_TOKEN, LLM, "", data={"text": piece}), self._ms(25)
        if failed:
            yield step_event(EventKind.STEP_ERROR, LLM, REASONS[0], latency=30_000.0), 30_000.0
            return
        speed = round(self._random.uniform(8, 90), 1)
        data = {"model": model, "tokens_per_second": speed, "time_to_first_token": self._ms(300)}
        message = f"{model}, {speed} tokens/s"
        yield step_event(EventKind.STEP_COMPLETE, LLM, message, latency=900.0, data=data), 1.0

    def _passage(self, most: int) -> JsonObject:
        source = self._random.choice(self._sources)
        start = self._random.randrange(max(len(source.lines) - most, 1))
        lines = source.lines[start : start + most]
        place = {"path": source.path, "start": start + 1, "end": start + len(lines)}
        return {**place, "text": "\n".join(lines), "score": round(self._random.random(), 3)}

    def _pieces(self, count: int) -> Iterator[str]:
        """Prose of the documentation, in pieces of a few words."""
        words = self._random.choice(self._prose)
        begin = self._random.randrange(len(words))
        for n in range(count):
            first = (begin + n * 3) % len(words)
            yield " ".join(words[first : first + 3]) + " "

    def _ms(self, mean: float) -> float:
        return round(self._random.expovariate(1 / mean), 3)


def write_long_run(log: EventLog, author: Author, events: int) -> Run:
    """Append a run of ``events`` events, as a runner would."""
    question = f"{author.question()} ({events:,} events)"
    log.start(NewRun(input=question, command_id=f"bench-{events}"))
    run = log.claim("bench", at_once=1_000, lease_seconds=24 * 3600)
    assert run is not None
    assert run.started is not None
    moment = datetime.fromisoformat(run.started)
    timed = author.long_run(question, events)
    while batch := list(islice(timed, BATCH)):
        made, moment = _events(run.run_id, run.head, moment, batch)
        run = log.append(run.lease, made)
    return run


def write_runs(
    log: EventLog,
    author: Author,
    count: int,
    *,
    first: datetime = FIRST_DAY,
    apart: timedelta = timedelta(minutes=5),
) -> None:
    """Put ``count`` short runs into the log, the ``first`` one begun then, and so on."""
    for number in range(count):
        begun = first + apart * number
        question = author.question()
        run = Run(run_id=new_run_id(), input=question, created=utc(begun), started=utc(begun))
        events, _ = _events(run.run_id, 0, begun, list(author.run(question)))
        log.restore(run, events)


def prepare(folder: Path, events: Sequence[int], runs: Sequence[int]) -> None:
    """Make what is missing in ``folder``, saying what takes how long."""
    with closing(open_data(folder / "events")) as log:
        for size in events:
            if find_long_run(log, size) is None:
                with Said(f"a run of {size:,} events"):
                    write_long_run(log, Author(), size)
    for count in runs:
        place = folder / f"runs-{count}"
        if not place.exists():
            with closing(open_data(folder / "unfinished")) as log, Said(f"{count:,} runs"):
                # The disk is not what is measured here; nothing else writes to this log.
                log._connections._writer.execute("PRAGMA synchronous = OFF")
                write_runs(log, Author(), count)
            (folder / "unfinished").rename(place)


def open_data(folder: Path) -> SqliteLog:
    """The log of a data folder, which is made if there is none."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    return SqliteLog(folder / "data" / "runs.db")


def find_long_run(log: EventLog, events: int) -> Run | None:
    """The run of that length, if it was written to its end."""
    for run in log.runs(limit=100).runs:
        if run.head == events and run.status.ended:
            return run
    return None


class Said:
    """Prints what is made, and the seconds that it took."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        self._begun = time.monotonic()

    def __exit__(self, *_: object) -> None:
        print(f"{self._what} written in {time.monotonic() - self._begun:.0f} s", flush=True)


def _events(
    run_id: str, head: int, moment: datetime, batch: Sequence[Timed]
) -> tuple[list[Event], datetime]:
    made: list[Event] = []
    for seq, (draft, pause) in enumerate(batch, head + 1):
        moment += timedelta(milliseconds=pause)
        made.append(draft.at(run_id, seq, utc(moment)))
    return made, moment


def _sources() -> list[Source]:
    paths = sorted([*ROOT.glob("ryx_dash/**/*.py"), *ROOT.glob("docs/*.md"), *ROOT.glob("*.md")])
    read = ((path, path.read_text("utf-8").splitlines()) for path in paths)
    return [Source(str(p.relative_to(ROOT)), tuple(ls)) for p, ls in read if len(ls) > 5]


def _names(source: Source) -> Iterator[str]:
    for line in source.lines:
        head, _, rest = line.strip().partition(" ")
        if head in ("def", "class") and rest:
            yield rest.split("(")[0].rstrip(":")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, nargs="*", default=EVENTS)
    parser.add_argument("--runs", type=int, nargs="*", default=RUNS)
    given = parser.parse_args()
    prepare(given.folder, given.events, given.runs)


if __name__ == "__main__":
    main()
