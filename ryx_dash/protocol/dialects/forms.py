"""The table of dialects: what tells each one, and where it keeps what an event holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ryx_dash.protocol.events import ACKNOWLEDGED, EventKind, JsonObject

_KINDS: Mapping[str, str] = {
    # The beginning of the run is in the log already: the dashboard itself has begun it.
    EventKind.WORKFLOW_START: ACKNOWLEDGED,
    # One of the documents ends a failed run like this, the others with `workflow_error`.
    EventKind.ERROR: EventKind.WORKFLOW_ERROR,
}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One form of events.

    A message is of the first dialect whose ``marks`` it all has. ``kind`` is the field that names
    the kind of event, ``kinds`` what theirs mean here. ``message``, ``latency`` and ``step`` are
    the fields to look for these in, the best first. ``others`` are fields that need not be kept,
    since they are in the raw text and say nothing to people.
    """

    name: str
    marks: frozenset[str]
    kind: str = "event"
    kinds: Mapping[str, str] = field(default_factory=lambda: _KINDS)
    message: tuple[str, ...] = ("message",)
    latency: tuple[str, ...] = ("latency",)
    others: frozenset[str] = frozenset({"id", "run_id", "seq", "ts", "timestamp"})
    reprs: bool = False
    """Whether the output of a tool is the beginning of a Python ``repr``."""
    own: bool = False
    """Whether this is the contract's own form, whose events pass as they are."""

    @cached_property
    def known(self) -> frozenset[str]:
        """The fields that have a place in an event; all others belong to its ``data``."""
        return frozenset(
            {self.kind, "step", "node", "data", *self.message, *self.latency, *self.others}
        )


OWN = Dialect(
    name="contract", marks=frozenset({"event", "id", "run_id", "seq", "ts"}), kinds={}, own=True
)
EXECUTOR = Dialect(name="executor", marks=frozenset({"event", "timestamp"}), reprs=True)
DOCUMENTED = Dialect(name="documented", marks=frozenset({"event"}))
NUMBERED = Dialect(
    name="numbered",
    marks=frozenset({"type"}),
    kind="type",
    kinds={**_KINDS, "task_complete": EventKind.WORKFLOW_COMPLETE},
    message=("message", "action"),
    latency=("latency", "latency_ms", "total_latency_ms"),
)

DIALECTS = (OWN, EXECUTOR, DOCUMENTED, NUMBERED)
"""All known forms; the more a form is told by, the earlier it stands."""


def dialect_of(payload: JsonObject) -> Dialect | None:
    """The form that a message has, or ``None`` if it is of none."""
    return next((form for form in DIALECTS if form.marks <= payload.keys()), None)
