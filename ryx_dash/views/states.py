"""What is the case and what can be done, in words: one function for each state of a run."""

from collections.abc import Sequence
from typing import Any

from dash import html

from ryx_dash.projection.state import RunState
from ryx_dash.projection.text import format_count
from ryx_dash.protocol.steps import RunStatus
from ryx_dash.views.marks import badge


def connecting() -> list[Any]:
    """The page is there, and nothing is known yet."""
    return [html.P("Waiting for the server.", className="quiet")]


def first_visit(examples: Sequence[str]) -> list[Any]:
    """There is no run yet; one click asks one of the ``examples``."""
    return [
        html.P("Ask about the files of this workspace. Every step of the answer is shown live."),
        html.Div([_ask(question, question) for question in examples], className="examples"),
    ]


def unknown_run(run_id: str) -> list[Any]:
    """The address names a run that this log does not have."""
    return [
        html.P(["There is no run ", html.Code(run_id[:80]), " in this log."]),
        html.P(html.A("Go to the newest run", href="/")),
    ]


def unreadable() -> list[Any]:
    """The log cannot be read; why, and what helps, is said at the top of the page."""
    return [html.P("What the log has of this run cannot be shown.", className="quiet")]


def queued(position: int) -> list[Any]:
    """The run waits for others; ``position`` counts from 1, 0 if it is about to start."""
    if position < 1:
        return [html.P("The run is about to start.")]
    ahead = "it is the next to start" if position == 1 else f"{position - 1} before it"
    return [
        html.P(f"Queued at position {position}: {ahead}."),
        html.P("It starts by itself. Cancel takes it out of the line.", className="quiet"),
    ]


def beside_answer(state: RunState) -> list[Any]:
    """What there is to say of a run that has begun, above its answer or in its place."""
    if state.status.ended:
        return [*without_model(state), *outcome(state)]
    return [*without_model(state), *([] if state.answer else waiting(state))]


def waiting(state: RunState) -> list[Any]:
    """The run goes on and has no answer yet. While the connection is away the page says instead
    that it does not know (``.waiting``).
    """
    return [html.P(_awaited(state)[:300], className="quiet waiting")]


def outcome(state: RunState) -> list[Any]:
    """How a run ended that did not succeed, and what can be done; empty for any other."""
    match state.status:
        case RunStatus.FAILED:
            return _ended(state, f"{_where(state)} {state.failure or 'It gave no reason.'}".strip())
        case RunStatus.CANCELLED:
            return _ended(state, "The run was cancelled. What it had found until then stays here.")
        case RunStatus.INTERRUPTED:
            lost = "Whatever ran it is gone, so nobody knows how the run would have ended."
            return _ended(state, state.failure or lost)
        case _:
            return []


def no_tools(state: RunState) -> list[Any]:
    """In place of cards, while there are none; above them, if they are not all."""
    if state.calls_made > len(state.calls):
        shown, made = format_count(len(state.calls)), format_count(state.calls_made)
        text = f"The newest {shown} of {made} calls. Go back in the run to see those before."
        return [html.P(text, className="quiet")]
    if state.calls:
        return []
    if state.status.ended:
        return [html.P("No tool was called.", className="quiet")]
    return [html.P("What tools give back appears here.", className="quiet")]


def without_model(state: RunState) -> list[Any]:
    """A run that went on without a language model says so above its answer."""
    chosen = next((node for node in state.steps if node.node == "model"), None)
    if chosen is None or chosen.data.get("chosen_by") != "none":
        return []
    reason = chosen.data.get("reason")
    text = reason if isinstance(reason, str) and reason else "No language model was reachable."
    return [
        html.P(
            [
                html.Span("⚠", className="notice-icon", **{"aria-hidden": "true"}),
                html.Span(text[:500]),
            ],
            className="notice",
            **{"data-level": "warning"},
        )
    ]


def _awaited(state: RunState) -> str:
    current = next((s for s in state.steps if s.step == state.current_step), None)
    if current is None:
        said_nothing = "The backend has the command. It has said nothing else."
        return said_nothing if state.acknowledged else "The run has started."
    if current.node == "llm":
        model = f" {state.model}" if state.model else ""
        return f"Waiting for the model{model} to begin."
    return f"{current.label}: {current.message or 'under way'}"


def _where(state: RunState) -> str:
    if not state.failed_step:
        return "The run failed."
    label = next((s.label for s in state.steps if s.step == state.failed_step), state.failed_step)
    return f"The run failed in step {label}."


def _ended(state: RunState, sentence: str) -> list[Any]:
    again = [_ask("Run again", state.input)] if state.input else []
    return [
        html.Div(
            [badge(state.status), html.P(sentence[:2_000], dir="auto"), *again],
            className="outcome",
            role="status",
            **{"data-status": str(state.status)},
        )
    ]


def _ask(text: str, question: str) -> Any:
    """A button that asks ``question``; the client-side layer listens for its class."""
    attributes = {"data-query": question}
    return html.Button(text, className="button example-query", type="button", **attributes)
