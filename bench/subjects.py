"""What is measured: FLOOR, the naive Dash page, and the dashboard, all fed by one source."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import httpx
from a2wsgi import WSGIMiddleware

from bench import reading
from bench.floor import app as floor_app
from bench.naive import naive
from bench.source import Emission, Source
from bench.tab import Tab, cpu, family
from tests.servers import Dashboard, dashboard, serve

NUMBER = "const e = document.getElementById('newest'); return e ? +e.textContent.slice(6) : 0"
ROW = """
const cells = document.querySelectorAll('#event-table td[data-dash-column=message]');
for (let i = cells.length - 1; i >= 0 && i > cells.length - 4; i--) {
  const text = cells[i].textContent.trim();
  if (text.startsWith('event ')) return +text.slice(6);
}
return 0
"""
"""The newest event in the monitor's last rows; below it there is at most the run's end."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the events; ``None``: the subject keeps none, or lets nobody ask for them."""

    lost: int | None = None
    unreachable: int | None = None
    out_of_order: int | None = None


class Subject(Protocol):
    """A page that can be fed and looked at."""

    name: str
    read: str
    """A function body in the page: the number of the newest event that the document holds."""

    def open(self, tab: Tab) -> None:
        """Load the page and wait until it can take events."""
        ...

    def begin(self, tab: Tab, emission: Emission) -> None:
        """Let the emission start."""
        ...

    def counts(self, tab: Tab, emission: Emission) -> Counts:
        """Check what became of the last emission."""
        ...

    def cpu(self) -> float | None:
        """Seconds of CPU that the server has used, if it has a process of its own."""
        ...


class Floor:
    """A bare page with a plain WebSocket."""

    name, read = "FLOOR", NUMBER

    def __init__(self, address: str, source: Source) -> None:
        self._url = f"http://{address}/?source={source.url}"
        self._source = source

    def open(self, tab: Tab) -> None:
        tab.open(self._url, self.read)
        tab.wait_for("socket.readyState === 1")

    def begin(self, tab: Tab, emission: Emission) -> None:
        tab.script("socket.send(JSON.stringify(arguments[0]))", command(self._source, emission))

    def counts(self, tab: Tab, emission: Emission) -> Counts:
        return Counts()

    def cpu(self) -> float | None:
        return None


class Naive:
    """A Dash page with one server callback a message."""

    name, read = "naive Dash page", NUMBER

    def __init__(self, address: str, source: Source) -> None:
        self._url = f"http://{address}/"
        self._source = source

    def open(self, tab: Tab) -> None:
        tab.open(self._url, self.read)
        state = "(window.dash_component_api && document.getElementById('newest')"
        state += " && (dash_component_api.getLayout('ws').props.state || {}).readyState)"
        tab.wait_for(f"{state} === 1")

    def begin(self, tab: Tab, emission: Emission) -> None:
        tab.script(
            "dash_clientside.set_props('ws', {send: JSON.stringify(arguments[0])})",
            command(self._source, emission),
        )

    def counts(self, tab: Tab, emission: Emission) -> Counts:
        handled = int(tab.script("return document.getElementById('count').textContent"))
        return Counts(lost=len(emission) - handled)

    def cpu(self) -> float | None:
        return None


class Ours:
    """The dashboard, in front of the source: its relay, log, gateway, callback and page."""

    name, read = "Ryx Dash", ROW

    def __init__(self, served: Dashboard, source: Source) -> None:
        self._served = served
        self._source = source
        self._run = ""

    def open(self, tab: Tab) -> None:
        tab.open(self._served.url, self.read)
        tab.wait_for("document.querySelector('#connection-status[data-status=connected]')")
        tab.wait_for("(dash_component_api.getLayout('shown').props.data || {}).n > 0")

    def begin(self, tab: Tab, emission: Emission) -> None:
        body = {"input": self._source.plan(emission)}
        answer = httpx.post(f"{self._served.url}/api/runs", json=body)
        self._run = str(answer.raise_for_status().json()["run_id"])

    def counts(self, tab: Tab, emission: Emission) -> Counts:
        logged = reading.numbers_in_log(self._served.url, self._run)
        shown = reading.numbers_in_monitor(self._served.url, self._run)
        every = set(range(emission.first, emission.last + 1))
        return Counts(
            lost=len(every - set(logged)),
            unreachable=len(every - set(shown)),
            out_of_order=sum(b <= a for kind in (logged, shown) for a, b in pairwise(kind)),
        )

    def cpu(self) -> float | None:
        return sum(map(cpu, family(self._served.process.pid)))


def command(source: Source, emission: Emission) -> dict[str, Any]:
    """What a page sends to the source itself."""
    return {"action": "execute_workflow", "input": source.plan(emission)}


@contextmanager
def subjects(source: Source) -> Iterator[tuple[Subject, Subject, Subject]]:
    """FLOOR, the naive page and the dashboard, all served."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        floor = stack.enter_context(serve(floor_app))
        slow = stack.enter_context(serve(WSGIMiddleware(naive(source.url))))  # type: ignore[arg-type]
        served = stack.enter_context(dashboard(folder, RYX_WS_URL=source.url))
        yield Floor(floor, source), Naive(slow, source), Ours(served, source)
