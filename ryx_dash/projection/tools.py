"""Tool calls while events are folded in: which result belongs to which call."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ryx_dash.projection.state import ToolCall
from ryx_dash.protocol.events import Event
from ryx_dash.protocol.steps import STEPS, NodeStatus

_STEP_NODES = frozenset(step.node for step in STEPS)
_ANY = ""


class Calls:
    """All calls by id, mutable, and the open ones of each tool in the order of their calls."""

    def __init__(self, calls: Iterable[ToolCall], *, made: int, most: int) -> None:
        self.made = 0
        """Number of calls so far, those included that are known no more."""
        self._most = most
        self._forgotten: list[str] = []
        self._calls: dict[str, ToolCall] = {}
        self._waiting: defaultdict[str, deque[str]] = defaultdict(deque)
        for call in calls:
            self._put(call)
        self.made = made

    def call(self, event: Event, data: Mapping[str, Any]) -> ToolCall | None:
        """Take a ``tool_call``. ``None`` if it only repeats one that is known.

        A call whose result came first gets its arguments now.
        """
        call_id = _call_id(data) or _own_id(event)
        args = _mapping(data.get("args"))
        known = self._calls.get(call_id)
        if known is None:
            name = _tool(event, data) or "tool"
            call = ToolCall(call_id=call_id, tool=name, args=args, seq=event.seq, asked=event.seq)
            return self._put(call)
        if known.args or not args:
            return None
        return self._put(replace(known, args=args, seq=event.seq, asked=event.seq))

    def result(self, event: Event, data: Mapping[str, Any]) -> ToolCall | None:
        """Take a ``tool_result``. ``None`` if its call had one before: the first one counts.

        Without an id it belongs to the oldest open call of its tool; with nothing to belong to
        it makes a call of its own.
        """
        call_id, name = _call_id(data), _tool(event, data)
        inferred = call_id is None or "call_id" in _inferred(data)
        if call_id is None:
            call_id = self._oldest(name or _ANY) or _own_id(event)
        call = self._calls.get(call_id) or ToolCall(call_id=call_id, tool=name or "tool")
        if call.status is not NodeStatus.RUNNING:
            return None
        success = bool(data.get("success"))
        return self._put(
            replace(
                call,
                status=NodeStatus.SUCCESS if success else NodeStatus.FAILED,
                latency=event.latency,
                output=data.get("output"),
                error=None if success else _error(event, data),
                inferred=inferred,
                seq=event.seq,
                answered=event.seq,
            )
        )

    def close(self, status: NodeStatus, seq: int) -> Iterator[ToolCall]:
        """End every open call with ``status``; gives the calls that this ended."""
        for call in tuple(self._calls.values()):
            if call.status is NodeStatus.RUNNING:
                yield self._put(replace(call, status=status, seq=seq))

    def take_forgotten(self) -> list[str]:
        """The ids of calls that gave way to newer ones since this was last asked."""
        forgotten, self._forgotten = self._forgotten, []
        return forgotten

    def freeze(self) -> tuple[ToolCall, ...]:
        """All calls as values, in the order in which they came."""
        return tuple(self._calls.values())

    def _put(self, call: ToolCall) -> ToolCall:
        new = call.call_id not in self._calls
        if call.status is NodeStatus.RUNNING and new:
            self._waiting[call.tool].append(call.call_id)
            self._waiting[_ANY].append(call.call_id)
        self._calls[call.call_id] = call
        if new:
            self.made += 1
            if len(self._calls) > self._most:
                self._forget_one_before(call.call_id)
        return call

    def _forget_one_before(self, newest: str) -> None:
        others = [call_id for call_id in self._calls if call_id != newest]
        oldest = next((other for other in others if not self._is_open(other)), others[0])
        del self._calls[oldest]
        self._forgotten.append(oldest)

    def _oldest(self, tool: str) -> str | None:
        waiting = self._waiting[tool]
        while waiting and not self._is_open(waiting[0]):
            waiting.popleft()
        return waiting[0] if waiting else None

    def _is_open(self, call_id: str) -> bool:
        call = self._calls.get(call_id)
        return call is not None and call.status is NodeStatus.RUNNING


def _call_id(data: Mapping[str, Any]) -> str | None:
    value = data.get("call_id")
    return value if isinstance(value, str) and value else None


def _inferred(data: Mapping[str, Any]) -> Iterable[Any]:
    """What a backend left open and its translation had to answer."""
    value = data.get("_inferred")
    return value if isinstance(value, list) else ()


def _own_id(event: Event) -> str:
    return f"#{event.seq}"


def _tool(event: Event, data: Mapping[str, Any]) -> str | None:
    """The tool's name: in the payload, else a node that is no step's."""
    value = data.get("tool")
    if isinstance(value, str) and value:
        return value
    return event.node if event.node and event.node not in _STEP_NODES else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _error(event: Event, data: Mapping[str, Any]) -> str:
    value = data.get("error")
    text = value if isinstance(value, str) else "" if value is None else repr(value)
    return text or event.message or "The tool failed and gave no reason."
