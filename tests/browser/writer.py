"""A run that a test writes into a dashboard's log, as another worker would."""

import time
from collections.abc import Iterable
from pathlib import Path

from ryx_dash.log.base import NewRun
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.clean import clean_draft
from ryx_dash.protocol.events import Draft, Event, EventKind, now, step_event
from ryx_dash.protocol.steps import LLM, STEPS


class RunWriter:
    """Claims a run in the log of ``folder``, which no dashboard may serve yet, and writes to it."""

    def __init__(self, folder: Path, text: str = "written from outside") -> None:
        (folder / "data").mkdir(parents=True, exist_ok=True)
        self.log = SqliteLog(folder / "data" / "runs.db")
        self.log.start(NewRun(input=text))
        run = self.log.claim("the test", at_once=100, lease_seconds=3600)
        assert run is not None
        self.run = run
        self.write([Draft(event=EventKind.WORKFLOW_START, message="Begins", data={"input": text})])

    def write(self, drafts: Iterable[Draft]) -> None:
        """Append events in one commit."""
        head = self.run.head
        events: list[Event] = [
            clean_draft(draft).at(self.run.run_id, head + n, now())
            for n, draft in enumerate(drafts, 1)
        ]
        self.run = self.log.append(self.run.lease, events)

    def burst(self, count: int, *, batch: int = 500) -> None:
        """Append ``count`` progress events of the response step as fast as the log takes them."""
        for start in range(0, count, batch):
            size = min(batch, count - start)
            self.write(
                step_event(EventKind.STEP_PROGRESS, LLM, f"event {start + n}", data={"n": n})
                for n in range(1, size + 1)
            )

    def finish(self, response: str = "The end.", *, pause: float = 0) -> None:
        """Complete every step and the run, with a ``pause`` of seconds before each step."""
        for step in STEPS:
            time.sleep(pause)
            self.write(
                [
                    step_event(EventKind.STEP_START, step, f"{step.label} begins"),
                    step_event(EventKind.STEP_COMPLETE, step, f"{step.label} done", latency=1.5),
                ]
            )
        self.write(
            [
                Draft(
                    event=EventKind.WORKFLOW_COMPLETE,
                    message="Completed",
                    latency=12.5,
                    data={"response": response},
                )
            ]
        )
