"""What a run looks like after some number of its events. A value: no clock, no I/O.

``changed`` holds, for each panel, the ``seq`` of the newest event that changed it. A page that
shows a run at position *p* needs panel *x* drawn again only if ``changed[x] > p``. ``topology``
are nodes that were added, ``graph`` any change of any node, ``timeline`` any beginning or end,
``run`` everything in the run line.

A state is small however long its run is: of tool calls and spans it knows the newest, so that
folding on, storing and drawing cost the same at any length. What is older is in the log, and in
the states of earlier positions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ryx_dash.protocol.steps import NodeStatus, RunStatus

Panel = Literal["graph", "topology", "timeline", "tools", "answer", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many tool calls, spans and step boundaries a state holds, the newest of each, and how
    many steps that the protocol does not name, the first ones. What has ended gives way first."""

    calls: int = 50
    spans: int = 400
    boundaries: int = 1_000
    steps: int = 1_000


WINDOW = Limits()
"""What a screen shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """One node of the graph: a step, or a tool call under ``execute``.

    ``node`` is the id in the graph (``input`` … ``output``, or ``call:<call_id>``), ``step`` the
    step's name, ``parent`` the node that it hangs under. ``latency`` is milliseconds, ``attempt``
    counts tries from 1. ``started`` is the UTC time of its start. ``data`` is that of the event
    that ended it, which is ``told`` (0: none).
    """

    node: str
    step: str
    label: str
    status: NodeStatus = NodeStatus.PENDING
    latency: float | None = None
    started: str | None = None
    message: str = ""
    attempt: int = 1
    parent: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    told: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call of a tool, from its ``tool_call`` to its ``tool_result``.

    ``inferred``: the pairing was by order, not by id. ``seq`` is where its card last changed,
    ``asked`` the event that its arguments are from, ``answered`` that of its output (0: none).
    """

    call_id: str
    tool: str
    args: Mapping[str, Any] = field(default_factory=dict)
    status: NodeStatus = NodeStatus.RUNNING
    latency: float | None = None
    output: Any = None
    error: str | None = None
    inferred: bool = False
    seq: int = 0
    asked: int = 0
    answered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One try of a step, or one tool call: from the event ``opened`` to the event ``closed``.

    ``start``, ``end`` and ``first`` (the first token that a model streamed) are UTC times;
    ``closed`` and ``end`` are ``None`` while it runs. ``node`` is the id in the graph.
    """

    node: str
    step: str
    label: str
    opened: int
    start: str
    closed: int | None = None
    end: str | None = None
    first: str | None = None
    status: NodeStatus = NodeStatus.RUNNING
    attempt: int = 1
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A whole run at position ``seq``."""

    run_id: str
    seq: int = 0
    gaps: int = 0
    duplicates: int = 0
    status: RunStatus = RunStatus.QUEUED
    input: str = ""
    model: str | None = None
    """The model in use, as soon as a step says which; before that the one asked for."""
    started: str | None = None
    ended: str | None = None
    last: str | None = None
    """Time of the newest event."""
    heard: str | None = None
    """Time of the newest event that is no remark of the dashboard's own."""
    acknowledged: bool = False
    """Whether that one only said that a backend has the command."""
    latency: float | None = None
    """Milliseconds from first to last event of an ended run."""
    nodes: tuple[NodeState, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    calls_made: int = 0
    """Number of all calls so far; ``calls`` are the newest of them."""
    spans: tuple[Span, ...] = ()
    spans_begun: int = 0
    """Number of all spans so far; ``spans`` are the newest of them."""
    boundaries: tuple[int, ...] = ()
    """The ``seq`` of events that began or ended a step, in order, the newest of them."""
    answer: str = ""
    final: bool = False
    """Whether ``answer`` is the whole response and no longer a stream."""
    citations: tuple[Mapping[str, Any], ...] = ()
    """``{"path", "line", "verified"}`` as post-processing found them."""
    failure: str | None = None
    """Why a failed or interrupted run ended."""
    failed_step: str | None = None
    current_step: str | None = None
    """The step that runs, the last in order if several do."""
    tokens: int = 0
    """Number of ``llm_token`` events."""
    changed: Mapping[Panel, int] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[NodeState, ...]:
        """The nodes that are steps, in order."""
        return tuple(node for node in self.nodes if node.parent is None)
