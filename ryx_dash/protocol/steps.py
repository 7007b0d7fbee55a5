"""The eight steps of a workflow and the statuses of runs and nodes (contract, section 3)."""

from enum import StrEnum
from typing import NamedTuple


class Step(NamedTuple):
    """One step: its name on the wire, the id of its graph node, and its name for people."""

    name: str
    node: str
    label: str


INPUT = Step("input_reception", "input", "Input")
INTENT = Step("intent_detection", "intent", "Intent")
MODEL = Step("model_selection", "model", "Model")
TOOLS = Step("tool_selection", "tools", "Tools")
EXECUTE = Step("tool_execution", "execute", "Execute")
RAG = Step("rag_context", "rag", "Context")
LLM = Step("llm_response", "llm", "Response")
OUTPUT = Step("post_processing", "output", "Output")

STEPS = (INPUT, INTENT, MODEL, TOOLS, EXECUTE, RAG, LLM, OUTPUT)
"""All steps, in the order in which they run."""


class NodeStatus(StrEnum):
    """How a step, or a tool call, stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class RunStatus(StrEnum):
    """How a run stands. ``INTERRUPTED``: its runner was lost, the outcome is unknown."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def ended(self) -> bool:
        """Whether no further event can come."""
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)
