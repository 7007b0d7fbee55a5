"""What the REST API takes and gives, as pydantic models; OpenAPI is made of them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ryx_dash.log.base import Run
from ryx_dash.protocol.analysis import Analysis, Answered, Period, Slow, Spread, Worked
from ryx_dash.protocol.frames import CommandId
from ryx_dash.protocol.steps import RunStatus


class StartRun(BaseModel):
    """The body of ``POST /api/runs``."""

    model_config = ConfigDict(strict=True)

    input: Annotated[str, Field(description="What the person wants to know.")]
    model: Annotated[
        str | None, Field(max_length=200, description="A model's id; absent: chosen by intent.")
    ] = None
    command_id: Annotated[
        CommandId | None, Field(description="The same one twice starts one run.")
    ] = None


class Started(BaseModel):
    """The answer to a command."""

    run_id: str


class ImportedOut(BaseModel):
    """A run that came from a file. ``new`` is false if it was in the log already, with the same
    events; ``cut`` says why its end is missing; ``message`` says what was done.
    """

    run_id: str
    events: int
    new: bool
    cut: str | None
    message: str


class RunOut(BaseModel):
    """A run. Times are UTC, ``latency`` is milliseconds, ``events`` counts its events so far.

    ``position`` is the place in the waiting line, from 1, while ``queued``; else 0. ``intent``,
    ``model_used``, ``calls``, ``tools`` and ``failed_step`` are what its events say.
    """

    run_id: str
    input: str
    model: str | None
    status: RunStatus
    created: str
    started: str | None
    ended: str | None
    latency: float | None
    events: int
    position: int
    intent: str | None
    model_used: str | None
    calls: int
    tools: list[str]
    failed_step: str | None

    @classmethod
    def of(cls, run: Run) -> "RunOut":
        """The public form of a run."""
        return cls(
            run_id=run.run_id,
            input=run.input,
            model=run.model,
            status=run.status,
            created=run.created,
            started=run.started,
            ended=run.ended,
            latency=run.latency,
            events=run.head,
            position=run.position,
            intent=run.intent,
            model_used=run.model_used,
            calls=run.calls,
            tools=list(run.tools),
            failed_step=run.failed_step,
        )


class RunsOut(BaseModel):
    """Some runs, newest first. ``next`` is the ``before`` of the page after this one."""

    runs: list[RunOut]
    next: str | None


class EventOut(BaseModel):
    """An event, as on the WebSocket."""

    id: str
    run_id: str
    seq: int
    ts: str
    event: str
    step: str
    node: str
    message: str
    latency: float | None
    data: dict[str, Any]


class EventsOut(BaseModel):
    """Some events of a run. ``head`` is the ``seq`` of its newest event."""

    events: list[EventOut]
    head: int


class AnalyticsOut(BaseModel):
    """What the runs that pass a filter have in common. Latencies are milliseconds, speeds tokens a
    second, times UTC; percentiles are exact. ``buckets`` count latencies below 1, 3, 10, 30, 100,
    300, 1000, 3000, 10000 and 30000 ms, each from the one before, and those from there on.
    """

    runs: dict[RunStatus, int]
    latency: Spread
    periods: tuple[Period, ...]
    steps: tuple[Worked, ...]
    tools: tuple[Worked, ...]
    models: tuple[Answered, ...]
    slowest: tuple[Slow, ...]

    @classmethod
    def of(cls, found: Analysis) -> "AnalyticsOut":
        """The public form of an analysis."""
        return cls(
            runs=dict(found.runs),
            latency=found.latency,
            periods=found.periods,
            steps=found.steps,
            tools=found.tools,
            models=found.models,
            slowest=found.slowest,
        )


class ModelOut(BaseModel):
    """A language model. ``size`` is bytes, where the server tells it."""

    id: str
    name: str
    size: int | None
    available: bool


class ModelsOut(BaseModel):
    """The models that can be asked for: installed ones first."""

    models: list[ModelOut]


class Health(BaseModel):
    """The process serves."""

    status: str = "ok"


class Ready(BaseModel):
    """Whether runs can be started; ``reasons`` says why not."""

    ready: bool
    reasons: list[str]


class Problem(BaseModel):
    """``code`` is stable; ``message`` is a sentence for a person."""

    code: str
    message: str


class ErrorOut(BaseModel):
    """The body of every answer with a 4xx or 5xx status."""

    error: Problem
