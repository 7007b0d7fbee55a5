"""What runs a workflow, seen from the side of the log: the embedded engine, or a backend."""

from dataclasses import dataclass
from typing import Protocol

from ryx_dash.protocol.events import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person asked for. ``model`` is their choice; ``None`` leaves it to the engine."""

    run_id: str
    input: str
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A language model that can be chosen. ``size`` is bytes on disk where that is known."""

    id: str
    name: str
    size: int | None
    available: bool


class Emit(Protocol):
    """Takes the next events of the run, in order. Waits when the log cannot keep up."""

    async def __call__(self, *drafts: Draft) -> None: ...


class Executor(Protocol):
    """Executes one workflow at a time for each call; calls run side by side.

    ``execute`` emits the events from the first ``step_start`` to a terminal one
    (``workflow_complete`` or ``workflow_error``); ``workflow_start`` and
    ``workflow_cancelled`` are the caller's. It is cancelled by the cancellation of its task
    and must then stop within a second, running tools and the model's stream included.
    """

    async def execute(self, request: Request, emit: Emit) -> None: ...

    async def models(self) -> list[Model]:
        """Installed models first, then known ones that are not there. Never raises."""
        ...

    async def examples(self) -> list[str]:
        """A few questions that would be answered well, for a first visit. Never raises."""
        ...

    async def problem(self) -> str | None:
        """Why no run could succeed now, or ``None``. A missing model is no problem."""
        ...

    async def aclose(self) -> None:
        """Release clients and files."""
        ...
