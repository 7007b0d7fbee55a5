"""What a plain client may ask for."""

import pytest
from pydantic import ValidationError

from ryx_dash.protocol.commands import CancelWorkflow, ExecuteWorkflow


def test_only_the_input_is_needed() -> None:
    command = ExecuteWorkflow(input="q")
    assert (command.action, command.model, command.command_id) == ("execute_workflow", None, None)
    assert CancelWorkflow().run_id is None


def test_an_empty_model_is_no_choice() -> None:
    assert ExecuteWorkflow(input="q", model="").model is None
    assert ExecuteWorkflow(input="q", model="m").model == "m"


@pytest.mark.parametrize(("length", "good"), [(0, False), (1, True), (128, True), (129, False)])
def test_the_length_of_a_command_id(length: int, good: bool) -> None:
    text = "x" * length
    if good:
        assert ExecuteWorkflow(input="q", command_id=text).command_id == text
    else:
        with pytest.raises(ValidationError, match="command_id"):
            ExecuteWorkflow(input="q", command_id=text)


def test_commands_are_values() -> None:
    command = ExecuteWorkflow(input="q")
    with pytest.raises(ValidationError, match="frozen"):
        command.input = "other"  # type: ignore[misc]
