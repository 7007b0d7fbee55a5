from collections.abc import Mapping
from typing import Any

from ryx_dash.engine.llm import AskedCall
from ryx_dash.engine.steps.tool_selection import MAX_CALLS, sift
from ryx_dash.engine.tools.base import Tool, ToolOutcome, ToolSpec

SCHEMA = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}


class Named:
    """A tool that nobody calls."""

    spec = ToolSpec("find", "Finds.", SCHEMA)

    async def call(self, args: Mapping[str, Any]) -> ToolOutcome:
        raise AssertionError


TOOLS: dict[str, Tool] = {"find": Named()}


def test_good_calls_are_numbered() -> None:
    asked = [AskedCall("find", '{"query": "a"}'), AskedCall("find", '{"query": "b"}')]
    calls, dropped = sift(asked, TOOLS, "tiny")
    assert [(c.call_id, c.tool, c.args, c.why) for c in calls] == [
        ("call-1", "find", {"query": "a"}, "chosen by tiny"),
        ("call-2", "find", {"query": "b"}, "chosen by tiny"),
    ]
    assert dropped == []


def test_calls_that_cannot_be_made_are_named_with_the_reason() -> None:
    asked = [
        AskedCall("rm" * 100, "{}"),
        AskedCall("find", "{}"),
        AskedCall("find", '{"query": "a"}'),
    ]
    calls, dropped = sift(asked, TOOLS, "tiny")
    assert len(calls) == 1
    assert dropped == [
        {"tool": "rm" * 50, "reason": "no such tool; there are find"},
        {"tool": "find", "reason": "it lacks query"},
    ]


def test_the_same_call_twice_is_two_calls() -> None:
    calls, _ = sift([AskedCall("find", '{"query": "a"}')] * 2, TOOLS, "tiny")
    assert [call.call_id for call in calls] == ["call-1", "call-2"]


def test_not_too_many() -> None:
    asked = [AskedCall("find", f'{{"query": "{n}"}}') for n in range(MAX_CALLS + 2)]
    calls, dropped = sift(asked, TOOLS, "tiny")
    assert len(calls) == MAX_CALLS
    assert [d["reason"] for d in dropped] == ["it is one more than the 8 calls of a run"] * 2
