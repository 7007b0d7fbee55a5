import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import anyio
import pytest

from ryx_dash.engine.context import Context, Done, Parts, Reporter
from ryx_dash.engine.limits import Limits
from ryx_dash.engine.steps import tool_execution
from ryx_dash.engine.tool_rules import Planned
from ryx_dash.engine.tools.base import Tool, ToolOutcome, ToolSpec
from ryx_dash.errors import Transient, WorkspaceError
from ryx_dash.protocol.executor import Request
from ryx_dash.protocol.steps import EXECUTE
from tests.engine.runs import Recorder

Body = Callable[[Mapping[str, Any]], Awaitable[ToolOutcome]]


class Scripted:
    """A tool that does what a test tells it."""

    spec = ToolSpec("t", "", {})

    def __init__(self, body: Body) -> None:
        self._body = body

    async def call(self, args: Mapping[str, Any]) -> ToolOutcome:
        return await self._body(args)


@dataclass
class Ran:
    done: Done
    context: Context
    recorder: Recorder


async def run(
    *bodies: Body, limits: Limits | None = None, args: dict[str, Any] | None = None
) -> Ran:
    """The step with one call of each body; the tools are named ``t1``, ``t2`` …"""
    tools: dict[str, Tool] = {f"t{n}": Scripted(body) for n, body in enumerate(bodies, 1)}
    limits = limits or Limits(backoff=0.0001)
    parts = Parts(
        llm=cast(Any, None),
        catalogue=cast(Any, None),
        tools=tools,
        retrieval=cast(Any, None),
        exists=lambda path: False,
        limits=limits,
    )
    context = Context(request=Request(run_id="r", input="x"), parts=parts)
    context.calls = [
        Planned(call_id=f"c-{name}", tool=name, args=args or {"q": name}) for name in tools
    ]
    recorder = Recorder()
    done = await tool_execution.run(context, Reporter(EXECUTE, recorder))
    return Ran(done, context, recorder)


async def good(args: Mapping[str, Any]) -> ToolOutcome:
    return ToolOutcome({"got": dict(args)}, None, "1 hit")


async def test_a_call_is_reported_from_begin_to_end() -> None:
    ran = await run(good)
    [call] = ran.recorder.of("tool_call")
    [result] = ran.recorder.of("tool_result")
    assert (call.step, call.node) == ("tool_execution", "execute")
    assert call.data == {"call_id": "c-t1", "tool": "t1", "args": {"q": "t1"}}
    assert call.message == "t1: t1"
    assert result.data == {
        "call_id": "c-t1",
        "tool": "t1",
        "success": True,
        "output": {"got": {"q": "t1"}},
        "error": None,
    }
    assert result.message == "t1: 1 hit"
    assert result.latency is not None
    assert ran.done == Done("1 call succeeded", {"succeeded": 1, "failed": 0})


async def test_calls_run_side_by_side_and_keep_their_order() -> None:
    both = anyio.Event()

    async def first(args: Mapping[str, Any]) -> ToolOutcome:
        await both.wait()
        return await good(args)

    async def second(args: Mapping[str, Any]) -> ToolOutcome:
        both.set()
        return await good(args)

    with anyio.fail_after(10):
        ran = await run(first, second)
    assert [result.call.tool for result in ran.context.results] == ["t1", "t2"]


async def test_no_call_skips_the_step() -> None:
    ran = await run()
    assert ran.done.data["skipped"] is True
    assert ran.recorder.events == []


async def test_a_crash_is_a_failed_result_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def crash(args: Mapping[str, Any]) -> ToolOutcome:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        ran = await run(crash, good)
    [failed] = [e for e in ran.recorder.of("tool_result") if not e.data["success"]]
    assert failed.data["error"] == "t1 crashed (ZeroDivisionError); the server's log has more."
    assert failed.data["output"] is None
    assert failed.message == f"t1: {failed.data['error']}"
    assert ran.done == Done("1 of 2 calls succeeded, 1 failed", {"succeeded": 1, "failed": 1})
    assert caplog.records


async def test_all_failed_calls_are_no_failed_step() -> None:
    async def refuse(args: Mapping[str, Any]) -> ToolOutcome:
        raise WorkspaceError("It is gone.")

    ran = await run(refuse, refuse)
    assert [result.error for result in ran.context.results] == ["It is gone."] * 2
    assert ran.done.message == "2 calls failed; the answer has to do without them"


async def test_a_fault_that_passes_is_tried_again_and_seen() -> None:
    tries: list[None] = []

    async def flaky(args: Mapping[str, Any]) -> ToolOutcome:
        tries.append(None)
        if len(tries) < 3:
            raise Transient("Busy.")
        return await good(args)

    ran = await run(flaky)
    assert [e.data for e in ran.recorder.of("step_progress")] == [
        {"call_id": "c-t1", "tool": "t1", "attempt": n, "warning": True, "reason": "Busy."}
        for n in (2, 3)
    ]
    assert ran.done.data == {"succeeded": 1, "failed": 0}


async def test_tries_of_a_tool_end() -> None:
    async def busy(args: Mapping[str, Any]) -> ToolOutcome:
        raise Transient("Busy.")

    ran = await run(busy)
    assert ran.context.results[0].error == "Busy. Tried 3 times."


async def test_a_tool_has_a_limit() -> None:
    async def hang(args: Mapping[str, Any]) -> ToolOutcome:
        await anyio.sleep_forever()
        raise AssertionError

    ran = await run(hang, good, limits=Limits(tool=0.01))
    assert ran.context.results[0].error == "t1 took longer than 0.01 s."
    assert ran.context.results[1].success


async def test_long_arguments_are_cut_in_the_message() -> None:
    ran = await run(good, args={"q": "x\n" * 200, "n": 1})
    [call] = ran.recorder.of("tool_call")
    assert call.message == "t1: " + ("x " * 60) + "…"
    assert call.data["args"]["q"] == "x\n" * 200
