"""Tool calls: paired by id, else by order; each call is a card and a node."""

from typing import Any

import pytest

from ryx_dash.projection.state import ToolCall
from ryx_dash.protocol.events import Draft
from ryx_dash.protocol.steps import NodeStatus

from .events import draft, folded, node, ts


def call(call_id: str | None = None, tool: str | None = "t", **data: Any) -> Draft:
    named = {"call_id": call_id, "tool": tool} | data
    return draft("tool_call", "tool_execution", message="Calling", data=named)


def result(call_id: str | None = None, tool: str | None = "t", **data: Any) -> Draft:
    named = {"call_id": call_id, "tool": tool, "success": True} | data
    return draft("tool_result", "tool_execution", message="Done", latency=12.0, data=named)


def test_a_call_and_its_result() -> None:
    opened = folded(call("c", args={"path": "a"}))
    assert opened.calls == (ToolCall(call_id="c", tool="t", args={"path": "a"}, seq=1, asked=1),)
    opened_node = node(opened, "call:c")
    assert (opened_node.label, opened_node.parent, opened_node.step) == (
        "t",
        "execute",
        "tool_execution",
    )
    assert (opened_node.status, opened_node.started) == (NodeStatus.RUNNING, ts(1))
    assert opened.changed["topology"] == opened.changed["tools"] == 1
    done = folded(call("c", args={"path": "a"}), result("c", output={"text": "x"}))
    assert done.calls == (
        ToolCall(
            call_id="c",
            tool="t",
            args={"path": "a"},
            status=NodeStatus.SUCCESS,
            latency=12.0,
            output={"text": "x"},
            seq=2,
            asked=1,
            answered=2,
        ),
    )
    done_node = node(done, "call:c")
    assert (done_node.status, done_node.latency) == (NodeStatus.SUCCESS, 12.0)
    assert done_node.data["output"] == {"text": "x"}
    assert (done.changed["topology"], done.changed["tools"], done.changed["graph"]) == (1, 2, 2)


def test_tools_never_touch_their_step() -> None:
    started = draft("step_start", "tool_execution")
    state = folded(started, call("c"), result("c", success=False))
    assert node(state, "execute").status is NodeStatus.RUNNING
    assert node(folded(call("c"), result("c")), "execute").status is NodeStatus.PENDING


def test_two_calls_of_one_tool_are_two_cards_whatever_the_order() -> None:
    state = folded(call("a"), call("b"), result("b", output=2), result("a", output=1))
    assert [(c.call_id, c.output, c.inferred) for c in state.calls] == [
        ("a", 1, False),
        ("b", 2, False),
    ]


def test_without_ids_the_oldest_open_call_of_the_tool_is_meant() -> None:
    state = folded(
        call(tool="x"), call(tool="y"), call(tool="x"),
        result(tool="x", output=1), result(tool="x", output=2), result(tool="y", output=3),
    )  # fmt: skip
    assert [(c.call_id, c.tool, c.output, c.inferred) for c in state.calls] == [
        ("#1", "x", 1, True),
        ("#2", "y", 3, True),
        ("#3", "x", 2, True),
    ]


def test_a_result_without_tool_or_id_belongs_to_the_oldest_open_call() -> None:
    state = folded(call("a", tool="x"), call("b", tool="y"), result("a"), result(tool=None))
    assert [(c.call_id, c.status, c.inferred) for c in state.calls] == [
        ("a", NodeStatus.SUCCESS, False),
        ("b", NodeStatus.SUCCESS, True),
    ]


def test_a_result_without_a_call_is_a_card_of_its_own() -> None:
    known = folded(result("c", output=1)).calls[0]
    assert (known.call_id, known.tool, known.status, known.inferred) == (
        "c",
        "t",
        NodeStatus.SUCCESS,
        False,
    )
    nameless = folded(result(tool=None)).calls[0]
    assert (nameless.call_id, nameless.tool, nameless.inferred) == ("#1", "tool", True)
    assert node(folded(result("c")), "call:c").status is NodeStatus.SUCCESS


def test_the_first_result_counts() -> None:
    state = folded(call("c"), result("c", output=1), result("c", output=2, success=False))
    assert [(c.output, c.status, c.seq) for c in state.calls] == [(1, NodeStatus.SUCCESS, 2)]
    assert state.changed["tools"] == 2


def test_a_repeated_call_is_one_card() -> None:
    state = folded(call("c", args={"a": 1}), call("c", args={"a": 2}), call("c"))
    assert [(c.args, c.seq) for c in state.calls] == [({"a": 1}, 1)]


def test_a_call_that_comes_after_its_result_brings_the_arguments() -> None:
    state = folded(result("c", output=1), call("c", args={"a": 1}))
    assert [(c.args, c.output, c.status) for c in state.calls] == [
        ({"a": 1}, 1, NodeStatus.SUCCESS)
    ]
    assert (state.calls[0].seq, state.changed["tools"]) == (2, 2)


@pytest.mark.parametrize(
    ("data", "message", "error"),
    [
        ({"error": "No such file."}, "m", "No such file."),
        ({"error": {"code": 2}}, "m", "{'code': 2}"),
        ({"error": None}, "Tool raised ValueError", "Tool raised ValueError"),
        ({"error": ""}, "", "The tool failed and gave no reason."),
    ],
)
def test_why_a_tool_failed(data: dict[str, Any], message: str, error: str) -> None:
    failed = draft(
        "tool_result",
        "tool_execution",
        message=message,
        data={"call_id": "c", "success": False} | data,
    )
    state = folded(call("c"), failed)
    assert (state.calls[0].status, state.calls[0].error) == (NodeStatus.FAILED, error)
    assert node(state, "call:c").status is NodeStatus.FAILED


def test_a_result_that_does_not_say_it_succeeded_failed() -> None:
    state = folded(call("c"), draft("tool_result", data={"call_id": "c"}, message="Boom"))
    assert (state.calls[0].status, state.calls[0].error) == (NodeStatus.FAILED, "Boom")


def test_a_success_has_no_error() -> None:
    assert folded(result("c", error="ignored")).calls[0].error is None


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (draft("tool_call", data={"tool": "search"}, node="execute"), "search"),
        (draft("tool_call", node="read_file"), "read_file"),
        (draft("tool_call", "tool_execution"), "tool"),
        (draft("tool_call", data={"tool": ["x"]}), "tool"),
    ],
)
def test_the_name_of_a_tool(event: Draft, name: str) -> None:
    assert folded(event).calls[0].tool == name


def test_a_pairing_that_a_translation_inferred_is_marked() -> None:
    told = folded(call("c"), result("c"))
    guessed = folded(call("c"), result("c", _inferred=["id", "call_id"]))
    assert [state.calls[0].inferred for state in (told, guessed)] == [False, True]
    assert not folded(call("c"), result("c", _inferred="call_id")).calls[0].inferred
