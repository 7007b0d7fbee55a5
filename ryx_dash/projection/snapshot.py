"""A state as bytes, and back: what a run looked like at a position, without folding up to there.

Payloads stay in the log: of a step's data, a call's arguments and its output a snapshot names the
event that they are from. So it is small, and nothing that a tool gave is stored twice.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any
from zlib import crc32

from pydantic_core import from_json, to_json

from ryx_dash.projection.nodes import light
from ryx_dash.projection.state import WINDOW, NodeState, RunState, Span, ToolCall
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

FORMAT = crc32(
    repr([FOLDING, WINDOW, [(kind.__name__, _STORED[kind]) for kind in _STORED]]).encode()
)
"""Of snapshots with another number nothing is known: states had other fields or limits, or
were folded otherwise."""

_LISTS: Mapping[str, type] = {"nodes": NodeState, "calls": ToolCall, "spans": Span}


def pack(state: RunState) -> bytes:
    """The state as bytes, to be read by :class:`Packed`."""
    row = _values(state)
    for name, kind in _LISTS.items():
        row[_STORED[RunState].index(name)] = [_values(item, kind) for item in getattr(state, name)]
    return zlib.compress(to_json(row, inf_nan_mode="constants"), 1)


class Packed:
    """A state whose payloads are still in the log. Raises ``ValueError`` for other bytes."""

    def __init__(self, data: bytes) -> None:
        try:
            row = from_json(zlib.decompress(data))
            self._state = dict(zip(_STORED[RunState], row, strict=True))
            self._state["status"] = RunStatus(self._state["status"])
            for name, kind in _LISTS.items():
                self._state[name] = [_fields(item, kind) for item in self._state[name]]
        except (zlib.error, TypeError, KeyError) as error:
            raise ValueError(f"This is no snapshot ({error}).") from error

    @property
    def wanted(self) -> list[int]:
        """The ``seq`` of the events that :meth:`state` needs."""
        used = {node["told"] for node in self._state["nodes"]}
        for call in self._state["calls"]:
            used |= {call["asked"], call["answered"]}
        return sorted(used - {0})

    def state(self, run_id: str, events: Iterable[Event]) -> RunState:
        """The state, its payloads taken from the events that are :attr:`wanted`.

        Raises ``ValueError`` when one is missing.
        """
        data: dict[int, Mapping[str, Any]] = {0: {}}
        data |= {event.seq: _object(event.data) for event in events}
        try:
            whole = self._state | {
                "nodes": tuple(
                    NodeState(**node, data=light(data[node["told"]]))
                    for node in self._state["nodes"]
                ),
                "calls": tuple(_call(call, data) for call in self._state["calls"]),
                "spans": tuple(Span(**span) for span in self._state["spans"]),
                "boundaries": tuple(self._state["boundaries"]),
                "citations": tuple(self._state["citations"]),
            }
            return RunState(run_id=run_id, **whole)
        except KeyError as error:
            raise ValueError(f"Event {error} is missing.") from error


def _values(item: Any, kind: type = RunState) -> list[Any]:
    return [getattr(item, name) for name in _STORED[kind]]


def _fields(row: Any, kind: type) -> dict[str, Any]:
    fields = dict(zip(_STORED[kind], row, strict=True))
    fields["status"] = NodeStatus(fields["status"])
    return fields


def _call(fields: dict[str, Any], data: Mapping[int, Mapping[str, Any]]) -> ToolCall:
    args = _object(data[fields["asked"]].get("args"))
    return ToolCall(**fields, args=args, output=data[fields["answered"]].get("output"))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
