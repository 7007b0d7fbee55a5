"""The eight steps, one module each, in the order in which they run."""

from ryx_dash.engine.driver import Plan
from ryx_dash.engine.steps import (
    input_reception,
    intent_detection,
    llm_response,
    model_selection,
    post_processing,
    rag_context,
    tool_execution,
    tool_selection,
)
from ryx_dash.protocol.steps import EXECUTE, INPUT, INTENT, LLM, MODEL, OUTPUT, RAG, TOOLS

PLAN: Plan = (
    (INPUT, input_reception.run),
    (INTENT, intent_detection.run),
    (MODEL, model_selection.run),
    (TOOLS, tool_selection.run),
    (EXECUTE, tool_execution.run),
    (RAG, rag_context.run),
    (LLM, llm_response.run),
    (OUTPUT, post_processing.run),
)
