"""What a step, a tool call or an event was given, did and gave, out of the run's own events.

:func:`needed` says which few events tell it, so that nothing else has to be read and a state need
not carry payloads; :func:`inspect` puts together what they say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ryx_dash.projection.nodes import CALL_PREFIX, node_of
from ryx_dash.projection.state import NodeState, Panel, RunState, Span, ToolCall
from ryx_dash.protocol.clean import NOTES
from ryx_dash.protocol.dialects.making import INFERRED
from ryx_dash.protocol.events import RAW, Event, EventKind, level
from ryx_dash.protocol.steps import EXECUTE, INPUT, INTENT, LLM, MODEL, OUTPUT, RAG, TOOLS

MOST_SOURCES = 12
"""Outputs that are shown as the input of a step, the newest of them."""

MOST_ATTEMPTS = 50

_FED_BY: Mapping[str, tuple[str, ...]] = {
    # The nodes whose outputs a step works on.
    INTENT.node: (INPUT.node,),
    MODEL.node: (INTENT.node,),
    TOOLS.node: (INPUT.node, INTENT.node),
    EXECUTE.node: (TOOLS.node,),
    RAG.node: (INPUT.node,),
    LLM.node: (INPUT.node, RAG.node),
    OUTPUT.node: (LLM.node,),
}
_ENDS = frozenset({EventKind.STEP_COMPLETE.value, EventKind.STEP_ERROR.value})

Kind = Literal["step", "call", "event"]
_KINDS: tuple[Kind, ...] = ("step", "call", "event")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at: ``step:rag_context``, ``call:<call_id>`` or ``event:57``."""

    kind: Kind
    key: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"

    @property
    def seq(self) -> int:
        """The place of an event in its run; 0 for anything else."""
        digits = self.kind == "event" and self.key.isascii() and self.key.isdigit()
        return int(self.key) if digits and len(self.key) < 10 else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A payload under its ``name``. ``seq`` is the event that says it; ``of`` names the step or
    tool that it is the output of, where it is an input."""

    name: str
    value: Any
    seq: int | None = None
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """All that is known of a subject at a position. ``status`` is that of a step or call;
    ``level`` that of an event. ``missing`` says why there is nothing."""

    title: str
    status: str = ""
    level: str = ""
    names: tuple[tuple[str, str], ...] = ()
    message: str = ""
    error: str = ""
    started: str | None = None
    ended: str | None = None
    latency: float | None = None
    attempts: tuple[Span, ...] = ()
    inferred: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    missing: str = ""


def parse_subject(text: str) -> Subject | None:
    """The subject that an address names; ``None`` for any other text.

    >>> parse_subject("event:57")
    Subject(kind='event', key='57')
    """
    name, colon, key = text.partition(":")
    kind = next((kind for kind in _KINDS if kind == name), None)
    if kind is None or not colon or not key:
        return None
    subject = Subject(kind, key)
    return None if kind == "event" and not subject.seq else subject


def needed(state: RunState, subject: Subject) -> tuple[int, ...]:
    """The ``seq`` of each event that :func:`inspect` wants, in order, each once."""
    if subject.kind == "event":
        return (subject.seq,) if subject.seq <= state.seq else ()
    node = find_node(state, subject)
    if node is None:
        return ()
    spans = _spans(state, node.node)[-1:]
    seqs = {seq for span in spans for seq in (span.opened, span.closed) if seq is not None}
    seqs |= {seq for _, seq in _sources(state, node)}
    return tuple(sorted(seqs))


def moving(state: RunState, subject: Subject) -> tuple[int, ...]:
    """What of an inspection's parts comes from the state and not from events, as the ``seq`` of
    its last change. Together with :func:`needed` it is the same only for the same parts."""
    node = find_node(state, subject)
    panels = _STATE_PARTS.get(node.node, ()) if node is not None else ()
    return tuple(state.changed.get(panel, 0) for panel in panels)


def inspect(state: RunState, subject: Subject, events: Mapping[int, Event]) -> Inspection:
    """The subject as it stands in ``state``; ``events`` are those of :func:`needed` by ``seq``."""
    if subject.kind == "event":
        return _of_event(state, subject.seq, events)
    node = find_node(state, subject)
    if node is None:
        what = "step" if subject.kind == "step" else "tool call"
        when = f"up to event {state.seq:,}" if state.seq else "yet"
        return Inspection(title=subject.key, missing=f"The run has no such {what} {when}.")
    call = _call_of(state, node)
    return _of_step(state, node, events) if call is None else _of_call(state, node, call, events)


def find_node(state: RunState, subject: Subject) -> NodeState | None:
    """The node of a step, by its id or its name, or of a call; ``None`` for events."""
    if subject.kind == "call":
        wanted = CALL_PREFIX + subject.key
        return next((node for node in state.nodes if node.node == wanted), None)
    if subject.kind != "step":
        return None
    by_id = (node for node in state.steps if node.node == subject.key)
    by_name = (node for node in state.steps if node.step == subject.key)
    return next(by_id, None) or next(by_name, None)


# -- each kind ------------------------------------------------------------------------------------


def _of_event(state: RunState, seq: int, events: Mapping[int, Event]) -> Inspection:
    event = events.get(seq)
    if event is None:
        later = f"It comes later than the moment that is shown, event {state.seq:,}."
        gone = "The run has no event in this place."
        return Inspection(title=f"event {seq:,}", missing=later if seq > state.seq else gone)
    call_id = event.data.get("call_id")
    names = {
        "event": f"{seq:,}",
        "step": event.step,
        "node": event.node,
        "call": call_id if isinstance(call_id, str) else "",
    }
    return Inspection(
        title=event.event,
        level=level(event.event, event.data),
        names=tuple((name, value) for name, value in names.items() if value),
        message=event.message,
        started=event.ts,
        latency=event.latency,
        inferred=_texts(event, INFERRED),
        notes=_texts(event, NOTES),
        parts=tuple(_filled([Part(name="data", value=_data(event), seq=seq), _raw(event)])),
    )


def _of_step(state: RunState, node: NodeState, events: Mapping[int, Event]) -> Inspection:
    spans = _spans(state, node.node)
    span = spans[-1] if spans else None
    opened = events.get(span.opened) if span else None
    closed = events.get(span.closed) if span and span.closed else None
    if closed is not None and (closed.event not in _ENDS or node_of(closed) != node.node):
        closed = None  # the run ended, or another try began: the step itself said nothing
    parts = [
        *_inputs(state, node, opened, events),
        *_results(state, node),
        Part(name="output", value=_data(closed), seq=closed.seq) if closed else None,
        *(_raw(event) for event in (opened, closed)),
    ]
    failed = closed is not None and closed.event == EventKind.STEP_ERROR
    return Inspection(
        title=node.label,
        status=str(node.status),
        names=(("step", node.step), *_attempt(node)),
        message="" if failed else node.message,
        error=node.message if failed else "",
        started=spans[0].start if spans else node.started,  # of the first try, as the latency is
        ended=span.end if span else None,
        latency=node.latency,
        attempts=spans[-MOST_ATTEMPTS:] if len(spans) > 1 or any(s.first for s in spans) else (),
        inferred=_texts(closed or opened, INFERRED),
        notes=_texts(closed or opened, NOTES),
        parts=tuple(_filled(parts)),
    )


def _of_call(
    state: RunState, node: NodeState, call: ToolCall, events: Mapping[int, Event]
) -> Inspection:
    spans = _spans(state, node.node)
    span = spans[-1] if spans else None
    seqs = (span.opened, span.closed) if span else ()
    told = [events[seq] for seq in seqs if seq is not None and seq in events]
    asked = next((event for event in told if event.event == EventKind.TOOL_CALL), None)
    given = next((event for event in told if event.event == EventKind.TOOL_RESULT), None)
    args = asked.data.get("args") if asked is not None else call.args
    output = given.data.get("output") if given is not None else None
    parts = [
        Part(name="arguments", value=args, seq=asked.seq if asked else None),
        Part(name="output", value=output, seq=given.seq) if given else None,
        *(_raw(event) for event in (asked, given)),
    ]
    return Inspection(
        title=call.tool,
        status=str(call.status),
        names=(("call", call.call_id), ("tool", call.tool)),
        message=node.message if node.message != call.error else "",
        error=call.error or "",
        started=span.start if span else node.started,
        ended=span.end if span else None,
        latency=call.latency,
        inferred=_texts(given or asked, INFERRED),
        notes=_texts(given or asked, NOTES),
        parts=tuple(_filled(parts)),
    )


# -- inputs and outputs ---------------------------------------------------------------------------


def _inputs(
    state: RunState, node: NodeState, opened: Event | None, events: Mapping[int, Event]
) -> Iterator[Part]:
    """What the step was given: as its beginning says, else what those before it gave."""
    own = _data(opened)
    if own and opened is not None and opened.event == EventKind.STEP_START:
        yield Part(name="input", value=own, seq=opened.seq)
        return
    for label, seq in _sources(state, node):
        event = events.get(seq)
        if event is None:
            continue
        result = event.event == EventKind.TOOL_RESULT
        value = event.data.get("output") if result else _data(event)
        yield Part(name="input", value=value, seq=seq, of=label)


def _sources(state: RunState, node: NodeState) -> list[tuple[str, int]]:
    """Label and ``seq`` of the outputs that a step works on, as far as they had been given."""
    own = _spans(state, node.node)
    if not own or node.parent is not None:
        return []
    before = own[-1].opened
    if node.node == INPUT.node:
        return [("the query", 1)] if before > 1 else []
    fed_by = _FED_BY.get(node.node)
    ended = [s for s in state.spans if s.closed is not None and s.closed < before]
    if fed_by is None:  # a step that the protocol does not name
        chosen = [span for span in ended if span.parent is None][-1:]
    else:
        last = {span.node: span for span in ended if span.node in fed_by}
        calls = [s for s in ended if node.node == LLM.node and s.parent == EXECUTE.node]
        chosen = sorted([*last.values(), *calls], key=lambda span: span.closed or 0)
    return [(span.label, span.closed or 0) for span in chosen][-MOST_SOURCES:]


def _results(state: RunState, node: NodeState) -> Iterator[Part]:
    """What of a step's output is said by many events: the calls that it made, the answer."""
    if node.node == EXECUTE.node and state.calls:
        yield Part(name="calls", value=[_summary(call) for call in state.calls])
    written = node.node == LLM.node or (node.node == OUTPUT.node and state.final)
    if written and state.answer:
        yield Part(name="answer", value=state.answer)


