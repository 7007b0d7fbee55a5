"""An executor that does what a test tells it."""

from collections.abc import Awaitable, Callable

from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.executor import Emit, Model, Request
from ryx_dash.protocol.steps import STEPS

Script = Callable[[Request, Emit], Awaitable[None]]


async def all_green(request: Request, emit: Emit) -> None:
    """Every step starts and succeeds; the response repeats the input."""
    for step in STEPS:
        await emit(step_event(EventKind.STEP_START, step, f"{step.label} begins"))
        await emit(step_event(EventKind.STEP_COMPLETE, step, f"{step.label} is done", latency=1.5))
    response = f"You asked: {request.input}"
    await emit(
        Draft(event=EventKind.WORKFLOW_COMPLETE, message="Done.", data={"response": response})
    )


class ScriptedExecutor:
    """Runs ``script`` for every request and keeps the requests."""

    def __init__(self, script: Script = all_green) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.trouble: str | None = None
        self.closed = False

    async def execute(self, request: Request, emit: Emit) -> None:
        self.requests.append(request)
        await self.script(request, emit)

    async def models(self) -> list[Model]:
        return [
            Model(id="qwen2.5:3b", name="qwen2.5:3b", size=1_900_000_000, available=True),
            Model(id="mistral:7b", name="mistral:7b", size=None, available=False),
        ]

    async def examples(self) -> list[str]:
        return ["What is written here?"]

    async def problem(self) -> str | None:
        return self.trouble

    async def aclose(self) -> None:
        self.closed = True
