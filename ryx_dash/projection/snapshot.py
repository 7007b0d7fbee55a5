"""A state as bytes, and back: what a run looked like at a position, without folding up to there.

Payloads stay in the log: of a step's data, a call's arguments and its output a snapshot names the
event that they are from. So it is small, and nothing that a tool gave is stored twice.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any
from zlib import crc32

from ryx_dash.projection.nodes import light
from ryx_dash.projection.state import NodeState, RunState, Span, ToolCall
from ryx_dash.protocol.events import Event
from ryx_dash.protocol.steps import NodeStatus, RunStatus

FOLDING = 1
"""Grows when :mod:`projection.fold` makes other states of the same events."""

_STORED: Mapping[type, tuple[str, ...]] = {
    kind: tuple(f.name for f in fields(kind) if f.name not in elsewhere)
    for kind, elsewhere in (
        (RunState, ("run_id",)),
        (NodeState, ("data",)),
        (ToolCall, ("args", "output")),
        (Span, ()),
    )
}

FORMAT = crc32(repr([FOLDING, [(kind.__name__, _STORED[kind]) for kind in _STORED]]).encode())
"""Of snapshots with another number nothing is known: states had other fields, or were folded
otherwise."""

_LISTS: Mapping[str, type] = {"nodes": NodeState, "calls": ToolCall, "spans": Span}


def pack(state: RunState) -> bytes:
    """The state as bytes, to be read by :class:`Packed`."""
    row = _values(state)
    for name, kind in _LISTS.items():
        row[_STORED[RunState].index(name)] = [_values(item, kind) for item in getattr(state, name)]
    text = json.dumps(row, separators=(",", ":"), default=dict)
    return zlib.compress(text.encode(), 1)


class Packed:
    """A state whose payloads are still in the log. Raises ``ValueError`` for other bytes."""

    def __init__(self, data: bytes) -> None:
        try:
            row = json.loads(zlib.decompress(data))
            self._state = dict(zip(_STORED[RunState], row, strict=True))
            for name, kind in _LISTS.items():
                self._state[name] = [
                    dict(zip(_STORED[kind], item, strict=True)) for item in self._state[name]
                ]
        except (zlib.error, TypeError, KeyError) as error:
            raise ValueError(f"This is no snapshot ({error}).") from error

    @property
    def wanted(self) -> list[int]:
        """The ``seq`` of the events that :meth:`state` needs."""
        told = {node["told"] for node in self._state["nodes"]}
        calls = self._state["calls"]
        used = told | {call["asked"] for call in calls} | {call["answered"] for call in calls}
        return sorted(used - {0})

    def state(self, run_id: str, events: Iterable[Event]) -> RunState:
        """The state, its payloads taken from the events that are :attr:`wanted`.

        Raises ``ValueError`` when one is missing.
        """
        data: dict[int, Mapping[str, Any]] = {0: {}}
        data |= {event.seq: _object(event.data) for event in events}
        try:
            whole = self._state | {
                "status": RunStatus(self._state["status"]),
                "nodes": tuple(_node(node, data) for node in self._state["nodes"]),
                "calls": tuple(_call(call, data) for call in self._state["calls"]),
                "spans": tuple(map(_span, self._state["spans"])),
                "boundaries": tuple(self._state["boundaries"]),
                "citations": tuple(self._state["citations"]),
            }
            return RunState(run_id=run_id, **whole)
        except KeyError as error:
            raise ValueError(f"Event {error} is missing.") from error


def _values(item: Any, kind: type = RunState) -> list[Any]:
    return [getattr(item, name) for name in _STORED[kind]]


def _node(fields: dict[str, Any], data: Mapping[int, Mapping[str, Any]]) -> NodeState:
    return NodeState(**_with_status(fields), data=light(data[fields["told"]]))


def _call(fields: dict[str, Any], data: Mapping[int, Mapping[str, Any]]) -> ToolCall:
    args = _object(data[fields["asked"]].get("args"))
    output = data[fields["answered"]].get("output")
    return ToolCall(**_with_status(fields), args=args, output=output)


def _span(fields: dict[str, Any]) -> Span:
    return Span(**_with_status(fields))


def _with_status(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"status": NodeStatus(fields["status"])}


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
