"""The messages of one run, one after the other, into drafts of events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ryx_dash.errors import ProtocolError
from ryx_dash.protocol.clean import NOTES
from ryx_dash.protocol.dialects import values
from ryx_dash.protocol.dialects.forms import ACKNOWLEDGED, DOCUMENTED, Dialect, dialect_of
from ryx_dash.protocol.dialects.large import shorten
from ryx_dash.protocol.dialects.order import Order
from ryx_dash.protocol.dialects.pairing import Pairing
from ryx_dash.protocol.events import Draft, EventKind, JsonObject
from ryx_dash.protocol.reading import read_object
from ryx_dash.protocol.steps import EXECUTE, LLM, STEPS

RAW = "_raw"
"""The key in an event's ``data`` that holds the message as it came."""

INFERRED = "_inferred"
"""The key that lists what the backend did not say and arrival had to answer."""

UNREADABLE, UNKNOWN = "unreadable", "unknown"
"""Kinds of what is no JSON object, and of an object that names no kind."""

MAX_SEEN = 20_000
"""Ids that are remembered, to know an event that comes twice."""

_BY_ARRIVAL = ("id", "ts")
_STEP_NAMED = {step.name: step for step in STEPS}
_STEP_AT = {step.node: step for step in STEPS}
_RESPONSE = ("response", "answer", "result", "output", "results")
_TOKEN = ("text", "token", "content", "delta")


@dataclass
class Tally:
    """What was left out of a run, and why. ``events`` counts what arrived and was taken."""

    events: int = 0
    duplicates: int = 0
    foreign: int = 0
    missing: int = 0


@dataclass(slots=True, kw_only=True)
class _Making:
    """An event between its message and its draft."""

    form: Dialect
    kind: str
    data: JsonObject
    step: str = ""
    node: str = ""
    message: str = ""
    latency: float | None = None
    inferred: list[str] = field(default_factory=lambda: list(_BY_ARRIVAL))

    def draft(self, raw: str, notes: Sequence[str]) -> Draft:
        """The event, with what the dashboard says about it in its ``data``."""
        return Draft(
            event=self.kind,
            step=self.step,
            node=self.node,
            message=self.message,
            latency=self.latency,
            data=_marked(self.data, raw, notes, self.inferred),
        )


class Translator:
    """Translates one run. :meth:`take` has to see its messages in the order of their arrival."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.run_id: str | None = None
        """The run's id at the backend, once it has told one."""
        self.order = Order()
        """The place in the run, where the backend counts its events."""
        self.step: str | None = None
        """The step that started last and has not ended."""
        self._pairing = Pairing()
        self._seen: dict[tuple[str | int, int], None] = {}

    def take(self, raw: bytes | str) -> list[Draft]:
        """The events that a message brings: none if it was there before or is not of this run,
        several if it is the one that they waited for.
        """
        text, notes = _decoded(raw)
        try:
            payload = read_object(text, lenient=True)
        except ProtocolError as error:
            kept, _ = shorten(text, {})
            data = _marked({"warning": True}, kept, notes, _BY_ARRIVAL)
            return [self._taken(Draft(event=UNREADABLE, message=error.message, data=data))]
        form = dialect_of(payload)
        if self._is_foreign(payload):
            self.tally.foreign += 1
            return []
        if form is not None and form.own and type(payload["seq"]) is int:
            return self._counted(text, payload)
        if self._is_repeated(payload, text):
            self.tally.duplicates += 1
            return []
        kept, brief = shorten(text, payload)
        making = self._translated(form, brief)
        return [self._taken(making.draft(kept, notes))]

    def skip_hole(self) -> list[Draft]:
        """Go on without the events that have not come; gives those that waited for them."""
        self.tally.missing += self.order.skip()
        return self._ready()

    # -- whose event it is ----------------------------------------------------------------------

    def _is_foreign(self, payload: JsonObject) -> bool:
        run_id = payload.get("run_id")
        if not isinstance(run_id, str) or not run_id:
            return False
        self.run_id = self.run_id or run_id
        return run_id != self.run_id

    def _is_repeated(self, payload: JsonObject, text: str) -> bool:
        given = payload.get("id")
        if not isinstance(given, str | int):
            return False
        # An `id` may mean anything here, the run for one: only the same text is the same event.
        key = (given, hash(text))
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]
        return False

    # -- the contract's own form ----------------------------------------------------------------

    def _counted(self, text: str, payload: JsonObject) -> list[Draft]:
        if payload["event"] != EventKind.WORKFLOW_COMPLETE:  # a response is never cut
            _, payload = shorten(text, payload)
        if not self.order.add(payload["seq"], payload):
            self.tally.duplicates += 1
        return self._ready()

    def _ready(self) -> list[Draft]:
        """The events as they are. The beginning is left out: the dashboard has written it."""
        return [
            self._own(payload)
            for payload in self.order.ready()
            if payload["event"] != EventKind.WORKFLOW_START
        ]

    def _own(self, payload: JsonObject) -> Draft:
        return self._taken(
            Draft(
                event=values.text(payload["event"]),
                step=values.text(payload.get("step")),
                node=values.text(payload.get("node")),
                message=values.text(payload.get("message")),
                latency=values.number(payload.get("latency")),
                data=values.mapping(payload.get("data")),
            )
        )

    # -- all others -----------------------------------------------------------------------------

    def _translated(self, form: Dialect | None, payload: JsonObject) -> "_Making":
        named = payload.get(form.kind) if form is not None else None
        if form is None or not isinstance(named, str) or not named:
            message = values.text(payload)[:500]
            return _Making(form=DOCUMENTED, kind=UNKNOWN, message=message, data=payload)
        making = _Making(
            form=form,
            kind=form.kinds.get(named, named)[:64],
            node=values.text(payload.get("node")),
            message=values.text(values.first(payload, form.message)),
            latency=values.number(values.first(payload, form.latency)),
            data=_data(form, payload),
        )
        _place(making, payload.get("step"))
        complete = _COMPLETIONS.get(making.kind)
        if complete is not None:
            complete(self, making)
        return making

    def _on_call(self, making: _Making) -> None:
        tool = _tool(making)
        if self._pairing.call(making.data, tool):
            making.inferred.append("call_id")

    def _on_result(self, making: _Making) -> None:
        data = making.data
        tool = _tool(making)
        if self._pairing.result(data, tool):
            making.inferred.append("call_id")
        said = values.truth(data.get("success"))
        if said is None:  # a tool that raised sends a message and nothing else
            said = bool(data.get("output")) and not data.get("error")
            making.inferred.append("success")
        data["success"] = said
        if not said:
            data["error"] = values.text(data.get("error")) or making.message or None
        output = data.get("output")
        if making.form.reprs and isinstance(output, str):
            data["output"], cut = values.from_repr(output)
            if cut:
                data["cut_by_backend"] = True

    def _on_token(self, making: _Making) -> None:
        if not making.step:
            making.step, making.node = LLM.name, LLM.node
            making.inferred.append("step")
        token = values.first(making.data, _TOKEN)
        if not isinstance(token, str):
            token, making.message = making.message, ""
        making.data["text"] = token

    def _on_step_complete(self, making: _Making) -> None:
        if making.step == LLM.name and not isinstance(making.data.get("text"), str):
            response = values.first(making.data, _RESPONSE)
            if isinstance(response, str):
                making.data["text"] = response

    def _on_complete(self, making: _Making) -> None:
        response = values.first(making.data, _RESPONSE)
        if response is None:
            return  # what was streamed stays the answer
        if not isinstance(response, str):
            shown = values.text(response)
            response = f"```json\n{shown}\n```"
            making.inferred.append("response")
        making.data["response"] = response

    def _on_error(self, making: _Making) -> None:
        said = making.message or values.text(making.data.get("error"))
        making.message = said or "The backend ended the run and gave no reason."
        if not isinstance(making.data.get("code"), str):
            making.data["code"] = "backend_error"

    def _on_acknowledged(self, making: _Making) -> None:
        making.message = making.message or "The backend has taken the command."

    def _taken(self, draft: Draft) -> Draft:
        self.tally.events += 1
        if draft.event == EventKind.STEP_START and draft.step:
            self.step = draft.step
        elif draft.event in _ENDS_STEP and draft.step == self.step:
            self.step = None
        return draft


