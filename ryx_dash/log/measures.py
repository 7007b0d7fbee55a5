"""What each step and each tool call of a run took, noted as its events are appended.

A measure is begun by one event and ended by another, perhaps commits later: so those that are
open are kept with the others, and :class:`Measuring` goes on with them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ryx_dash.log.rules import call_id
from ryx_dash.log.summary import name_of, tool_of
from ryx_dash.protocol.analysis import Kind, quantity
from ryx_dash.protocol.events import Event, EventKind, outcome
from ryx_dash.protocol.steps import LLM, RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One try of a step, or one tool call, by the ``seq`` of the event that began it.

    ``ok`` is ``None`` as long as it is ``open``, and if nobody knows how it ended or it was
    skipped. ``first`` is the time of the first token that was streamed. ``model`` wrote an answer:
    empty if its name was not told, ``None`` if there was no model. ``waited`` is milliseconds
    until the first token, ``speed`` tokens a second.
    """

    seq: int
    kind: Kind
    name: str
    begun: str
    call_id: str | None = None
    open: bool = True
    first: str | None = None
    ok: bool | None = None
    latency: float | None = None
    model: str | None = None
    waited: float | None = None
    speed: float | None = None


class Measuring:
    """Takes the events of one run, in order; ``begun`` are the measures open before them."""

    def __init__(self, begun: Iterable[Measure] = ()) -> None:
        self._steps: dict[str, Measure] = {}
        self._calls: dict[int, Measure] = {}
        self._call_ids: dict[str, int] = {}
        self._changed: dict[int, Measure] = {}
        for measure in begun:
            self._keep(measure)

    def add(self, event: Event) -> None:
        """Take the next event."""
        status = outcome(event)
        if status is not None:
            self._end(event, status)
        elif event.event == EventKind.STEP_START and event.step:
            self._begin_step(event)
        elif event.event == EventKind.LLM_TOKEN:
            self._stream(event)
        elif event.event in (EventKind.STEP_COMPLETE, EventKind.STEP_ERROR) and event.step:
            self._end_step(event)
        elif event.event == EventKind.TOOL_CALL:
            self._put(_measure(event, "tool", tool_of(event) or "tool"))
        elif event.event == EventKind.TOOL_RESULT:
            self._end_call(event)

    @property
    def changed(self) -> list[Measure]:
        """The measures that are new, or other than they were."""
        return list(self._changed.values())

    def _put(self, measure: Measure) -> None:
        self._changed[measure.seq] = measure
        if measure.open:
            self._keep(measure)
        elif measure.kind == "step":
            self._steps.pop(measure.name, None)
        else:
            self._calls.pop(measure.seq, None)

    def _keep(self, measure: Measure) -> None:
        if measure.kind == "step":
            self._steps[measure.name] = measure
            return
        self._calls[measure.seq] = measure
        if measure.call_id:
            self._call_ids.setdefault(measure.call_id, measure.seq)

    def _begin_step(self, event: Event) -> None:
        name = name_of(event.step)
        before = self._steps.get(name)
        if before is not None:  # it is tried again
            self._put(_closed(before, event, ok=False))
        self._put(_measure(event, "step", name))

    def _stream(self, event: Event) -> None:
        step = self._steps.get(LLM.name)
        if step is not None and step.first is None:
            self._put(replace(step, first=event.ts))

    def _end_step(self, event: Event) -> None:
        name = name_of(event.step)
        step = self._steps.get(name) or _measure(event, "step", name)
        if event.data.get("skipped") is True:
            self._put(replace(step, open=False))
            return
        done = event.event == EventKind.STEP_COMPLETE
        step = _closed(step, event, ok=done, told=event.latency)
        self._put(_answer(step, event) if done and name == LLM.name else step)

    def _end_call(self, event: Event) -> None:
        call = self._call(event) or _measure(event, "tool", tool_of(event) or "tool")
        self._put(_closed(call, event, ok=bool(event.data.get("success")), told=event.latency))

    def _call(self, event: Event) -> Measure | None:
        """The open call that a result belongs to: by its id, else the oldest of its tool."""
        wanted, tool = call_id(event), tool_of(event)
        if wanted:
            return self._calls.get(self._call_ids.get(wanted, 0))
        return next((m for m in self._calls.values() if not tool or m.name == tool), None)

    def _end(self, event: Event, status: RunStatus) -> None:
        """The run is over. A step that was under way when it failed has failed with it."""
        for measure in (*self._steps.values(), *self._calls.values()):
            if status is RunStatus.FAILED and measure.kind == "step":
                self._put(_closed(measure, event, ok=False))
            else:
                self._put(replace(measure, open=False))


def measured(events: Iterable[Event]) -> Sequence[Measure]:
    """All measures of a run from its first event on."""
    measuring = Measuring()
    for event in events:
        measuring.add(event)
    return measuring.changed


def _measure(event: Event, kind: Kind, name: str) -> Measure:
    identity = call_id(event) if kind == "tool" else None
    return Measure(seq=event.seq, kind=kind, name=name, begun=event.ts, call_id=identity)


def _closed(measure: Measure, event: Event, *, ok: bool, told: float | None = None) -> Measure:
    """Ended by ``event``: the latency that was told, else from the beginning to here."""
    latency = quantity(told)
    if latency is None and measure.seq != event.seq:
        latency = _between(measure.begun, event.ts)
    return replace(measure, open=False, ok=ok, latency=latency)


def _answer(step: Measure, event: Event) -> Measure:
    """What the end of the response step tells of the model; the times of its tokens tell a part."""
    data = event.data
    if data.get("extractive") is True or ("model" in data and data["model"] is None):
        return step
    waited = quantity(data.get("time_to_first_token"))
    if waited is None and step.first is not None:
        waited = _between(step.begun, step.first)
    speed = quantity(data.get("tokens_per_second"))
    return replace(step, model=name_of(data.get("model")), waited=waited, speed=speed)


def _between(start: str, end: str) -> float | None:
    try:
        span = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    except ValueError:
        return None
    return quantity(round(span.total_seconds() * 1000, 3))
