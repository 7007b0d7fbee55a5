"""What a client of the plain protocol can ask for (contract, section 4.1)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _none_if_empty(value: str | None) -> str | None:
    return value or None


class _Command(BaseModel):
    # A newer client may send more than is known here; that is no reason to refuse it.
    model_config = ConfigDict(frozen=True, extra="ignore")


class ExecuteWorkflow(_Command):
    """Start a run. ``model`` is the person's choice; none, or an empty one, leaves it open.

    The same ``command_id`` twice has one effect. The length of ``input`` is judged by the
    workflow's first step, so that a run says it.
    """

    action: Literal["execute_workflow"] = "execute_workflow"
    input: str
    model: Annotated[str | None, AfterValidator(_none_if_empty)] = None
    command_id: Annotated[str, Field(min_length=1, max_length=128)] | None = None


class CancelWorkflow(_Command):
    """End a run; without ``run_id`` the one that this connection started last."""

    action: Literal["cancel_workflow"] = "cancel_workflow"
    run_id: str | None = None


Command = ExecuteWorkflow | CancelWorkflow
