"""What a run's events say about it in a list of runs, kept up to date as they are appended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ryx_dash.log.base import Run
from ryx_dash.protocol.clean import clean_text
from ryx_dash.protocol.events import Event, EventKind
from ryx_dash.protocol.steps import INTENT, LLM, MODEL, STEPS, RunStatus

LONGEST = 100
"""Characters of a name that are kept: it stands in one cell, and in a select."""

MOST_TOOLS = 50
"""Different tools of one run that are kept by name; calls of others are still counted."""

_STEP_NODES = frozenset(step.node for step in STEPS)
_MODEL_STEPS = (MODEL.name, LLM.name)

Facts = dict[str, Any]


def summed(run: Run, events: Sequence[Event]) -> Run:
    """The run after more of its events; ``status`` is already the one that they leave it in."""
    facts: Facts = {}
    for event in events:
        reader = _READERS.get(event.event)
        if reader is not None:
            reader(run, facts, event)
    if run.status is RunStatus.SUCCESS:
        facts["step"] = None
    return replace(run, **facts) if facts else run


def _begun(_: Run, facts: Facts, event: Event) -> None:
    if event.step:
        facts["step"] = name_of(event.step)


def _completed(_: Run, facts: Facts, event: Event) -> None:
    intent, model = name_of(event.data.get("intent")), name_of(event.data.get("model"))
    if event.step == INTENT.name and intent:
        facts["intent"] = intent
    if event.step in _MODEL_STEPS and model:
        facts["model_used"] = model


def _called(run: Run, facts: Facts, event: Event) -> None:
    facts["calls"] = facts.get("calls", run.calls) + 1
    tools = facts.get("tools", run.tools)
    tool = tool_of(event) or "tool"
    if tool not in tools and len(tools) < MOST_TOOLS:
        facts["tools"] = tuple(sorted((*tools, tool)))


def _failed(_: Run, facts: Facts, event: Event) -> None:
    said = name_of(event.data.get("step")) or name_of(event.step)
    if said:
        facts["step"] = said


_READERS: Mapping[str, Callable[[Run, Facts, Event], None]] = {
    EventKind.STEP_START: _begun,
    EventKind.STEP_COMPLETE: _completed,
    EventKind.STEP_ERROR: _begun,
    EventKind.TOOL_CALL: _called,
    EventKind.WORKFLOW_ERROR: _failed,
}


def tool_of(event: Event) -> str:
    """The tool that an event names, if any; a node that is no step's is the tool's own."""
    own_node = "" if event.node in _STEP_NODES else name_of(event.node)
    return name_of(event.data.get("tool")) or own_node


def name_of(value: Any) -> str:
    """A name on one line; empty if ``value`` is none."""
    return clean_text(" ".join(value.split())[:LONGEST]) if isinstance(value, str) else ""
