"""Step 5: the calls, side by side. A call that fails is a result; the step goes on."""

import logging
import time

import anyio

from ryx_dash.engine.context import CallResult, Context, Done, Reporter
from ryx_dash.engine.limits import Limits
from ryx_dash.engine.retries import with_retries
from ryx_dash.engine.tool_rules import Planned
from ryx_dash.engine.tools.base import Tool, ToolOutcome
from ryx_dash.engine.wording import count
from ryx_dash.errors import RyxError
from ryx_dash.protocol.events import EventKind

logger = logging.getLogger(__name__)

MAX_BRIEF = 120


async def run(context: Context, report: Reporter) -> Done:
    """Make all calls."""
    if not context.calls:
        return Done("No tool was needed", {"skipped": True, "succeeded": 0, "failed": 0})
    results: dict[str, CallResult] = {}

    async def make(call: Planned) -> None:
        tool = context.parts.tools[call.tool]
        results[call.call_id] = await _make(call, tool, context.parts.limits, report)

    async with anyio.create_task_group() as tasks:
        for call in context.calls:
            tasks.start_soon(make, call)
    context.results = [results[call.call_id] for call in context.calls]
    succeeded = sum(result.success for result in context.results)
    failed = len(context.results) - succeeded
    return Done(_message(succeeded, failed), {"succeeded": succeeded, "failed": failed})


async def _make(call: Planned, tool: Tool, limits: Limits, report: Reporter) -> CallResult:
    """Make one call, reporting its begin and its end."""
    began = time.perf_counter()
    asked = {"call_id": call.call_id, "tool": call.tool, "args": call.args}
    await report(EventKind.TOOL_CALL, f"{call.tool}: {_brief(call)}", asked)
    outcome = await _outcome(call, tool, limits, report)
    latency = round((time.perf_counter() - began) * 1000, 3)
    success = outcome.error is None
    data = {
        "call_id": call.call_id,
        "tool": call.tool,
        "success": success,
        "output": outcome.output,
        "error": outcome.error,
    }
    message = f"{call.tool}: {outcome.summary if success else outcome.error}"
    await report(EventKind.TOOL_RESULT, message, data, latency=latency)
    return CallResult(call=call, success=success, output=outcome.output, error=outcome.error)


async def _outcome(call: Planned, tool: Tool, limits: Limits, report: Reporter) -> ToolOutcome:
    """What the tool gives, or a failure in a sentence, whatever it raises."""

    async def retry(attempt: int, reason: str) -> None:
        await report.retry(attempt, reason, call_id=call.call_id, tool=call.tool)

    with anyio.move_on_after(limits.tool):
        try:
            return await with_retries(lambda: tool.call(call.args), limits, retry)
        except RyxError as failure:
            return ToolOutcome(error=failure.message)
        except Exception as crash:
            logger.exception("%s crashed", call.tool)
            return ToolOutcome(
                error=f"{call.tool} crashed ({type(crash).__name__}); the server's log has more."
            )
    return ToolOutcome(error=f"{call.tool} took longer than {limits.tool:g} s.")


def _brief(call: Planned) -> str:
    """The arguments on one short line."""
    line = ", ".join(" ".join(str(value).split()) for value in call.args.values())
    return line if len(line) <= MAX_BRIEF else f"{line[:MAX_BRIEF]}…"


def _message(succeeded: int, failed: int) -> str:
    calls = count(succeeded + failed, "call")
    if not failed:
        return f"{calls} succeeded"
    if not succeeded:
        return f"{calls} failed; the answer has to do without them"
    return f"{succeeded} of {calls} succeeded, {failed} failed"
