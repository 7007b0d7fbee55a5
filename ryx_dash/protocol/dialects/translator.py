"""The messages of one run, one after the other, into drafts of events."""

from dataclasses import dataclass

from ryx_dash.errors import ProtocolError
from ryx_dash.protocol.clean import NOTES
from ryx_dash.protocol.dialects import values
from ryx_dash.protocol.dialects.forms import OWN, Dialect, dialect_of
from ryx_dash.protocol.dialects.large import Room
from ryx_dash.protocol.dialects.making import make, unreadable
from ryx_dash.protocol.dialects.order import Order
from ryx_dash.protocol.dialects.pairing import Pairing
from ryx_dash.protocol.events import ACKNOWLEDGED, RAW, Draft, EventKind, JsonObject
from ryx_dash.protocol.reading import read_object

MAX_SEEN = 20_000
"""Ids that are remembered, to know an event that comes twice."""


@dataclass
class Tally:
    """What was left out of a run, and why. ``events`` counts what arrived and was taken."""

    events: int = 0
    duplicates: int = 0
    foreign: int = 0
    missing: int = 0


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
        self.acknowledged = False
        """Whether the newest event only says that the command has arrived."""
        self._pairing = Pairing()
        self._seen: dict[int, None] = {}
        self._room = Room()

    def take(self, raw: bytes | str) -> list[Draft]:
        """The events that a message brings: none if it was there before or is not of this run,
        several if it is the one that they waited for.
        """
        text, notes = _decoded(raw)
        try:
            payload = read_object(text, lenient=True)
        except ProtocolError as error:
            kept, _, cuts = self._room.keep(text, {})
            return [self._taken(unreadable(error.message).draft(kept, notes + cuts))]
        form = dialect_of(payload)
        if self._is_foreign(payload):
            self.tally.foreign += 1
            return []
        if form is not None and form.own and type(payload["seq"]) is int:
            return self._counted(text, payload)
        if self._is_repeated(payload, text):
            self.tally.duplicates += 1
            return []
        whole, first = _is_complete(form, payload), form.known if form else frozenset()
        kept, brief, cuts = self._room.keep(text, payload, first=first, whole=whole)
        making = make(form, brief, self._pairing)
        return [self._taken(making.draft(kept, notes + cuts))]

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
        key = hash((given, text))
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]
        return False

    # -- the contract's own form ----------------------------------------------------------------

    def _counted(self, text: str, payload: JsonObject) -> list[Draft]:
        if not _is_complete(OWN, payload):
            raw, payload, cuts = self._room.keep(text, payload, first=OWN.known)
            if cuts:
                payload["data"] = {**values.mapping(payload.get("data")), NOTES: cuts, RAW: raw}
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
            Draft.trusted(
                event=values.text(payload["event"]),
                step=values.text(payload.get("step")),
                node=values.text(payload.get("node")),
                message=values.text(payload.get("message")),
                latency=values.number(payload.get("latency")),
                data=values.mapping(payload.get("data")),
            )
        )

    def _taken(self, draft: Draft) -> Draft:
        self.tally.events += 1
        self.acknowledged = draft.event == ACKNOWLEDGED
        if draft.event == EventKind.STEP_START and draft.step:
            self.step = draft.step
        elif draft.event in _ENDS_STEP and draft.step == self.step:
            self.step = None
        return draft


_ENDS_STEP = frozenset({EventKind.STEP_COMPLETE, EventKind.STEP_ERROR})


def _is_complete(form: Dialect | None, payload: JsonObject) -> bool:
    """Whether a message brings the response, which is never cut."""
    kind = payload.get(form.kind) if form is not None else None
    return (
        form is not None
        and isinstance(kind, str)
        and form.kinds.get(kind, kind) == EventKind.WORKFLOW_COMPLETE
    )


def _decoded(raw: bytes | str) -> tuple[str, list[str]]:
    """The message as text, and the note that some of it was no UTF-8."""
    if isinstance(raw, str):
        return raw, []
    try:
        return raw.decode(), []
    except UnicodeDecodeError:
        note = "The message was not UTF-8; the broken bytes became U+FFFD."
        return raw.decode(errors="replace"), [note]
