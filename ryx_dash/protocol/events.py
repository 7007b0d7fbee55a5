"""Events: what happened in a run, in order (contract, section 4.1)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, computed_field

from ryx_dash.protocol.steps import RunStatus, Step

M = TypeVar("M", bound=BaseModel)

JsonObject = dict[str, Any]
"""A JSON object: only ``str`` keys, and values that JSON has."""


REMARK = "_remark"
"""The key in an event's ``data`` that marks what the dashboard itself says of a run elsewhere: that
a backend was not reached, or what it left out. Nobody has been heard by it."""

RAW = "_raw"
"""The key in an event's ``data`` that holds a backend's message as it came."""

ACKNOWLEDGED = "acknowledged"
"""The kind of a backend's answer that only says that a command has arrived."""


class EventKind(StrEnum):
    """The kinds of events. ``ERROR`` answers a command and belongs to no run."""

    WORKFLOW_START = "workflow_start"
    STEP_START = "step_start"
    STEP_PROGRESS = "step_progress"
    STEP_COMPLETE = "step_complete"
    STEP_ERROR = "step_error"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    LLM_TOKEN = "llm_token"  # noqa: S105 - a kind of event, not a secret
    WORKFLOW_COMPLETE = "workflow_complete"
    WORKFLOW_ERROR = "workflow_error"
    WORKFLOW_CANCELLED = "workflow_cancelled"
    ERROR = "error"


TERMINAL: Mapping[str, RunStatus] = {
    EventKind.WORKFLOW_COMPLETE: RunStatus.SUCCESS,
    EventKind.WORKFLOW_ERROR: RunStatus.FAILED,
    EventKind.WORKFLOW_CANCELLED: RunStatus.CANCELLED,
}
"""The kinds that end a run, and the status they leave it in."""


def now() -> str:
    """The present moment, as :func:`utc` writes it."""
    return utc(datetime.now(UTC))


def utc(moment: datetime) -> str:
    """A moment of UTC as ``2026-01-01T00:00:00.000000Z``; such texts sort by time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Draft(BaseModel):
    """An event before the log has given it its place. Engines emit these.

    ``latency`` is milliseconds. ``step`` and ``node`` are empty for events of the whole run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: str
    step: str = ""
    node: str = ""
    message: str = ""
    latency: float | None = None
    data: JsonObject = Field(default_factory=dict)

    @classmethod
    def trusted(cls, **fields: Any) -> "Draft":
        """A draft of fields that have the right types; all of them must be given."""
        return _trusted(cls, fields, _DRAFT_FIELDS)

    def at(self, run_id: str, seq: int, ts: str) -> "Event":
        """The event that this draft becomes at place ``seq`` of a run."""
        return Event.trusted(
            run_id=run_id,
            seq=seq,
            ts=ts,
            event=self.event,
            step=self.step,
            node=self.node,
            message=self.message,
            latency=self.latency,
            data=self.data,
        )


class Event(BaseModel):
    """One event of one run. ``seq`` starts at 1 and has no holes; ``ts`` is UTC."""

    model_config = ConfigDict(frozen=True)

    run_id: Annotated[str, Field(min_length=1, max_length=64)]
    seq: Annotated[int, Field(ge=1, le=2**31)]
    ts: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
    event: str
    step: str = ""
    node: str = ""
    message: str = ""
    latency: Annotated[float, Field(allow_inf_nan=False)] | None = None
    data: JsonObject = Field(default_factory=dict)

    @classmethod
    def trusted(cls, **fields: Any) -> "Event":
        """An event of fields that were checked before; all of them must be given.

        Pages read thousands of events at once: this takes a tenth of ``model_construct``.
        """
        return _trusted(cls, fields, _EVENT_FIELDS)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """``run_id:seq``, the same wherever and whenever the event is read."""
        return f"{self.run_id}:{self.seq}"


def _trusted(cls: type[M], fields: dict[str, Any], names: set[str]) -> M:
    made = cls.__new__(cls)
    object.__setattr__(made, "__dict__", fields)
    object.__setattr__(made, "__pydantic_fields_set__", names)
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", None)
    return made


_DRAFT_FIELDS = set(Draft.model_fields)
_EVENT_FIELDS = set(Event.model_fields)


def outcome(event: Event | Draft) -> RunStatus | None:
    """The status in which this event leaves its run; ``None`` if the run goes on.

    A ``workflow_error`` with ``data.code`` ``interrupted`` was written by whoever found the
    run without its runner: nobody knows how it would have ended.
    """
    if event.event == EventKind.WORKFLOW_ERROR and event.data.get("code") == "interrupted":
        return RunStatus.INTERRUPTED
    return TERMINAL.get(event.event)


def level(kind: str, data: Mapping[str, Any]) -> str:
    """How the monitor marks an event: ``info``, ``success``, ``warning``, ``error``, ``running``.

    >>> level("tool_result", {"success": False})
    'error'
    """
    if kind == EventKind.TOOL_RESULT:
        return "success" if data.get("success") else "error"
    if kind == EventKind.STEP_PROGRESS and data.get("warning"):
        return "warning"
    return _LEVELS.get(kind, "info")


_LEVELS: Mapping[str, str] = {
    EventKind.STEP_START: "running",
    EventKind.STEP_PROGRESS: "running",
    EventKind.TOOL_CALL: "running",
    EventKind.STEP_COMPLETE: "success",
    EventKind.WORKFLOW_COMPLETE: "success",
    EventKind.STEP_ERROR: "error",
    EventKind.WORKFLOW_ERROR: "error",
    EventKind.ERROR: "error",
    EventKind.WORKFLOW_CANCELLED: "warning",
}


def step_event(
    kind: EventKind,
    step: Step,
    message: str,
    *,
    latency: float | None = None,
    data: JsonObject | None = None,
) -> Draft:
    """A draft that belongs to a step."""
    return Draft(
        event=kind,
        step=step.name,
        node=step.node,
        message=message,
        latency=latency,
        data=data or {},
    )


__all__ = [
    "ACKNOWLEDGED",
    "RAW",
    "REMARK",
    "TERMINAL",
    "Draft",
    "Event",
    "EventKind",
    "JsonObject",
    "level",
    "now",
    "outcome",
    "step_event",
]
