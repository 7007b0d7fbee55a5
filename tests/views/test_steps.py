from dataclasses import replace

import pytest

from ryx_dash.projection.nodes import pending_steps
from ryx_dash.projection.state import NodeState
from ryx_dash.protocol.steps import STEPS, NodeStatus
from ryx_dash.views.steps import facts, items
from tests.views.tree import find, one, text

RAG = NodeState(
    node="rag",
    step="rag_context",
    label="Context",
    status=NodeStatus.SUCCESS,
    latency=44.04,
    message="5 passages",
)


def test_one_item_a_step_in_order():
    shown = find(items(pending_steps()), type="Li")
    assert [item["data-step"] for item in shown] == [step.name for step in STEPS]
    assert {item["data-status"] for item in shown} == {"pending"}
    assert {item["data-latency"] for item in shown} == {""}


def test_an_item_says_everything_aloud():
    item = one(items((RAG,)), type="Li")
    assert item["aria-label"] == "Context, success, 44 ms"
    assert item["data-latency"] == "44.04"
    assert item["data-node"] == "rag"
    assert item["tabIndex"] == "0"


@pytest.mark.parametrize(
    ("selected", "current"), [("rag", "true"), ("llm", "false"), (None, "false")]
)
def test_the_selected_one_is_current(selected, current):
    assert one(items((RAG,), selected), type="Li")["aria-current"] == current


def test_a_running_step_looks_the_same_whatever_it_says():
    running = replace(RAG, status=NodeStatus.RUNNING, message="1 of 9")
    later = replace(running, message="2 of 9")
    assert facts((running,)) == facts((later,))
    assert repr(items((running,))) == repr(items((later,)))
    over = replace(later, status=NodeStatus.SUCCESS)
    assert facts((over,)) != facts((later,)) != facts((later,), "rag")
    assert one(items((over,)), type="Li")["title"] == "2 of 9"


def test_a_second_try_is_visible():
    again = NodeState(node="llm", step="llm_response", label="Response", attempt=2)
    assert one(items((again,)), className="step-try")["hidden"] is False
    assert "try 2" in text(items((again,)))
    assert one(items((RAG,)), className="step-try")["hidden"] is True


def test_of_more_steps_than_fit_the_first_are_listed():
    many = tuple(NodeState(node=f"n{n}", step=f"s{n}", label="x") for n in range(1_100))
    shown = find(items(many), type="Li")
    assert [item.get("data-step") for item in shown[:2]] == ["s0", "s1"]
    assert text(shown[-1]) == "and 1,000 more, in the monitor"
