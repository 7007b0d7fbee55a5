"""The page's client-side layer, run by Node and driven from here: see ``machine.js``."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

MACHINE = Path(__file__).parent / "machine.js"

Outcome = Mapping[str, Any]
"""``effects`` of a step, and how the page stands after it: ``view``, ``phase``, ``queue``…"""


class Machine:
    """A Node process that holds the state machines of any number of pages."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lock = threading.Lock()
        self._ids = count(1)

    def page(self, *, seed: int, **options: Any) -> "Layer":
        """The layer of a new page; ``options`` are those of ``session.create``."""
        page = next(self._ids)
        self.ask({"page": page, "create": options, "seed": seed})
        return Layer(self, page)

    def ask(self, request: Mapping[str, Any]) -> Outcome:
        """One request, one answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, "the client-side layer threw an error; see above"
        answer: Outcome = json.loads(line)
        return answer


class Layer:
    """One page's state machine."""

    def __init__(self, machine: Machine, page: int) -> None:
        self._machine = machine
        self._page = page

    def step(self, kind: str, now: float, **fields: Any) -> Outcome:
        """Give it a message; ``now`` is the page's clock in milliseconds."""
        message = {"type": kind, "now": now, **fields}
        return self._machine.ask({"page": self._page, "step": message})

    def close(self) -> None:
        """Forget the page."""
        self._machine.ask({"page": self._page, "close": True})


@contextmanager
def machine() -> Iterator[Machine]:
    """A Node process for the length of a block."""
    node = shutil.which("node")
    assert node is not None, "node is missing: make test installs it"
    with subprocess.Popen(
        [node, str(MACHINE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Machine(process)
        assert process.stdin is not None
        process.stdin.close()
