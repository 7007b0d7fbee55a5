"""``ryx-dash ask``: a query to a running dashboard, its steps and answer in the terminal."""

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO

import anyio
from rich.console import Console
from rich.markup import escape

from ryx_dash.client import Client, Execution, Unreachable
from ryx_dash.errors import RyxError
from ryx_dash.protocol.codec import encode
from ryx_dash.protocol.events import Event, EventKind, level
from ryx_dash.protocol.steps import STEPS, RunStatus

EXIT_CODES: Mapping[RunStatus, int] = {
    RunStatus.SUCCESS: 0,
    RunStatus.FAILED: 1,
    RunStatus.INTERRUPTED: 3,
    RunStatus.CANCELLED: 130,
}
"""Exit status by outcome; 2 is a bad argument or a refused command, 4 an unreachable dashboard, 141
that whoever read the output has gone, as shells have it."""

REFUSED, UNREACHABLE, UNREAD = 2, 4, 141

_SIGNS = {
    "info": "[blue]·[/]",
    "running": "[cyan]⋯[/]",
    "success": "[green]✓[/]",
    "warning": "[yellow]⚠[/]",
    "error": "[red]✗[/]",
}
_LABELS = {step.name: step.label for step in STEPS}


async def ask(
    client: Client, query: str, *, model: str | None, as_json: bool, out: TextIO | None = None
) -> int:
    """Run a query and print it as it goes; returns the exit status.

    Ctrl+C cancels the run. If whoever reads the output goes away, the run goes on unseen.
    """
    out = out or sys.stdout
    if isinstance(out, TextIOWrapper):
        out.reconfigure(errors="replace")  # a terminal that lacks a sign shows "?"
    execution = client.execute(query, model=model)
    printer = JsonLines(out) if as_json else Terminal(out)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_cancel_on_interrupt, execution)
        try:
            async for event in execution:
                printer.show(event)
        except RyxError as error:
            print(f"ryx-dash: {error.message}", file=sys.stderr)
            return UNREACHABLE if isinstance(error, Unreachable) else REFUSED
        except BrokenPipeError:
            _let_go_of(out)
            return UNREAD
        finally:
            tasks.cancel_scope.cancel()
    assert execution.status is not None
    return EXIT_CODES[execution.status]


async def _cancel_on_interrupt(execution: Execution) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            await execution.cancel()


def _let_go_of(out: TextIO) -> None:
    """Have what is still buffered thrown away, which Python writes when it ends."""
    with suppress(OSError, ValueError):  # no file of the system's
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, out.fileno())
        os.close(nowhere)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to :func:`ask`, which has a connection to close."""
        raise BrokenPipeError


class JsonLines:
    """Prints each event as one line of JSON."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, event: Event) -> None:
        """Print one event."""
        print(encode(event), file=self._out, flush=True)


class Terminal:
    """Prints steps and tools as lines, and the answer as it streams."""

    def __init__(self, out: TextIO) -> None:
        self._console = _Console(file=out, highlight=False, soft_wrap=True)
        self._streaming = False
        self._streamed = ""

    def show(self, event: Event) -> None:
        """Print what is to be seen of one event."""
        if event.event == EventKind.LLM_TOKEN:
            self._token(str(event.data.get("text") or ""))
        elif event.event == EventKind.WORKFLOW_COMPLETE:
            self._answer(str(event.data.get("response") or ""))
        elif event.event not in (EventKind.WORKFLOW_START, EventKind.STEP_START):
            self._line(event)

    def _token(self, text: str) -> None:
        if not self._streaming:
            self._console.print()
        self._streaming = True
        self._streamed += text
        self._console.out(_harmless(text), end="", highlight=False)

    def _answer(self, response: str) -> None:
        """The whole response, unless it is what was streamed already."""
        self._end_stream()
        if response.strip() != self._streamed.strip():
            self._console.print()
            self._console.out(_harmless(response), highlight=False)

    def _line(self, event: Event) -> None:
        self._end_stream()
        sign = _SIGNS[level(event.event, event.data)]
        name = _LABELS.get(event.step, event.step)
        tool = event.data.get("tool")
        if event.event in (EventKind.TOOL_CALL, EventKind.TOOL_RESULT) and isinstance(tool, str):
            name = f"  {tool}"
        took = "" if event.latency is None else f" [dim]{event.latency:,.0f} ms[/]"
        self._console.print(f"{sign} {escape(name):<12} {escape(_one_line(event.message))}{took}")

    def _end_stream(self) -> None:
        if self._streaming:
            self._console.print()
            self._streaming = False


def _one_line(text: str) -> str:
    return " ".join(_harmless(text).split())


def _harmless(text: str) -> str:
    """The text without what a terminal would obey."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in text)
