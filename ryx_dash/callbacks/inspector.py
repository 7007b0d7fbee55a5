"""What the inspector shows: a few events out of the log, read when somebody looks at them."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, State, no_update

from ryx_dash.callbacks import frame as read
from ryx_dash.callbacks.history import History
from ryx_dash.errors import LogError
from ryx_dash.log.base import EventLog
from ryx_dash.projection.inspection import (
    Inspection,
    Subject,
    find_node,
    inspect,
    moving,
    needed,
    parse_subject,
)
from ryx_dash.projection.state import RunState
from ryx_dash.protocol.events import Event
from ryx_dash.views import ids, inspector
from ryx_dash.views.payload import FORMS, Form

OUTPUTS = {
    "head": Output(ids.INSPECTOR_HEAD, "children"),
    "body": Output(ids.INSPECTOR_BODY, "children"),
    "shown": Output(ids.INSPECT_SHOWN, "data"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the page wants to see: a subject of a run at ``seq``, its payloads in a ``form``.

    ``drawn`` are the keys of what it shows already.
    """

    run: str
    seq: int
    subject: Subject | None
    form: Form
    whole: bool
    drawn: tuple[str, str]


def register(app: Dash, log: EventLog, history: History) -> None:
    """Register the callback; what it is asked comes at most twice a second."""

    def draw(asked: Any, zone: Any) -> dict[str, Any]:
        views = look(log, history, asked, read.parse_zone(zone))
        # Another value each time: the page waits for it before it asks again.
        views["shown"] = {**views.get("shown", {}), "asked": _asked_id(asked)}
        return dict.fromkeys(OUTPUTS, no_update) | views

    app.callback(
        output=OUTPUTS,
        inputs=[Input(ids.INSPECT_ASKED, "data"), State(ids.ZONE, "data")],
        prevent_initial_call=True,
    )(draw)


def look(log: EventLog, history: History, value: Any, zone: ZoneInfo) -> dict[str, Any]:
    """The views for ``{"run", "seq", "what", "form", "whole", "head", "body"}``; what stays as it
    is on the page is left out, and then the log is not read either."""
    asked = parse_asked(value)
    if asked is None:
        return {}
    if asked.subject is None:
        return {"head": inspector.head(_unreadable(), zone, now=None), "body": []}
    try:
        return _views(log, history, asked, asked.subject, zone)
    except LogError as error:
        failed = Inspection(title=str(asked.subject), missing=error.message)
        return {"head": inspector.head(failed, zone, now=None), "body": []}


def parse_asked(value: Any) -> Asked | None:
    """What the page asks for; ``None`` if it names no place in a run."""
    place = read.parse_place(value)
    if place is None:
        return None
    what, form = value.get("what"), value.get("form")
    drawn = tuple(key if isinstance(key := value.get(n), str) else "" for n in ("head", "body"))
    return Asked(
        run=place[0],
        seq=place[1],
        subject=parse_subject(what) if isinstance(what, str) else None,
        form=next((known for known in FORMS if known == form), FORMS[0]),
        whole=value.get("whole") is True,
        drawn=(drawn[0], drawn[1]),
    )


def _views(
    log: EventLog, history: History, asked: Asked, subject: Subject, zone: ZoneInfo
) -> dict[str, Any]:
    state = history.at(asked.run, asked.seq, budget=None)
    seqs = needed(state, subject)
    told = (asked.run, str(subject), seqs, moving(state, subject), _late(state, subject))
    head = _digest(told, _facts(state, subject), zone.key)
    body = _digest(told, asked.form, asked.whole)
    if asked.drawn == (head, body):
        return {}
    found = inspect(state, subject, _events(log, asked.run, seqs))
    views: dict[str, Any] = {"shown": {"head": head, "body": body}}
    if asked.drawn[0] != head:
        views["head"] = inspector.head(found, zone, now=state.last)
    if asked.drawn[1] != body:
        views["body"] = inspector.body(found, asked.run, asked.form, whole=asked.whole)
    return views


def _events(log: EventLog, run_id: str, seqs: tuple[int, ...]) -> Mapping[int, Event]:
    found = (event for seq in seqs for event in log.read(run_id, after=seq - 1, upto=seq))
    return {event.seq: event for event in found}


def _facts(state: RunState, subject: Subject) -> Any:
    """What the head says beyond the events: while it runs, also how long so far."""
    node = find_node(state, subject)
    if node is None:
        return None
    facts = (node.status, node.message, node.latency, node.attempt)
    spans = [span for span in state.spans if span.node == node.node]
    return (facts, spans, state.last if node.status == "running" else None)


def _late(state: RunState, subject: Subject) -> int:
    """The position, where the page says it: what is looked at is not there yet."""
    there = subject.seq <= state.seq if subject.seq else find_node(state, subject) is not None
    return 0 if there else state.seq


def _unreadable() -> Inspection:
    known = "step:<name>, call:<id> or event:<number>"
    return Inspection(title="Inspector", missing=f"The address has to name {known}.")


def _asked_id(asked: Any) -> Any:
    return asked.get("asked") if isinstance(asked, Mapping) else None


def _digest(*values: Any) -> str:
    return blake2s(repr(values).encode("utf-8", "replace"), digest_size=8).hexdigest()
