"""What took how long: the spans of steps and tool calls while events are folded in."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from ryx_dash.projection.state import NodeState, Span
from ryx_dash.protocol.events import Event
from ryx_dash.protocol.steps import LLM, NodeStatus


class Spans:
    """All spans in the order in which they began, and of each node the one that is open."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = list(spans)
        self._open = {span.node: i for i, span in enumerate(self._spans) if span.closed is None}

    def open(self, node: NodeState, event: Event) -> None:
        """A try of ``node`` begins; one that is still open has failed."""
        self.close(node.node, NodeStatus.FAILED, event)
        self._open[node.node] = len(self._spans)
        self._spans.append(_span(node, event, event.ts))

    def close(self, key: str, status: NodeStatus, event: Event) -> bool:
        """The open span of the node ``key`` ends with ``status``; false if there is none."""
        index = self._open.pop(key, None)
        if index is None:
            return False
        span = self._spans[index]
        self._spans[index] = replace(span, closed=event.seq, end=event.ts, status=status)
        return True

    def finish(self, node: NodeState, event: Event) -> None:
        """``node`` has ended; if nobody said when it began, its latency does."""
        if not self.close(node.node, node.status, event):
            start = _before(event.ts, event.latency)
            span = _span(node, event, start)
            self._spans.append(replace(span, closed=event.seq, end=event.ts))

    def token(self, event: Event) -> bool:
        """The model streams; whether this is the first token of its try."""
        index = self._open.get(LLM.node)
        if index is None or self._spans[index].first is not None:
            return False
        self._spans[index] = replace(self._spans[index], first=event.ts)
        return True

    def end(self, nodes: Iterable[NodeState], event: Event) -> None:
        """The run is over: what is still open ends as its node did."""
        for node in nodes:
            self.close(node.node, node.status, event)

    def freeze(self) -> tuple[Span, ...]:
        """All spans as values."""
        return tuple(self._spans)


def boundaries(spans: Iterable[Span]) -> list[int]:
    """The ``seq`` at which a step begins or ends, in order, each once."""
    steps = [span for span in spans if span.parent is None]
    ends = {span.closed for span in steps if span.closed is not None}
    return sorted({span.opened for span in steps} | ends)


def critical(spans: Iterable[Span]) -> frozenset[int]:
    """Which spans, by the ``seq`` that opened them, the end of the run had to wait for.

    From the one that ended last, back to whichever ended last before that began. A step whose
    calls are known is as long as they are, so the path leads through its calls.
    """
    ended = sorted((span for span in spans if span.end is not None), key=lambda s: s.end or "")
    parents = {span.parent for span in ended}
    path: set[int] = set()
    begun: str | None = None
    for span in reversed(ended):
        if span.node not in parents and (begun is None or (span.end or "") <= begun):
            path.add(span.opened)
            begun = span.start
    return frozenset(path)


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
