"""The event source: makes events at a rate, with jitter, and notes when it made each.

It stands where a Ryx backend stands. The dashboard reaches it through its relay; the pages that it
is compared with open a WebSocket to it themselves. All of them get the same messages.
"""

import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection

from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import LLM
from tests.browser.writer import RunWriter
from tests.fakes.backends import FakeBackend, serve_backend

JITTER = 0.5
"""How far an event may be off its even place, in parts of the distance between two."""


def message(n: int) -> str:
    """What the ``n``-th event says; pages show it, and the probe reads it there."""
    return f"event {n}"


def schedule(rate: float, seconds: float, seed: int) -> list[float]:
    """Seconds from the start at which each event is due, in order."""
    pick = random.Random(seed)
    count = round(rate * seconds)
    return sorted((n + JITTER * pick.uniform(-1, 1) + JITTER) / rate for n in range(count))


@dataclass
class Emission:
    """Events to make, and the wall clock in milliseconds at which each was made."""

    rate: float
    seconds: float
    seed: int = 7
    first: int = 1
    """The number of the first event: a page that goes on with a run goes on counting."""
    created: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.due = schedule(self.rate, self.seconds, self.seed)

    def __len__(self) -> int:
        return len(self.due)

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self.first + len(self) - 1


class Source:
    """A backend that carries out emissions: ``execute_workflow`` names one by its key."""

    def __init__(self) -> None:
        self._emissions: dict[str, Emission] = {}
        self.backend: FakeBackend | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self.backend is not None
        return self.backend.url

    def plan(self, emission: Emission) -> str:
        """Keep an emission; gives the ``input`` of the command that starts it."""
        key = f"emission {len(self._emissions)}"
        self._emissions[key] = emission
        return key

    async def emit(self, socket: ServerConnection, command: dict[str, Any]) -> None:
        """Carry out the emission that a command names, then end the run."""
        emission = self._emissions[command["input"]]
        begun = time.time()
        for n, due in enumerate(emission.due, emission.first):
            wait = begun + due - time.time()
            if wait > 0:
                await asyncio.sleep(wait)
            emission.created.append(time.time() * 1000)
            await socket.send(_text("step_progress", message(n)))
        emission.over.set()
        await socket.send(_text("workflow_complete", "Done", response="Done."))


def _text(event: str, message: str, **data: Any) -> str:
    step = {"step": LLM.name, "node": LLM.node} if event == "step_progress" else {}
    return json.dumps({"event": event, **step, "message": message, "latency": None, "data": data})


@contextmanager
def served_source() -> Iterator[Source]:
    """Serve a source in a thread of its own."""
    source = Source()
    with serve_backend(source.emit) as backend:
        source.backend = backend
        yield source


def write(writer: RunWriter, emission: Emission, *, batch: int = 500) -> None:
    """Carry out an emission through the log itself, as the runner of another process does.

    What has come due while a commit was under way goes into the next one.
    """
    begun, written = time.time(), 0
    while written < len(emission):
        wait = begun + emission.due[written] - time.time()
        if wait > 0:
            time.sleep(wait)
        since = time.time() - begun
        ready = [due for due in emission.due[written : written + batch] if due <= since]
        begin = emission.first + written
        numbers = range(begin, begin + max(1, len(ready)))
        emission.created += [time.time() * 1000] * len(numbers)
        writer.write(step_event(EventKind.STEP_PROGRESS, LLM, message(n)) for n in numbers)
        written += len(numbers)
    emission.over.set()


def end(writer: RunWriter) -> None:
    """End the run."""
    writer.write([Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": "Done."})])
