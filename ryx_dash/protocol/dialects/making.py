"""One event in the making: what its message says, and what arrival has to answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ryx_dash.protocol.clean import NOTES
from ryx_dash.protocol.dialects import values
from ryx_dash.protocol.dialects.forms import DOCUMENTED, Dialect
from ryx_dash.protocol.dialects.pairing import Pairing
from ryx_dash.protocol.events import ACKNOWLEDGED, RAW, Draft, EventKind, JsonObject
from ryx_dash.protocol.steps import EXECUTE, LLM, STEPS

INFERRED = "_inferred"
"""The key that lists what the backend did not say and arrival had to answer."""

UNREADABLE, UNKNOWN = "unreadable", "unknown"
"""Kinds of what is no JSON object, and of an object that names no kind."""

_BY_ARRIVAL = ("id", "ts")
_STEP_NAMED = {step.name: step for step in STEPS}
_STEP_AT = {step.node: step for step in STEPS}
_RESPONSE = ("response", "answer", "result", "output", "results")
_TOKEN = ("text", "token", "content", "delta")


@dataclass(slots=True, kw_only=True)
class Making:
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
        return Draft.trusted(
            event=self.kind,
            step=self.step,
            node=self.node,
            message=self.message,
            latency=self.latency,
            data=_marked(self.data, raw, notes, self.inferred),
        )


def make(form: Dialect | None, payload: JsonObject, pairing: Pairing) -> Making:
    """The event in a message of ``form``, ``None`` if it is of none."""
    named = payload.get(form.kind) if form is not None else None
    if form is None or not isinstance(named, str) or not named:
        message = values.text(payload)[:500]
        return Making(form=DOCUMENTED, kind=UNKNOWN, message=message, data=payload)
    making = Making(
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
        complete(making, pairing)
    return making


def unreadable(why: str) -> Making:
    """The event of a message that is no JSON object."""
    return Making(form=DOCUMENTED, kind=UNREADABLE, message=why, data={"warning": True})


def _on_call(making: Making, pairing: Pairing) -> None:
    tool = _tool(making)
    if pairing.call(making.data, tool):
        making.inferred.append("call_id")


def _on_result(making: Making, pairing: Pairing) -> None:
    data = making.data
    tool = _tool(making)
    if pairing.result(data, tool):
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


def _on_token(making: Making, pairing: Pairing) -> None:
    if not making.step:
        making.step, making.node = LLM.name, LLM.node
        making.inferred.append("step")
    token = values.first(making.data, _TOKEN)
    if not isinstance(token, str):
        token, making.message = making.message, ""
    making.data["text"] = token


def _on_step_complete(making: Making, pairing: Pairing) -> None:
    if making.step == LLM.name and not isinstance(making.data.get("text"), str):
        response = values.first(making.data, _RESPONSE)
        if isinstance(response, str):
            making.data["text"] = response


def _on_complete(making: Making, pairing: Pairing) -> None:
    response = values.first(making.data, _RESPONSE)
    if response is None:
        return  # what was streamed stays the answer
    if not isinstance(response, str):
        shown = values.text(response)
        response = f"```json\n{shown}\n```"
        making.inferred.append("response")
    making.data["response"] = response


def _on_error(making: Making, pairing: Pairing) -> None:
    said = making.message or values.text(making.data.get("error"))
    making.message = said or "The backend ended the run and gave no reason."
    if not isinstance(making.data.get("code"), str):
        making.data["code"] = "backend_error"


def _on_acknowledged(making: Making, pairing: Pairing) -> None:
    making.message = making.message or "The backend has taken the command."


_COMPLETIONS: Mapping[str, Callable[[Making, Pairing], None]] = {
    ACKNOWLEDGED: _on_acknowledged,
    EventKind.TOOL_CALL: _on_call,
    EventKind.TOOL_RESULT: _on_result,
    EventKind.LLM_TOKEN: _on_token,
    EventKind.STEP_COMPLETE: _on_step_complete,
    EventKind.WORKFLOW_COMPLETE: _on_complete,
    EventKind.WORKFLOW_ERROR: _on_error,
}
"""What each kind still lacks in some dialects."""


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


def _place(making: Making, step: Any) -> None:
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


def _tool(making: Making) -> str | None:
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
