"""Runs steps in order: what is said about each, its limits and tries, and how a run ends."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence

import anyio

from ryx_dash.engine.context import Context, Done, Reporter, Work
from ryx_dash.engine.limits import Limits
from ryx_dash.engine.retries import with_retries
from ryx_dash.errors import LogError, RyxError, StepFailed
from ryx_dash.protocol.events import Draft, EventKind
from ryx_dash.protocol.executor import Emit
from ryx_dash.protocol.steps import EXECUTE, INPUT, INTENT, LLM, MODEL, OUTPUT, RAG, TOOLS, Step

logger = logging.getLogger(__name__)

Plan = Sequence[tuple[Step, Work]]
"""The steps of a run in order, each with its body."""

STARTING: Mapping[Step, str] = {
    INPUT: "Processing input...",
    INTENT: "Detecting the intent...",
    MODEL: "Choosing a model...",
    TOOLS: "Choosing tools...",
    EXECUTE: "Running tools...",
    RAG: "Looking for passages...",
    LLM: "Writing the answer...",
    OUTPUT: "Checking citations...",
}


class Driver:
    """Drives one run. ``clock`` gives seconds."""

    def __init__(
        self, emit: Emit, limits: Limits, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._emit = emit
        self._limits = limits
        self._clock = clock
        self._running: tuple[Step, float] | None = None

    async def drive(self, plan: Plan, context: Context) -> None:
        """Run ``plan`` and end the run with ``workflow_complete`` or ``workflow_error``.

        Errors of the log pass: without it nothing can be said.
        """
        began = self._clock()
        try:
            with anyio.move_on_after(self._limits.run) as scope:
                for step, work in plan:
                    await self._step(step, work, context)
        except StepFailed as failure:
            await self._fail("step_failed", failure.message, began)
            return
        if scope.cancelled_caught:
            message = f"The run's limit of {self._limits.run:g} s was reached."
            await self._step_error(message)
            await self._fail("run_timeout", message, began)
            return
        await self._emit(
            Draft(
                event=EventKind.WORKFLOW_COMPLETE,
                message="Completed",
                latency=self._since(began),
                data={
                    "response": context.response,
                    "citations": [citation.data() for citation in context.citations],
                },
            )
        )

    async def _step(self, step: Step, work: Work, context: Context) -> None:
        report = Reporter(step, self._emit)
        began = self._clock()
        self._running = (step, began)
        await report(EventKind.STEP_START, STARTING[step], {})
        try:
            done = await self._limited(work, context, report)
        except Exception as error:
            cause = _cause(error)
            if isinstance(cause, LogError):
                raise cause from None
            reason = _reason(cause, step)
            await self._step_error(reason)
            raise StepFailed(reason) from error
        await report(EventKind.STEP_COMPLETE, done.message, done.data, latency=self._since(began))

    async def _limited(self, work: Work, context: Context, report: Reporter) -> Done:
        with anyio.move_on_after(self._limits.step):
            return await with_retries(lambda: work(context, report), self._limits, report.retry)
        raise StepFailed(f"{report.step.label} took longer than {self._limits.step:g} s.")

    async def _step_error(self, message: str) -> None:
        assert self._running is not None
        step, began = self._running
        report = Reporter(step, self._emit)
        await report(EventKind.STEP_ERROR, message, {}, latency=self._since(began))

    async def _fail(self, code: str, message: str, began: float) -> None:
        data = {"code": code, "step": self._running[0].name} if self._running else {"code": code}
        await self._emit(
            Draft(
                event=EventKind.WORKFLOW_ERROR,
                message=message,
                latency=self._since(began),
                data=data,
            )
        )

    def _since(self, began: float) -> float:
        """Milliseconds since ``began``."""
        return round((self._clock() - began) * 1000, 3)


def _cause(error: Exception) -> Exception:
    """The error itself, out of the groups that task groups wrap it in."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _reason(error: Exception, step: Step) -> str:
    """A sentence about ``error``; one that nobody foresaw goes to the server's log as well."""
    if isinstance(error, RyxError):
        return error.message
    logger.error("%s failed", step.name, exc_info=error)
    return f"{step.label} failed unexpectedly ({type(error).__name__}); the server's log has more."
