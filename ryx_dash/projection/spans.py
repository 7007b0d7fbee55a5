"""What took how long: the spans of steps and tool calls while events are folded in."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ryx_dash.projection.state import Limits, NodeState, RunState, Span
from ryx_dash.protocol.events import Event
from ryx_dash.protocol.steps import LLM, NodeStatus


class Spans:
    """The newest spans in the order in which they began, and of each node the one that is open."""

    def __init__(self, state: RunState, limits: Limits) -> None:
        self._limits = limits
        self._spans = {span.opened: span for span in state.spans}
        self._open = {span.node: span.opened for span in state.spans if span.closed is None}
        self._begun = state.spans_begun
        self._boundaries = list(state.boundaries)

    def open(self, node: NodeState, event: Event) -> None:
        """A try of ``node`` begins; one that is still open has failed."""
        self.close(node.node, NodeStatus.FAILED, event)
        self._open[node.node] = event.seq
        self._add(_span(node, event, event.ts))

    def close(self, key: str, status: NodeStatus, event: Event) -> bool:
        """The open span of the node ``key`` ends with ``status``; false if there is none."""
        opened = self._open.pop(key, None)
        if opened is None:
            return False
        span = self._spans[opened]
        self._spans[opened] = replace(span, closed=event.seq, end=event.ts, status=status)
        self._bound(span, event.seq)
        return True

    def finish(self, node: NodeState, event: Event) -> None:
        """``node`` has ended; if nobody said when it began, its latency does."""
        if not self.close(node.node, node.status, event):
            start = _before(event.ts, event.latency)
            span = _span(node, event, start)
            self._add(replace(span, closed=event.seq, end=event.ts))

    def token(self, event: Event) -> bool:
        """The model streams; whether this is the first token of its try."""
        opened = self._open.get(LLM.node)
        if opened is None or self._spans[opened].first is not None:
            return False
        self._spans[opened] = replace(self._spans[opened], first=event.ts)
        return True

    def end(self, nodes: Iterable[NodeState], event: Event) -> None:
        """The run is over: what is still open ends as its node did."""
        for node in nodes:
            self.close(node.node, node.status, event)
        for key in tuple(self._open):  # of calls that are known no more
            self.close(key, NodeStatus.CANCELLED, event)

    def freeze(self) -> dict[str, Any]:
        """The fields of :class:`RunState` that are the spans'."""
        return {
            "spans": tuple(self._spans.values()),
            "spans_begun": self._begun,
            "boundaries": tuple(self._boundaries),
        }

    def _add(self, span: Span) -> None:
        self._begun += 1
        self._spans[span.opened] = span
        self._bound(span, span.opened)
        if len(self._spans) > self._limits.spans:
            others = [other for other in self._spans.values() if other is not span]
            oldest = next((other for other in others if other.closed is not None), others[0])
            del self._spans[oldest.opened]
            if self._open.get(oldest.node) == oldest.opened:
                del self._open[oldest.node]

    def _bound(self, span: Span, seq: int) -> None:
        """A step begins or ends at ``seq``; a call is no step."""
        if span.parent is None and self._boundaries[-1:] != [seq]:
            self._boundaries.append(seq)
            del self._boundaries[: -self._limits.boundaries]


def _span(node: NodeState, event: Event, start: str) -> Span:
    return Span(
        node=node.node,
        step=node.step,
        label=node.label,
        parent=node.parent,
        attempt=node.attempt,
        status=node.status,
        opened=event.seq,
        start=start,
    )


def _before(ts: str, ms: float | None) -> str:
    """The time ``ms`` before ``ts``; ``ts`` itself if there is no such time."""
    try:
        moment = datetime.fromisoformat(ts) - timedelta(milliseconds=max(ms or 0.0, 0.0))
    except (ValueError, OverflowError):
        return ts
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if ms else ts
