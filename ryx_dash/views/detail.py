"""The data of the selected step or call, beside the monitor."""

from typing import Any

from dash import html

from ryx_dash.projection.state import NodeState, RunState, ToolCall
from ryx_dash.projection.text import format_latency
from ryx_dash.views.code import block
from ryx_dash.views.marks import badge
from ryx_dash.views.outputs import pretty

DATA_LIMIT = 20_000
"""Characters of a step's data that are shown; the monitor's search finds the rest."""


def detail(state: RunState, selected: str | None) -> list[Any]:
    """The children of the detail; none when nothing that exists is selected."""
    node = next((node for node in state.nodes if node.node == selected), None)
    if node is None:
        return []
    facts = [
        ("step", node.step),
        ("latency", format_latency(node.latency)),
        ("started", node.started or ""),
        ("try", str(node.attempt) if node.attempt > 1 else ""),
        ("message", node.message[:2_000]),
    ]
    return [
        html.Div([badge(node.status), html.H3(node.label, title=node.node)], className="title"),
        html.Dl([part for name, value in facts if value for part in _fact(name, value)]),
        *_data(node, _call(state, node)),
    ]


def _fact(name: str, value: str) -> tuple[Any, Any]:
    return html.Dt(name), html.Dd(value, dir="auto")


def _call(state: RunState, node: NodeState) -> ToolCall | None:
    call_id = node.node.removeprefix("call:")
    return next((c for c in state.calls if node.parent and c.call_id == call_id), None)


def _data(node: NodeState, call: ToolCall | None) -> list[Any]:
    data = {"args": call.args, "output": call.output} if call else node.data
    if not data:
        return []
    text = pretty(data)
    if len(text) <= DATA_LIMIT:
        return [block(text, "json")]
    return [
        block(text[:DATA_LIMIT]),
        html.P(f"cut; {len(text):,} characters in all", className="quiet small"),
    ]
