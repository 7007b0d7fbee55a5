"""The steps as a list: the graph for the keyboard, for a screen reader and for a phone."""

from typing import Any

from dash import html

from ryx_dash.projection.state import NodeState
from ryx_dash.projection.text import format_count, format_latency
from ryx_dash.protocol.steps import NodeStatus
from ryx_dash.views.graph import MOST_STEPS
from ryx_dash.views.marks import badge, mark


def items(steps: tuple[NodeState, ...], selected: str | None = None) -> list[Any]:
    """One ``li`` a step, as many as are drawn; ``selected`` is the id of the selected node."""
    shown = [_item(step, step.node == selected) for step in steps[:MOST_STEPS]]
    left = len(steps) - len(shown)
    more = f"and {format_count(left)} more, in the monitor"
    return [*shown, html.Li(more, className="quiet small steps-more")] if left else shown


def facts(steps: tuple[NodeState, ...], selected: str | None = None) -> list[Any]:
    """Equal for lists that look the same: all that :func:`items` are made of."""
    return [
        (s.node, s.step, s.label, s.status, s.latency, s.attempt, _title(s), s.node == selected)
        for s in steps
    ]


def _title(step: NodeState) -> str | None:
    """What was said last. While a step runs the monitor says it, and the list stays as it is."""
    return None if step.status is NodeStatus.RUNNING else step.message[:300] or None


def _item(step: NodeState, selected: bool) -> Any:
    latency = format_latency(step.latency)
    spoken = ", ".join(part for part in (step.label, mark(step.status).word, latency) if part)
    return html.Li(
        [
            badge(step.status, word=False),
            html.Span(step.label, className="step-name", title=step.step),
            html.Span(f"try {step.attempt}", className="step-try", hidden=step.attempt < 2),
            html.Span(className="step-silence silence"),  # filled in by the page, as it ticks
            html.Span(latency, className="step-latency"),
        ],
        className="step",
        tabIndex="0",
        title=_title(step),
        **{
            "data-step": step.step,
            "data-node": step.node,
            "data-status": str(step.status),
            "data-latency": "" if step.latency is None else f"{step.latency:.15g}",
            "aria-label": spoken,
            "aria-current": "true" if selected else "false",
        },
    )
