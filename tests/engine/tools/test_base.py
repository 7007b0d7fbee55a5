"""What every tool has: a schema for the model, and sentences for bad input."""

from pathlib import Path

import pytest
from pydantic import Field

from ryx_dash.engine.tools import toolbox
from ryx_dash.engine.tools.base import Arguments, CheckedTool, ToolOutcome
from ryx_dash.engine.workspace import Workspace
from ryx_dash.errors import WorkspaceError
from ryx_dash.web import Web


class EchoArguments(Arguments):
    text: str = Field(min_length=1, description="what to say")
    times: int = 1


class Echo(CheckedTool[EchoArguments]):
    name = "echo"
    description = "Say it."
    arguments = EchoArguments

    async def run(self, args: EchoArguments) -> ToolOutcome:
        if args.text == "fail":
            raise WorkspaceError("It is too large.", code="too_large")
        return ToolOutcome({"said": args.text * args.times}, None, "said")


def test_the_schema_is_what_a_model_needs() -> None:
    spec = Echo().spec
    assert (spec.name, spec.description) == ("echo", "Say it.")
    assert spec.parameters == {
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 1, "description": "what to say"},
            "times": {"type": "integer", "default": 1},
        },
        "required": ["text"],
        "additionalProperties": False,
    }


async def test_a_call() -> None:
    outcome = await Echo().call({"text": "a", "times": 3})
    assert outcome == ToolOutcome({"said": "aaa"}, None, "said")
    assert outcome.success


async def test_a_fault_of_the_workspace_is_an_outcome() -> None:
    outcome = await Echo().call({"text": "fail"})
    assert outcome == ToolOutcome(None, "It is too large.", "too large")


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({}, "echo: text: field required."),
        ({"text": "a", "times": "many"}, "echo: times: "),
        ({"text": "a", "loud": True}, "echo: loud: extra inputs are not permitted."),
        ({"text": ["a"]}, "echo: text: input should be a valid string."),
    ],
)
async def test_a_bad_argument_is_named(args: dict[str, object], error: str) -> None:
    outcome = await Echo().call(args)
    assert outcome.error is not None
    assert outcome.error.startswith(error)
    assert (outcome.output, outcome.summary, outcome.success) == (None, "bad arguments", False)


async def test_the_toolbox(tmp_path: Path) -> None:
    without = toolbox(Workspace(tmp_path), None, Web())
    with_web = toolbox(Workspace(tmp_path), "http://localhost:8080", Web())
    assert list(without) == ["search_local", "read_file"]
    assert list(with_web) == ["search_local", "read_file", "search_web"]
    for name, tool in with_web.items():
        assert tool.spec.name == name
        assert tool.spec.description
        assert all("description" in field for field in tool.spec.parameters["properties"].values())
