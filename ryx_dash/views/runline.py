"""The line under the form: how the run stands and whether any event is missing."""

from collections.abc import Mapping
from typing import Any

from dash import html

from ryx_dash.projection.state import NodeState, RunState
from ryx_dash.projection.text import between, format_count, format_latency
from ryx_dash.protocol.steps import NodeStatus
from ryx_dash.views import ids
from ryx_dash.views.marks import badge

NO_RUN = "none"
"""What stands for a status while there is no run."""


def run_line(
    state: RunState | None, *, status: str, question: str = "", after: int = 0, hidden: int = 0
) -> list[Any]:
    """The children of the line.

    ``status`` is the run's (the log may know more than ``state`` does), ``question`` its input.
    ``after`` is the ``seq`` that the monitor was cleared at, ``hidden`` how many events it does
    not show. Without a state the line keeps its place; ``status`` is then :data:`NO_RUN` or
    ``unknown``.
    """
    if state is None:
        return [_status("", status), html.Span(className="run-input"), _events(None, 0, 0)]
    done = sum(map(_done, state.steps))
    return [
        _status(state.run_id, status),
        html.Span(question, className="run-input", title=question[:1_000], dir="auto"),
        html.Span(id=ids.RUN_SILENCE, className="data fact silence"),  # the page's own word
        html.Span(f"{done} of {len(state.steps)} steps", className="data quiet fact"),
        _clock(state),
        _events(state, after, hidden),
    ]


def _done(step: NodeState) -> bool:
    """Whether a step did its work, or had none to do; not one that a failed run never reached."""
    return step.status is NodeStatus.SUCCESS or bool(step.data.get("skipped"))


def _status(run_id: str, status: str) -> Any:
    shown: Any = html.Span("no run yet", className="quiet") if status == NO_RUN else badge(status)
    attributes: Mapping[str, str] = {"data-run-id": run_id, "data-status": status}
    return html.Span(shown, id=ids.RUN_STATUS, role="status", **attributes)


def _clock(state: RunState) -> Any:
    """How long the run took; while it goes on, up to its newest event, and where to tick from."""
    ended = state.status.ended
    text = format_latency(state.latency if ended else between(state.started, state.last))
    attributes: Mapping[str, str] = {}
    if not ended:
        times = {"data-started": state.started, "data-last": state.last}
        attributes = {name: time or "" for name, time in times.items()} | {"data-elapsed": text}
    return html.Span(text, id=ids.RUN_CLOCK, className="data fact clock", **attributes)


def _events(state: RunState | None, after: int, hidden: int) -> Any:
    head, gaps, duplicates = (state.seq, state.gaps, state.duplicates) if state else (0, 0, 0)
    counts = [_range(after, head), _plural(gaps, "gap"), _plural(duplicates, "duplicate")]
    text = " · ".join(counts)
    attributes = {
        "data-head": str(head),
        "data-gaps": str(gaps),
        "data-duplicates": str(duplicates),
        "data-hidden": str(hidden),
    }
    wrong = " wrong" if gaps or duplicates else ""
    children = [text]
    if hidden:
        children.append(f" · {format_count(hidden)} hidden")
    return html.Span(
        "".join(children), id=ids.EVENT_COUNT, className="data event-count" + wrong, **attributes
    )


def _range(after: int, head: int) -> str:
    if head == 0:
        return "no events"
    if after >= head:
        return f"events cleared up to {format_count(head)}"
    return f"events {format_count(after + 1)}–{format_count(head)}"


def _plural(count: int, word: str) -> str:
    return f"{format_count(count)} {word}{'' if count == 1 else 's'}"
