"""The real server with work that a test can plan: ``gunicorn tests.faults.app:server``.

A run's input is its plan, for example ``7: 120 events in 2.5 s``. Nothing else differs from
``app.py``.
"""

import os
from pathlib import Path
from random import Random

import anyio

from ryx_dash import factory, settings
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.executor import Emit, Model, Request
from ryx_dash.protocol.steps import LLM
from tests.faults import clock
from tests.faults.plan import NOTHING, PLAN


class Planned:
    """An executor that does what its input says."""

    async def execute(self, request: Request, emit: Emit) -> None:
        """Emit the planned events: single ones, bursts and tokens, with pauses between."""
        wanted = PLAN.match(request.input) or NOTHING
        random, count = Random(wanted["seed"]), int(wanted["events"])
        await emit(step_event(EventKind.STEP_START, LLM, "event 0"))
        done = 0
        while done < count:
            size = min(random.choice((1, 1, 2, 5, 20)), count - done)
            for n in range(done + 1, done + size + 1):
                await emit(_event(n, random))
            done += size
            await anyio.sleep(size / count * float(wanted["seconds"]))
        await emit(step_event(EventKind.STEP_COMPLETE, LLM, "done", latency=1.0))
        await emit(
            Draft(
                event=EventKind.WORKFLOW_COMPLETE,
                message="The run is complete.",
                data={"response": f"{count} events"},
            )
        )

    async def models(self) -> list[Model]:
        """None."""
        return []

    async def examples(self) -> list[str]:
        """None."""
        return []

    async def problem(self) -> str | None:
        """None."""
        return None

    async def aclose(self) -> None:
        """Nothing to release."""


def _event(n: int, random: Random) -> Draft:
    if random.random() < 0.3:
        return step_event(EventKind.LLM_TOKEN, LLM, "", data={"text": f"token {n} "})
    return step_event(EventKind.STEP_PROGRESS, LLM, f"event {n}", data={"n": n})


if "FAULT_CLOCK" in os.environ:
    clock.install(Path(os.environ["FAULT_CLOCK"]))

server = factory.create(settings.load(os.environ), executor=Planned())
