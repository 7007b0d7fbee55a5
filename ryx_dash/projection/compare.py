"""Two runs beside each other: what of one belongs to what of the other, and where they part."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from ryx_dash.projection.state import NodeState, RunState, ToolCall
from ryx_dash.protocol.events import Event, EventKind
from ryx_dash.protocol.steps import INPUT

MEASURED = frozenset({"time_to_first_token", "tokens_per_second", "call_id", "_notes", "_inferred"})
"""What differs between any two runs and says nothing about either."""

PASSING = frozenset({EventKind.LLM_TOKEN.value, EventKind.STEP_PROGRESS.value})
"""Kinds of events whose number and order depend on the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPair:
    """A step in both runs. ``fields`` are the names of what differs in what it gave."""

    label: str
    a: NodeState | None
    b: NodeState | None
    fields: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether one run has no such step, or it ended otherwise or gave something else."""
        if self.a is None or self.b is None:
            return True
        return bool(self.fields) or self.a.status != self.b.status


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPair:
    """A tool call in both runs, or one that only one of them made. ``arguments`` are the names
    of those that differ; ``result``: it gave something else."""

    tool: str
    a: ToolCall | None
    b: ToolCall | None
    arguments: tuple[str, ...] = ()
    result: bool = False

    @property
    def differs(self) -> bool:
        """Whether it was made by one only, with other arguments, or ended otherwise."""
        if self.a is None or self.b is None:
            return True
        return bool(self.arguments) or self.result or self.a.status != self.b.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """The first events that differ; ``None`` for a run that has no more. ``fields`` are the names
    of what differs in their payload."""

    a: Event | None
    b: Event | None
    fields: tuple[str, ...] = ()


def pair_steps(a: RunState, b: RunState) -> tuple[StepPair, ...]:
    """All steps of both, in the order of ``a``; those that only ``b`` has come last."""
    own = {step.node: step for step in a.steps}
    other = {step.node: step for step in b.steps}
    return tuple(
        StepPair(
            label=(own.get(node) or other[node]).label,
            a=own.get(node),
            b=other.get(node),
            fields=differing(_given(own.get(node)), _given(other.get(node))),
        )
        for node in {**own, **other}
    )


def pair_calls(a: RunState, b: RunState) -> tuple[CallPair, ...]:
    """All calls of both in order: equal ones side by side, then those of one tool."""
    keys = [[f"{call.tool} {_stable(call.args)}" for call in state.calls] for state in (a, b)]
    found: list[CallPair] = []
    for kind, i, j, k, m in _edits(*keys):
        if kind == "equal":
            found += map(_pair, a.calls[i:j], b.calls[k:m])
        else:
            found += _by_tool(a.calls[i:j], b.calls[k:m])
    return tuple(found)


def divergence(a: Iterable[Event], b: Iterable[Event]) -> Divergence | None:
    """Where two runs part; ``None`` if they do not. Times, ids and measures are left aside, and so
    is what they were asked: that other questions differ is known before."""
    for one, other in zip_longest(_telling(a), _telling(b)):
        if one is None or other is None:
            return Divergence(a=one, b=other)
        if (one.event, one.step) != (other.event, other.step):
            return Divergence(a=one, b=other)
        fields = differing(one.data, other.data)
        if fields:
            return Divergence(a=one, b=other, fields=fields)
    return None


def differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[str, ...]:
    """The names under which two objects hold different values."""
    if _stable(a) == _stable(b):  # as most are, which is sooner known of the whole
        return ()
    names = [name for name in {**a, **b} if name not in MEASURED]
    return tuple(name for name in names if _stable(a.get(name)) != _stable(b.get(name)))


def _edits(a: list[str], b: list[str]) -> list[tuple[str, int, int, int, int]]:
    return list(SequenceMatcher(a=a, b=b, autojunk=False).get_opcodes())


def _telling(events: Iterable[Event]) -> Iterator[Event]:
    return (event for event in events if event.event not in PASSING and not _says_the_input(event))


def _says_the_input(event: Event) -> bool:
    if event.event == EventKind.WORKFLOW_START:
        return True
    return event.event == EventKind.STEP_COMPLETE and event.step == INPUT.name


def _given(step: NodeState | None) -> Mapping[str, Any]:
    return {} if step is None else step.data


def _stable(value: Any) -> str:
    """Equal for values that differ in nothing but measures."""
    return json.dumps(_without(value), sort_keys=True, default=str)


def _without(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without(item) for name, item in value.items() if name not in MEASURED}
    return [_without(item) for item in value] if isinstance(value, list | tuple) else value


def _pair(a: ToolCall, b: ToolCall) -> CallPair:
    gave = [_stable([call.output, call.error]) for call in (a, b)]
    arguments = differing(a.args, b.args)
    return CallPair(tool=a.tool, a=a, b=b, arguments=arguments, result=gave[0] != gave[1])


def _by_tool(a: Sequence[ToolCall], b: Sequence[ToolCall]) -> Iterator[CallPair]:
    """Calls between equal ones: the first of a tool belongs to the first of the same tool."""
    left = list(b)
    for call in a:
        other = next((one for one in left if one.tool == call.tool), None)
        if other is None:
            yield CallPair(tool=call.tool, a=call, b=None)
        else:
            left.remove(other)
            yield _pair(call, other)
    for call in left:
        yield CallPair(tool=call.tool, a=None, b=call)
