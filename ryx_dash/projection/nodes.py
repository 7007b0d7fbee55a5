"""The nodes of the graph while events are folded in."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ryx_dash.projection.state import NodeState
from ryx_dash.protocol.events import RAW, Event
from ryx_dash.protocol.steps import EXECUTE, STEPS, NodeStatus

CALL_PREFIX = "call:"
"""What the id of a tool call's node begins with; the call's id follows."""

MAX_RAW = 16_384
"""Characters of a backend's message that a node keeps; a longer one is in the log alone."""

_NODE_OF = {step.name: step.node for step in STEPS}
_OPEN = (NodeStatus.PENDING, NodeStatus.RUNNING)


def pending_steps() -> tuple[NodeState, ...]:
    """The eight steps before anything has happened."""
    return tuple(NodeState(node=step.node, step=step.name, label=step.label) for step in STEPS)


class Nodes:
    """All nodes by id, mutable. Every method but :meth:`freeze` takes the id of a node."""

    def __init__(self, nodes: Iterable[NodeState], *, most: int) -> None:
        self._nodes = {node.node: node for node in nodes}
        steps = sum(node.parent is None for node in self._nodes.values())
        self._room = len(STEPS) + most - steps
        # Progress comes in thousands, and rebuilding a frozen value for each is what would cost
        # most: only the newest message of a node is kept, until the node is looked at.
        self._messages: dict[str, str] = {}

    def __getitem__(self, key: str) -> NodeState:
        self._settle(key)
        return self._nodes[key]

    def __contains__(self, key: str) -> bool:
        return key in self._nodes

    def status(self, key: str) -> NodeStatus:
        """The node's status, without the cost of looking at the whole node."""
        return self._nodes[key].status

    def add_step(self, key: str, event: Event) -> bool:
        """A node for a step that the protocol does not name, at the end; false without room."""
        if self._room <= 0:
            return False
        self._room -= 1
        name = event.step or key
        self._nodes[key] = NodeState(node=key, step=name, label=name)
        return True

    def add_call(self, key: str, tool: str, event: Event) -> None:
        """A node for a tool call, under the step that executes it."""
        self._nodes[key] = NodeState(
            node=key,
            step=EXECUTE.name,
            label=tool,
            status=NodeStatus.RUNNING,
            started=event.ts,
            message=event.message,
            parent=EXECUTE.node,
        )

    def remove(self, key: str) -> None:
        """The node is known no more, if it was."""
        self._nodes.pop(key, None)

    def start(self, key: str, event: Event, attempt: int | None) -> None:
        """The node runs, from ``event`` on; what an earlier try left is forgotten."""
        self._change(
            key,
            status=NodeStatus.RUNNING,
            latency=None,
            started=event.ts,
            message=event.message,
            attempt=attempt or self[key].attempt,
            data={},
            told=0,
        )

    def progress(self, key: str, event: Event, attempt: int | None) -> bool:
        """The node goes on. False, and nothing done, if it has ended and this is no new try."""
        node = self._nodes[key]
        if node.status is NodeStatus.RUNNING and attempt is None:
            self._messages[key] = event.message
        elif node.status in _OPEN or (attempt or 0) > node.attempt:
            self._change(
                key,
                status=NodeStatus.RUNNING,
                latency=None,
                started=node.started or event.ts,
                message=event.message,
                attempt=attempt or node.attempt,
            )
        else:
            return False
        return True

    def finish(
        self,
        key: str,
        status: NodeStatus,
        event: Event,
        data: Mapping[str, Any],
        attempt: int | None = None,
    ) -> None:
        """The node ends with ``status``, as ``event`` says."""
        self._change(
            key,
            status=status,
            latency=event.latency,
            message=event.message,
            attempt=attempt or self[key].attempt,
            data=light(data),
            told=event.seq,
        )

    def close(self, *, pending: NodeStatus, running: NodeStatus) -> None:
        """The run is over: no node stays as if something were still to come."""
        after = {NodeStatus.PENDING: pending, NodeStatus.RUNNING: running}
        for key, node in self._nodes.items():
            if node.status in after:
                self._change(key, status=after[node.status])

    def set_status(self, key: str, status: NodeStatus) -> None:
        """The node's status alone changes."""
        self._change(key, status=status)

    def freeze(self) -> tuple[NodeState, ...]:
        """All nodes as values, in the order in which they came."""
        for key in tuple(self._messages):
            self._settle(key)
        return tuple(self._nodes.values())

    def _change(self, key: str, **changes: Any) -> None:
        self._settle(key)
        self._nodes[key] = replace(self._nodes[key], **changes)

    def _settle(self, key: str) -> None:
        message = self._messages.pop(key, None)
        if message is not None:
            self._nodes[key] = replace(self._nodes[key], message=message)


def light(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Data without a backend's message that is too long to be kept in every state of a run."""
    if len(str(data.get(RAW, ""))) <= MAX_RAW:
        return data
    return {name: value for name, value in data.items() if name != RAW}


def node_of(event: Event) -> str | None:
    """The id of the node that a step's event belongs to; ``None`` if it names no step at all.

    A known step's name decides. An unknown step has a node of its own, which cannot be mistaken
    for a tool call's.
    """
    known = _NODE_OF.get(event.step)
    if known is not None:
        return known
    key = event.node or event.step
    if not key:
        return None
    return f"step:{key}" if key.startswith(CALL_PREFIX) else key