_ENDS_STEP = frozenset({EventKind.STEP_COMPLETE, EventKind.STEP_ERROR})
_COMPLETIONS: Mapping[str, Callable[[Translator, _Making], None]] = {
    ACKNOWLEDGED: Translator._on_acknowledged,
    EventKind.TOOL_CALL: Translator._on_call,
    EventKind.TOOL_RESULT: Translator._on_result,
    EventKind.LLM_TOKEN: Translator._on_token,
    EventKind.STEP_COMPLETE: Translator._on_step_complete,
    EventKind.WORKFLOW_COMPLETE: Translator._on_complete,
    EventKind.WORKFLOW_ERROR: Translator._on_error,
}
"""What each kind still lacks in some dialects."""


def _decoded(raw: bytes | str) -> tuple[str, list[str]]:
    """The message as text, and the note that some of it was no UTF-8."""
    if isinstance(raw, str):
        return raw, []
    try:
        return raw.decode(), []
    except UnicodeDecodeError:
        note = "The message was not UTF-8; the broken bytes became U+FFFD."
        return raw.decode(errors="replace"), [note]


def _marked(
    data: JsonObject, raw: str, notes: Sequence[str], inferred: Sequence[str]
) -> JsonObject:
    """The event's ``data`` with what the dashboard says about it."""
    said = {NOTES: list(notes)} if notes else {}
    return {**data, **said, INFERRED: list(inferred), RAW: raw}


def _data(form: Dialect, payload: JsonObject) -> JsonObject:
    """The event's ``data``, with the fields beside it that have no other place."""
    known = form.known
    beside = {name: value for name, value in payload.items() if name not in known}
    return {**beside, **values.mapping(payload.get("data"))}


def _place(making: _Making, step: Any) -> None:
    """The step and node that the event belongs to: by name, by number, by the other of the two."""
    if isinstance(step, int | float) and not isinstance(step, bool):
        # The numbered servers say only what a step does: that theirs are ours is a guess.
        known = STEPS[int(step) - 1] if step in range(1, len(STEPS) + 1) else None
        making.step = known.name if known else f"step {values.text(step)}"
        making.inferred.append("step")
    else:
        making.step = values.text(step)
    if not making.step and making.node in _STEP_AT:
        making.step = _STEP_AT[making.node].name
        making.inferred.append("step")
    if not making.node and making.step in _STEP_NAMED:
        making.node = _STEP_NAMED[making.step].node
        making.inferred.append("node")


def _tool(making: _Making) -> str | None:
    """The tool's name, moved to where it belongs; a tool's event belongs to the step that runs
    tools, whatever it says.
    """
    data = making.data
    named = values.first(data, ("tool", "name", "tool_name"))
    if named is None and making.node and making.node not in _STEP_AT:
        named = making.node
        making.inferred.append("tool")
    if making.step != EXECUTE.name:
        making.inferred.append("step")
    making.step, making.node = EXECUTE.name, EXECUTE.node
    if not isinstance(named, str) or not named:
        return None
    data["tool"] = named
    return named