_STATE_PARTS: Mapping[str, tuple[Panel, ...]] = {
    EXECUTE.node: ("tools",),
    LLM.node: ("answer",),
    OUTPUT.node: ("answer",),
}


def _summary(call: ToolCall) -> dict[str, Any]:
    return {
        "call": call.call_id,
        "tool": call.tool,
        "arguments": call.args,
        "status": str(call.status),
        "ms": call.latency,
    }


def _spans(state: RunState, key: str) -> tuple[Span, ...]:
    return tuple(span for span in state.spans if span.node == key)


def _call_of(state: RunState, node: NodeState) -> ToolCall | None:
    if node.parent is None:
        return None
    call_id = node.node.removeprefix(CALL_PREFIX)
    return next((call for call in state.calls if call.call_id == call_id), None)


def _attempt(node: NodeState) -> tuple[tuple[str, str], ...]:
    return (("try", str(node.attempt)),) if node.attempt > 1 else ()


def _data(event: Event | None) -> Mapping[str, Any]:
    """What an event carries, without what the dashboard says about it."""
    own = (RAW, INFERRED, NOTES)
    return {} if event is None else {k: v for k, v in event.data.items() if k not in own}


def _raw(event: Event | None) -> Part | None:
    text = event.data.get(RAW) if event is not None else None
    if event is None or not isinstance(text, str):
        return None
    return Part(name="raw upstream text", value=text, seq=event.seq)


def _texts(event: Event | None, key: str) -> tuple[str, ...]:
    found = event.data.get(key) if event is not None else None
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()


def _filled(parts: list[Part | None]) -> Iterator[Part]:
    """Those that hold something; ``false`` and 0 are something."""
    for part in parts:
        if part is not None and part.value not in (None, "", {}, [], ()):
            yield part
