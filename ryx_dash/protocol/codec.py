"""Between values and the JSON texts that travel. Bad JSON ends in a sentence, never in a crash."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ryx_dash.errors import ProtocolError, RyxError
from ryx_dash.protocol.clean import (
    clean,
    clean_draft,
    clean_fields,
    clean_text,
    encodable,
)
from ryx_dash.protocol.commands import CancelWorkflow, Command, ExecuteWorkflow
from ryx_dash.protocol.events import Event, EventKind, JsonObject, now
from ryx_dash.protocol.reading import read_object, sentence

MAX_COMMAND = 65_536
"""Bytes of the largest message that a client may send."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_COMMANDS: dict[str, type[Command]] = {
    "execute_workflow": ExecuteWorkflow,
    "cancel_workflow": CancelWorkflow,
}
_RUN_KINDS = frozenset(EventKind) - {EventKind.ERROR}
_DATA_TYPES: dict[str, dict[str, type]] = {
    EventKind.TOOL_CALL: {"call_id": str, "args": dict},
    EventKind.TOOL_RESULT: {"call_id": str, "success": bool},
    EventKind.LLM_TOKEN: {"text": str},
    EventKind.WORKFLOW_COMPLETE: {"response": str},
}
"""What these fields of ``data`` must be where they are there at all; null counts as not there."""

_JSON_NAMES: dict[type, str] = {str: "a string", bool: "true or false", dict: "an object"}


@dataclass(frozen=True, slots=True)
class Skipped:
    """An event of a kind that is not known here, as a newer program may send; ``note`` says so."""

    kind: str
    note: str


Decoded = Event | Skipped


def encode(event: Event) -> str:
    """The event as compact JSON with the contract's keys; always JSON that browsers parse."""
    try:
        text = _ENCODER.encode(_keys(event))
        if encodable(text):
            return text
    except (ValueError, TypeError, RecursionError):
        pass  # an event that never went through `clean_draft`
    return _ENCODER.encode(_keys(event.model_copy(update=clean_fields(event.__dict__))))


def error_event(error: RyxError) -> str:
    """The ``error`` event that answers a command; it belongs to no run and has no ``seq``."""
    return _ENCODER.encode(
        {
            "ts": now(),
            "event": EventKind.ERROR,
            "step": "",
            "node": "",
            "message": clean_text(error.message),
            "latency": None,
            "data": {"code": error.code},
        }
    )


def decode_command(text: str | bytes) -> Command:
    """The command in a client's message.

    Raises :class:`errors.ProtocolError` with code ``too_large``, ``not_json``,
    ``not_an_object``, ``unknown_action`` or ``bad_field``.
    """
    if _size(text) > MAX_COMMAND:
        raise ProtocolError(f"The message is larger than {MAX_COMMAND:,} bytes.", code="too_large")
    payload = read_object(text)
    action = payload.get("action")
    model = _COMMANDS.get(action) if isinstance(action, str) else None
    if model is None:
        known = " and ".join(_COMMANDS)
        said = "has no action" if action is None else f"has an unknown action ({_shown(action)})"
        raise ProtocolError(f"The message {said}; known are {known}.", code="unknown_action")
    values = {name: payload[name] for name in model.model_fields if name in payload}
    values |= {name: clean_text(v) for name, v in values.items() if isinstance(v, str)}
    try:
        return model.model_validate(values, strict=True)
    except ValidationError as error:
        raise ProtocolError(sentence(error), code="bad_field") from None


def decode_event(source: str | bytes | JsonObject) -> Decoded:
    """An event out of JSON, as :func:`encode` writes it; unknown kinds are skipped, not refused.

    NaN and the like, which some backends write, are replaced and noted in ``data["_notes"]``.
    Raises :class:`errors.ProtocolError` with code ``not_json``, ``not_an_object`` or
    ``bad_event``, which names the field.
    """
    payload = source if isinstance(source, dict) else read_object(source, lenient=True)
    kind = payload.get("event")
    if not isinstance(kind, str):
        said = "is missing" if kind is None else "should be a string"
        raise ProtocolError(f'"event" {said}.', code="bad_event")
    if kind not in _RUN_KINDS:
        what = "belongs to no run" if kind == EventKind.ERROR else "is of an unknown kind"
        return Skipped(kind=kind, note=f"An event ({_shown(kind)}) {what} and was skipped.")
    values = clean_fields({name: payload[name] for name in Event.model_fields if name in payload})
    try:
        event = Event.model_validate(values, strict=True)
    except ValidationError as error:
        raise ProtocolError(sentence(error), code="bad_event") from None
    _check(event, payload)
    return event


def _keys(event: Event) -> JsonObject:
    return {
        "id": event.id,
        "run_id": event.run_id,
        "seq": event.seq,
        "ts": event.ts,
        "event": event.event,
        "step": event.step,
        "node": event.node,
        "message": event.message,
        "latency": event.latency,
        "data": event.data,
    }


def _check(event: Event, payload: JsonObject) -> None:
    """What the types alone do not say. Raises :class:`errors.ProtocolError`."""
    if payload.get("id", event.id) != event.id:
        raise ProtocolError(f'"id" should be {_shown(event.id)}.', code="bad_event")
    try:
        datetime.fromisoformat(event.ts)
    except ValueError:
        raise ProtocolError(f'"ts" is no time ({event.ts}).', code="bad_event") from None
    for name, wanted in _DATA_TYPES.get(event.event, {}).items():
        value = event.data.get(name)
        if value is not None and not isinstance(value, wanted):
            raise ProtocolError(f'"data.{name}" should be {_JSON_NAMES[wanted]}.', code="bad_event")


def _size(text: str | bytes) -> int:
    # Characters are at least one byte each, which spares encoding what is far too large.
    if isinstance(text, bytes) or len(text) > MAX_COMMAND:
        return len(text)
    return len(text.encode(errors="surrogatepass"))


def _shown(value: Any) -> str:
    text = clean_text(value if isinstance(value, str) else repr(value))
    return text if len(text) <= 80 else f"{text[:79]}…"


__all__ = [
    "MAX_COMMAND",
    "Decoded",
    "Skipped",
    "clean",
    "clean_draft",
    "clean_text",
    "decode_command",
    "decode_event",
    "encode",
    "error_event",
]
