"""A run as one HTML file that opens from disk, offline, and can be scrubbed to any event.

The states are folded here, by the same fold as everywhere, and written down as what each event
changed; the script in the file only puts them in place. Whatever an event says is text in JSON
that cannot leave its script element, or markup that :mod:`views.markup` has escaped.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dash import html

from ryx_dash.projection.fold import fold, initial
from ryx_dash.projection.rows import row
from ryx_dash.projection.state import WHOLE, NodeState, RunState
from ryx_dash.projection.text import format_latency, one_line
from ryx_dash.protocol.events import Event
from ryx_dash.protocol.steps import EXECUTE
from ryx_dash.settings import assets_dir
from ryx_dash.views import answer, states, tools
from ryx_dash.views.marks import MARKS
from ryx_dash.views.markup import markup

STYLES = ("10-tokens.css", "20-page.css", "30-controls.css", "40-panels.css")

ROW, WIDTH, HEIGHT, COLUMN = 44, 172, 28, 196
"""Pixels of the graph: from step to step, a node, and from column to column."""

CALLS_DOWN = 6
"""Calls in a column beside the step that makes them."""

_UTC = ZoneInfo("UTC")
_HERE = Path(__file__).parent


def document(run_id: str, question: str, events: Iterable[Event]) -> str:
    """The file's text."""
    state, frames, rows = initial(run_id), [], []
    for event in events:
        before, state = state, fold(state, event, limits=WHOLE)
        frames.append(_changes(before, state))
        rows.append(_row(event))
    data = {
        "first": {node.node: _face(node) for node in initial(run_id).nodes},
        "frames": frames,
        "rows": rows,
        "marks": {name: [mark.icon, mark.word] for name, mark in MARKS.items()},
        "start": rows[0]["ms"] if rows else 0,
        "end": max((r["ms"] for r in rows), default=0),
    }
    page = (_HERE / "document.html").read_text(encoding="utf-8")
    parts = {
        "title": escape(one_line(question, 80) or run_id),
        "question": escape(question[:2_000]),
        "run_id": escape(run_id),
        "style": "\n".join((assets_dir() / name).read_text("utf-8") for name in STYLES)
        + (_HERE / "document.css").read_text("utf-8"),
        "graph": _graph(state.nodes),
        "timeline": _timeline(state),
        "steps": "".join(_step(node) for node in state.steps),
        "data": _json(data),
        "script": (_HERE / "document.js").read_text("utf-8"),
    }
    # One pass, so that a text that looks like a place for another one is left alone.
    pieces = page.split("@@")
    return "".join(parts[piece] if odd % 2 else piece for odd, piece in enumerate(pieces))


def _changes(before: RunState, after: RunState) -> dict[str, Any]:
    """What one event changed, by panel; nothing for a panel that it left alone."""
    found: dict[str, Any] = {}
    known = {node.node: node for node in before.nodes}
    nodes = {n.node: _face(n) for n in after.nodes if known.get(n.node) != n}
    if nodes:
        found["nodes"] = nodes
    calls = [
        [place, markup(tools.card(call))]
        for place, call in enumerate(after.calls)
        if place >= len(before.calls) or before.calls[place] != call
    ]
    if calls:
        found["calls"] = calls
    if after.final and not before.final:
        shown = answer.answer(after.answer, final=True, citations=after.citations)
        cited = html.Div(answer.sources(after.citations), className="sources")
        found["final"] = markup([*shown, cited])
    elif after.answer != before.answer:
        grown = after.answer.startswith(before.answer)
        text = after.answer[len(before.answer) :] if grown else after.answer
        found["grow" if grown else "text"] = text
    if after.status != before.status or after.latency != before.latency:
        found["run"] = [str(after.status), format_latency(after.latency)]
        found["state"] = markup([*states.without_model(after), *states.outcome(after)])
    return found


def _face(node: NodeState) -> list[str]:
    return [str(node.status), format_latency(node.latency)]


def _row(event: Event) -> dict[str, Any]:
    shown = row(event, _UTC)
    names = ("seq", "time", "step", "level", "icon", "message", "latency")
    return {**{name: shown[name] for name in names}, "ms": _ms(event.ts), "data": event.data}


def _ms(ts: str | None) -> float:
    try:
        return datetime.fromisoformat(ts or "").timestamp() * 1000
    except ValueError:
        return 0.0


def _json(value: Any) -> str:
    """JSON that holds nothing which could end the script element that it stands in."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _graph(nodes: tuple[NodeState, ...]) -> str:
    steps = [node for node in nodes if node.parent is None]
    calls = [node for node in nodes if node.parent is not None]
    places = {node.node: (4, 4 + ROW * n) for n, node in enumerate(steps)}
    top = places.get(EXECUTE.node, (4, 4))[1]
    for n, call in enumerate(calls):
        places[call.node] = (4 + COLUMN * (1 + n // CALLS_DOWN), top + ROW * (n % CALLS_DOWN))
    width = max(x for x, _ in places.values()) + WIDTH + 4
    height = max(y for _, y in places.values()) + HEIGHT + 4
    chain = [
        f'<path d="M {4 + WIDTH / 2} {4 + HEIGHT + ROW * n} v {ROW - HEIGHT}"/>'
        for n in range(len(steps) - 1)
    ]
    hung = [
        f'<path class="hung" d="M {4 + WIDTH} {top + HEIGHT / 2} L {x} {y + HEIGHT / 2}"/>'
        for x, y in (places[call.node] for call in calls[:CALLS_DOWN])
    ]
    drawn = "".join(_node(node, *places[node.node]) for node in nodes)
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="Workflow">{"".join((*chain, *hung))}{drawn}</svg>'
    )


def _node(node: NodeState, x: int, y: int) -> str:
    return (
        f'<g class="node" data-node="{escape(node.node)}" transform="translate({x} {y})">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="5"/>'
        f'<text x="10" y="18" class="icon"></text><text x="28" y="18">'
        f"{escape(one_line(node.label, 12))}</text>"
        f'<text x="{WIDTH - 8}" y="18" class="time" text-anchor="end"></text>'
        f"<title>{escape(one_line(node.label, 200))}</title></g>"
    )


def _step(node: NodeState) -> str:
    return (
        f'<li class="step" data-node="{escape(node.node)}" data-step="{escape(node.step)}">'
        f'<span class="status"><span class="status-icon"></span></span>'
        f'<span class="step-name">{escape(one_line(node.label, 80))}</span>'
        f'<span class="step-latency"></span></li>'
    )


def _timeline(state: RunState) -> str:
    """A bar for each step and call, from its start for as long as it took."""
    start, end = _ms(state.started), _ms(state.last)
    span = max(end - start, 1.0)
    bars = []
    for node in state.nodes:
        if node.started is None:
            continue
        begin = (_ms(node.started) - start) / span * 100
        length = min((node.latency or 0.0) / span * 100, 100 - begin)
        bars.append(
            f'<div class="bar-row"><span class="bar-name">{escape(one_line(node.label, 40))}</span>'
            f'<span class="bar-track"><span class="bar" data-node="{escape(node.node)}" '
            f'style="left:{max(begin, 0):.3f}%;width:{max(length, 0.3):.3f}%"></span></span>'
            f'<span class="bar-time">{format_latency(node.latency)}</span></div>'
        )
    return "".join(bars)
