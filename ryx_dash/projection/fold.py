"""``state = fold(state, event)``: what a run looks like, from what happened in it.

No event raises, whatever it holds. What a backend sends twice counts once, what it leaves out is
counted as a gap, and what comes after the end of a run is counted but changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ryx_dash.projection.answer import Answer
from ryx_dash.projection.nodes import CALL_PREFIX, Nodes, node_of, pending_steps
from ryx_dash.projection.spans import Spans
from ryx_dash.projection.state import WINDOW, Limits, NodeState, Panel, RunState, ToolCall
from ryx_dash.projection.text import between
from ryx_dash.projection.tools import Calls
from ryx_dash.protocol.events import (
    ACKNOWLEDGED,
    REMARK,
    Event,
    EventKind,
    JsonObject,
    outcome,
)
from ryx_dash.protocol.steps import LLM, MODEL, OUTPUT, NodeStatus, RunStatus

_CLOSED_AS: Mapping[RunStatus, tuple[NodeStatus, NodeStatus]] = {
    # How a run ends: what its running steps, and its tool calls without a result, become.
    RunStatus.SUCCESS: (NodeStatus.SUCCESS, NodeStatus.CANCELLED),
    RunStatus.FAILED: (NodeStatus.FAILED, NodeStatus.FAILED),
    RunStatus.CANCELLED: (NodeStatus.CANCELLED, NodeStatus.CANCELLED),
    RunStatus.INTERRUPTED: (NodeStatus.CANCELLED, NodeStatus.CANCELLED),
}


def initial(run_id: str) -> RunState:
    """A run before its first event: all eight steps pending."""
    return RunState(run_id=run_id, nodes=pending_steps())


def fold(state: RunState, event: Event, *, limits: Limits = WINDOW) -> RunState:
    """The run after ``event``."""
    return fold_all(state, (event,), limits=limits)


def fold_all(state: RunState, events: Iterable[Event], *, limits: Limits = WINDOW) -> RunState:
    """The run after all ``events``, in order; what folding them one by one gives, but fast."""
    run = _Run(state, limits)
    for event in events:
        run.add(event)
    return run.freeze()


def fold_each(
    state: RunState, events: Iterable[Event], *, limits: Limits = WINDOW
) -> Iterator[tuple[Event, RunState]]:
    """Each of ``events`` with the run after it."""
    run = _Run(state, limits)
    for event in events:
        run.add(event)
        yield event, run.freeze()


class _Run:
    """A run in the making: :class:`RunState` taken apart, so that adding an event is cheap."""

    def __init__(self, state: RunState, limits: Limits) -> None:
        self._state = state
        self._seq = state.seq
        self._gaps = state.gaps
        self._duplicates = state.duplicates
        self._status = state.status
        self._ended = state.status.ended
        self._last = state.last
        self._heard = state.heard
        self._acknowledged = state.acknowledged
        self._nodes = Nodes(state.nodes, most=limits.steps)
        self._calls = Calls(state.calls, made=state.calls_made, most=limits.calls)
        self._spans = Spans(state, limits)
        self._answer = Answer(state)
        self._changed = dict(state.changed)
        self._facts: dict[str, Any] = {}
        """The remaining fields of the state, as far as they changed."""

    def add(self, event: Event) -> None:
        seq = event.seq
        if seq <= self._seq:
            self._duplicates += 1
            return
        if seq != self._seq + 1:
            self._gaps += seq - self._seq - 1
            self._changed["run"] = seq
        self._seq = seq
        self._last = event.ts
        kind = event.event
        data = event.data if isinstance(event.data, dict) else {}
        if REMARK not in data:
            self._hear(event)
        if self._ended:
            return
        if self._status is RunStatus.QUEUED:
            self._status = RunStatus.RUNNING
            self._note("run", started=event.ts)
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, event, data)

    def freeze(self) -> RunState:
        nodes = self._nodes.freeze()
        values: dict[str, Any] = {
            "input": self._state.input,
            "model": self._state.model,
            "started": self._state.started,
            "ended": self._state.ended,
            "latency": self._state.latency,
            "failure": self._state.failure,
            "failed_step": self._state.failed_step,
            **self._facts,
        }
        return RunState(
            run_id=self._state.run_id,
            seq=self._seq,
            gaps=self._gaps,
            duplicates=self._duplicates,
            status=self._status,
            last=self._last,
            heard=self._heard,
            acknowledged=self._acknowledged,
            nodes=nodes,
            calls=self._calls.freeze(),
            calls_made=self._calls.made,
            current_step=_current(nodes),
            changed=dict(self._changed),
            **self._spans.freeze(),
            **self._answer.freeze(),
            **values,
        )

    def _hear(self, event: Event) -> None:
        self._heard = event.ts
        acknowledged = event.event == ACKNOWLEDGED
        if acknowledged is not self._acknowledged:
            self._acknowledged = acknowledged
            self._changed["run"] = event.seq

    # -- one method a kind of event -------------------------------------------------------------

    def _on_start(self, event: Event, data: JsonObject) -> None:
        self._note("run", input=_text(data, "input") or "", model=_text(data, "model"))

    def _on_step_start(self, event: Event, data: JsonObject) -> None:
        key = self._step(event)
        if key is None:
            return
        if key == LLM.node and self._nodes.status(key) is not NodeStatus.PENDING:
            self._restart_answer()
        self._nodes.start(key, event, _attempt(data))
        self._spans.open(self._nodes[key], event)
        self._mark("graph", "timeline", "run")

    def _on_step_progress(self, event: Event, data: JsonObject) -> None:
        key = self._step(event)
        if key is None:
            return
        attempt = _attempt(data)
        again = attempt is not None and attempt > self._nodes[key].attempt
        if key == LLM.node and again:
            self._restart_answer()
        before = self._nodes.status(key)
        if self._nodes.progress(key, event, attempt):
            self._mark("graph")
            if before is not NodeStatus.RUNNING:
                self._mark("run")
            if before is not NodeStatus.RUNNING or again:
                self._spans.open(self._nodes[key], event)
                self._mark("timeline")

    def _on_step_complete(self, event: Event, data: JsonObject) -> None:
        skipped = data.get("skipped") is True
        key = self._finish(event, data, NodeStatus.SKIPPED if skipped else NodeStatus.SUCCESS)
        model = _text(data, "model")
        if key in (MODEL.node, LLM.node) and model:
            self._note("run", model=model)
        if key == LLM.node and self._answer.offer(data):
            self._mark("answer")
        if key == OUTPUT.node and self._answer.cite(data):
            self._mark("answer")

    def _on_step_error(self, event: Event, data: JsonObject) -> None:
        self._finish(event, data, NodeStatus.FAILED)

    def _on_tool_call(self, event: Event, data: JsonObject) -> None:
        call = self._calls.call(event, data)
        if call is not None:
            self._open_call(call, event)
            self._mark("tools")

    def _on_tool_result(self, event: Event, data: JsonObject) -> None:
        call = self._calls.result(event, data)
        if call is not None:
            key = self._call_node(call, event)
            self._nodes.finish(key, call.status, event, data)
            self._spans.finish(self._nodes[key], event)
            self._mark("graph", "timeline", "tools")

    def _on_token(self, event: Event, data: JsonObject) -> None:
        if self._answer.token(data):
            self._changed["answer"] = self._seq
            if self._spans.token(event):
                self._mark("timeline")

    def _on_end(self, event: Event, data: JsonObject) -> None:
        status = outcome(event)
        assert status is not None
        self._ended = True
        self._status = status
        started = self._facts.get("started", self._state.started)
        self._note("run", ended=event.ts, latency=between(started, event.ts))
        if status is RunStatus.SUCCESS:
            self._answer.finish(data)
            self._answer.cite(data)
            self._mark("answer")
        elif status is not RunStatus.CANCELLED:
            self._note("run", failure=event.message)
        if status is RunStatus.FAILED:
            self._note("run", failed_step=self._blame(event, data))
        self._close(status)
        self._spans.end(self._nodes.freeze(), event)
        self._mark("timeline")

    # -- what they share ------------------------------------------------------------------------

    def _mark(self, *panels: Panel) -> None:
        for panel in panels:
            self._changed[panel] = self._seq

    def _note(self, panel: Panel, **facts: Any) -> None:
        self._facts.update(facts)
        self._changed[panel] = self._seq

    def _step(self, event: Event) -> str | None:
        """The id of the event's node, which is made if the step is an unknown one; ``None`` if it
        names no step, or one too many."""
        key = node_of(event)
        if key is not None and key not in self._nodes:
            if not self._nodes.add_step(key, event):
                return None
            self._mark("graph", "topology")
        return key

    def _finish(self, event: Event, data: JsonObject, status: NodeStatus) -> str | None:
        key = self._step(event)
        if key is not None:
            self._nodes.finish(key, status, event, data, _attempt(data))
            self._spans.finish(self._nodes[key], event)
            self._mark("graph", "timeline", "run")
        return key

    def _call_node(self, call: ToolCall, event: Event) -> str:
        key = CALL_PREFIX + call.call_id
        if key not in self._nodes:
            self._nodes.add_call(key, call.tool, event)
            for forgotten in self._calls.take_forgotten():
                self._nodes.remove(CALL_PREFIX + forgotten)
            self._mark("graph", "topology")
        return key

    def _open_call(self, call: ToolCall, event: Event) -> None:
        """A call begins, unless its result came first."""
        if CALL_PREFIX + call.call_id not in self._nodes:
            self._spans.open(self._nodes[self._call_node(call, event)], event)
            self._mark("timeline")

    def _restart_answer(self) -> None:
        self._answer.restart()
        self._mark("answer")

    def _blame(self, event: Event, data: JsonObject) -> str | None:
        """The step that a failed run failed in: as the event says, else as the steps stand."""
        said = _text(data, "step") or event.step
        if said:
            return said
        steps = [node for node in self._nodes.freeze() if node.parent is None]
        for status in (NodeStatus.FAILED, NodeStatus.RUNNING):
            for node in reversed(steps):
                if node.status is status:
                    return node.step
        return None

    def _close(self, status: RunStatus) -> None:
        step_status, call_status = _CLOSED_AS[status]
        for call in self._calls.close(call_status, self._seq):
            self._nodes.set_status(CALL_PREFIX + call.call_id, call_status)
            self._mark("tools")
        self._nodes.close(pending=NodeStatus.SKIPPED, running=step_status)
        self._mark("graph")


_Handler = Callable[[_Run, Event, JsonObject], None]
_HANDLERS: Mapping[str, _Handler] = {
    EventKind.WORKFLOW_START: _Run._on_start,
    EventKind.STEP_START: _Run._on_step_start,
    EventKind.STEP_PROGRESS: _Run._on_step_progress,
    EventKind.STEP_COMPLETE: _Run._on_step_complete,
    EventKind.STEP_ERROR: _Run._on_step_error,
    EventKind.TOOL_CALL: _Run._on_tool_call,
    EventKind.TOOL_RESULT: _Run._on_tool_result,
    EventKind.LLM_TOKEN: _Run._on_token,
    EventKind.WORKFLOW_COMPLETE: _Run._on_end,
    EventKind.WORKFLOW_ERROR: _Run._on_end,
    EventKind.WORKFLOW_CANCELLED: _Run._on_end,
}


def _current(nodes: tuple[NodeState, ...]) -> str | None:
    for node in reversed(nodes):
        if node.parent is None and node.status is NodeStatus.RUNNING:
            return node.step
    return None


def _text(data: JsonObject, key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) else None


def _attempt(data: JsonObject) -> int | None:
    value = data.get("attempt")
    return value if type(value) is int and value >= 1 else None
