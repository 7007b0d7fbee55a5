"""What a step gets and gives: the run so far, the parts it works with, its way to report."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ryx_dash.engine.catalogue import Catalogue
from ryx_dash.engine.citations import Citation
from ryx_dash.engine.evidence import Excerpt, from_output
from ryx_dash.engine.intent import Intent, Kind
from ryx_dash.engine.limits import Limits
from ryx_dash.engine.llm import Llm
from ryx_dash.engine.models import Choice
from ryx_dash.engine.retrieval.service import Retrieval
from ryx_dash.engine.tool_rules import Planned
from ryx_dash.engine.tools.base import Tool
from ryx_dash.protocol.events import EventKind, JsonObject, step_event
from ryx_dash.protocol.executor import Emit, Request
from ryx_dash.protocol.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What all runs of an engine share. ``exists`` says whether the workspace has a file."""

    llm: Llm
    catalogue: Catalogue
    tools: Mapping[str, Tool]
    retrieval: Retrieval
    exists: Callable[[str], bool]
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """How a planned call ended. Without success ``error`` is a sentence."""

    call: Planned
    success: bool
    output: Any = None
    error: str | None = None


@dataclass(slots=True, kw_only=True)
class Context:
    """One run as far as it has come. Each step fills in what it found, once, at its end."""

    request: Request
    parts: Parts
    text: str = ""
    intent: Intent = field(default_factory=lambda: Intent(Kind.UNKNOWN, 0.0))
    choice: Choice = field(default_factory=Choice)
    no_model: str = ""
    """Why there is no model, as the end of a sentence; empty when there is one."""
    calls: Sequence[Planned] = ()
    calls_by_model: bool = False
    results: Sequence[CallResult] = ()
    excerpts: Sequence[Excerpt] = ()
    """Passages out of the index, best first."""
    searched: str = ""
    """What was looked through, for an answer that found nothing."""
    answer: str = ""
    response: str = ""
    citations: Sequence[Citation] = ()

    def shown_by(self, tool: str) -> tuple[Excerpt, ...]:
        """What the calls of ``tool`` showed of files."""
        results = (result for result in self.results if result.call.tool == tool)
        return tuple(excerpt for r in results for excerpt in from_output(tool, r.output))


@dataclass(frozen=True, slots=True)
class Done:
    """What a step reports when it is complete: one short line, and its data."""

    message: str
    data: JsonObject = field(default_factory=dict)


class Reporter:
    """Emits the events of one step."""

    def __init__(self, step: Step, emit: Emit) -> None:
        self.step = step
        self._emit = emit

    async def __call__(
        self, kind: EventKind, message: str, data: JsonObject, *, latency: float | None = None
    ) -> None:
        """Emit an event of this step. ``latency`` is milliseconds."""
        await self._emit(step_event(kind, self.step, message, latency=latency, data=data))

    async def progress(self, message: str, **data: Any) -> None:
        """Say how far the step is."""
        await self(EventKind.STEP_PROGRESS, message, data)

    async def token(self, text: str) -> None:
        """Give out some of the answer."""
        await self(EventKind.LLM_TOKEN, "", {"text": text})

    async def retry(self, attempt: int, reason: str, **data: Any) -> None:
        """Say that try number ``attempt`` follows, and why."""
        data |= {"attempt": attempt, "warning": True, "reason": reason}
        await self(EventKind.STEP_PROGRESS, f"Try {attempt}: {reason}", data)


Work = Callable[[Context, Reporter], Awaitable[Done]]
"""The body of a step. Raises ``Transient`` to be tried again, ``StepFailed`` to end the run."""
