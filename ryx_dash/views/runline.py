"""The line under the form: how the run stands and whether any event is missing.

Drawing components anew is what costs a page most. So what every event changes, the clock and the
counts, are two components that stay, whose properties change; the rest is drawn when it changes.
"""

from collections.abc import Mapping
from typing import Any

from dash import html

from ryx_dash.projection.state import NodeState, RunState
from ryx_dash.projection.text import between, format_count, format_latency
from ryx_dash.protocol.steps import NodeStatus
from ryx_dash.views import ids
from ryx_dash.views.marks import badge

Props = dict[str, str | None]
"""Properties of one component."""

NO_RUN = "none"
"""What stands for a status while there is no run."""


def line() -> Any:
    """The whole line, without a run."""
    return html.Div(
        [
            html.Div(facts(None, status=NO_RUN), id=ids.RUN_FACTS, className="facts"),
            html.Span(id=ids.RUN_CLOCK, className="data fact clock", **clock(None)),
            html.Span(id=ids.EVENT_COUNT, **count(None)),
        ],
        id=ids.RUN_LINE,
        className="line",
    )


def facts(state: RunState | None, *, status: str, question: str = "") -> list[Any]:
    """The children of the line's first part.

    ``status`` is the run's (the log may know more than ``state`` does), ``question`` its input.
    Without a state the line keeps its place; ``status`` is then :data:`NO_RUN` or ``unknown``.
    """
    if state is None:
        return [_status("", status), html.Span(className="run-input")]
    done = sum(map(_done, state.steps))
    return [
        _status(state.run_id, status),
        html.Span(question, className="run-input", title=question[:1_000], dir="auto"),
        html.Span(id=ids.RUN_SILENCE, className="data fact silence"),  # the page's own word
        html.Span(f"{done} of {len(state.steps)} steps", className="data quiet fact"),
    ]


def _done(step: NodeState) -> bool:
    """Whether a step did its work, or had none to do; not one that a failed run never reached."""
    return step.status is NodeStatus.SUCCESS or bool(step.data.get("skipped"))


def _status(run_id: str, status: str) -> Any:
    shown: Any = html.Span("no run yet", className="quiet") if status == NO_RUN else badge(status)
    attributes: Mapping[str, str] = {"data-run-id": run_id, "data-status": status}
    return html.Span(shown, id=ids.RUN_STATUS, role="status", **attributes)


def clock(state: RunState | None) -> Props:
    """The clock's properties: how long the run took; while it goes on, up to its newest event, and
    where to tick from.
    """
    if state is None or state.status.ended:
        text = format_latency(state.latency if state else None)
        return {"children": text, "data-started": None, "data-last": None, "data-elapsed": text}
    text = format_latency(between(state.started, state.last))
    return {
        "children": text,
        "data-started": state.started or "",
        "data-last": state.last or "",
        "data-elapsed": text,
    }


def count(state: RunState | None, *, after: int = 0, hidden: int = 0) -> Props:
    """The properties of what says which events there are.

    ``after`` is the ``seq`` that the monitor was cleared at, ``hidden`` how many events it does
    not show.
    """
    head, gaps, duplicates = (state.seq, state.gaps, state.duplicates) if state else (0, 0, 0)
    parts = [_range(after, head), _plural(gaps, "gap"), _plural(duplicates, "duplicate")]
    if hidden:
        parts.append(f"{format_count(hidden)} hidden")
    return {
        "children": " · ".join(parts),
        "className": "data event-count" + (" wrong" if gaps or duplicates else ""),
        "data-head": str(head),
        "data-gaps": str(gaps),
        "data-duplicates": str(duplicates),
        "data-hidden": str(hidden),
    }


def _range(after: int, head: int) -> str:
    if head == 0:
        return "no events"
    if after >= head:
        return f"events cleared up to {format_count(head)}"
    return f"events {format_count(after + 1)}–{format_count(head)}"


def _plural(count: int, word: str) -> str:
    return f"{format_count(count)} {word}{'' if count == 1 else 's'}"
