"""Steps and statuses, as the contract lists them."""

import pytest

from ryx_dash.protocol.steps import STEPS, NodeStatus, RunStatus


def test_the_eight_steps_in_order() -> None:
    assert [(step.name, step.node) for step in STEPS] == [
        ("input_reception", "input"),
        ("intent_detection", "intent"),
        ("model_selection", "model"),
        ("tool_selection", "tools"),
        ("tool_execution", "execute"),
        ("rag_context", "rag"),
        ("llm_response", "llm"),
        ("post_processing", "output"),
    ]


def test_every_step_has_a_name_for_people_of_its_own() -> None:
    assert len({step.label for step in STEPS}) == len(STEPS)
    assert all(step.label for step in STEPS)


def test_node_statuses() -> None:
    assert set(NodeStatus) == {"pending", "running", "success", "failed", "skipped", "cancelled"}


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("queued", False),
        ("running", False),
        ("success", True),
        ("failed", True),
        ("cancelled", True),
        ("interrupted", True),
    ],
)
def test_which_runs_have_ended(status: str, ended: bool) -> None:
    assert RunStatus(status).ended is ended
