"""The graph: the steps in their order, and under tool execution a node for each call."""

from itertools import pairwise
from typing import Any

import dash_cytoscape as cyto
from dash import html

from ryx_dash.projection.nodes import pending_steps
from ryx_dash.projection.state import NodeState, RunState
from ryx_dash.projection.text import format_latency, one_line
from ryx_dash.protocol.steps import EXECUTE
from ryx_dash.views import ids, timeline
from ryx_dash.views.marks import mark
from ryx_dash.views.theme import graph_stylesheet

LABEL_WIDTH = 21
"""Characters that fit in a node, icon and latency included; a name gives way to them."""

MOST_STEPS, MOST_CALLS = 100, 200
"""Nodes that are drawn: a backend may name as many steps as it likes, and make as many calls."""

STACK = 4
"""Calls in a column: invisible edges between them keep the layout from one endless row."""

LAYOUT = {
    "name": "dagre",
    "rankDir": "TB",
    "nodeSep": 24,
    "rankSep": 16,
    "fit": True,
    "padding": 12,
    "animate": False,
}


def panel(steps: list[Any]) -> Any:
    """The panel of graph and list, all steps pending; ``steps`` are the items of the list."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Workflow"),
                    timeline.tabs(),
                    html.Div(
                        [
                            html.Button(
                                "left-right",
                                id=ids.GRAPH_LAYOUT,
                                className="button small wide-only",
                                title="Turn the graph: top-down or left-right",
                                n_clicks=0,
                            ),
                            html.Button(
                                "fit",
                                id=ids.GRAPH_FIT,
                                className="button small wide-only",
                                title="Show the whole graph",
                                n_clicks=0,
                            ),
                            html.Button(
                                "graph",
                                id=ids.GRAPH_FOLD,
                                className="button small narrow-only",
                                title="Show or hide the graph",
                                n_clicks=0,
                                **{"aria-expanded": "false", "aria-controls": "graph-box"},
                            ),
                            timeline.fold_button(),
                        ],
                        className="end",
                    ),
                ],
                className="panel-head",
            ),
            html.Div(
                [
                    html.Ol(
                        steps,
                        id=ids.STEPS,
                        className="steps",
                        **{"aria-label": "Steps of the workflow"},
                    ),
                    html.Div(
                        cyto.Cytoscape(
                            id=ids.GRAPH,
                            elements=elements(pending_steps()),
                            stylesheet=graph_stylesheet(),
                            layout=LAYOUT,
                            autoRefreshLayout=False,
                            # `responsive` stays off: its fit would pass for a person's zoom.
                            minZoom=0.05,
                            maxZoom=2.5,
                            boxSelectionEnabled=False,
                            style={"width": "100%", "height": "100%"},
                        ),
                        id="graph-box",
                        className="graph-box",
                        **{"aria-hidden": "true"},
                    ),
                ],
                id="graph-body",
                className="panel-body graph-body",
            ),
            timeline.box(),
        ],
        id=ids.GRAPH_PANEL,
        className="panel",
        **{"aria-label": "Workflow", "data-tab": "graph"},
    )


def drawn(nodes: tuple[NodeState, ...]) -> tuple[list[NodeState], list[NodeState]]:
    """The steps and the calls that are drawn: the first ones, if there are more than fit."""
    steps = [node for node in nodes if node.parent is None]
    calls = [node for node in nodes if node.parent is not None]
    return steps[:MOST_STEPS], calls[:MOST_CALLS]


def elements(nodes: tuple[NodeState, ...]) -> list[dict[str, Any]]:
    """Nodes and edges. Steps form a chain; a call hangs under the step that makes it."""
    steps, calls = drawn(nodes)
    chain = [_edge(a, b, "step") for a, b in pairwise(steps)]
    by_id = {node.node: node for node in steps}
    above = [(by_id.get(call.parent or ""), call) for call in calls]
    hung = [_edge(step or by_id[EXECUTE.node], call, "call") for step, call in above]
    stacked = [_edge(a, b, "stack") for i, (a, b) in enumerate(pairwise(calls), 1) if i % STACK]
    return [*(_node(node) for node in (*steps, *calls)), *chain, *hung, *stacked]


def view(state: RunState) -> dict[str, Any]:
    """What the client-side layer writes into the drawn graph: each node's state by its id."""
    steps, calls = drawn(state.nodes)
    return {"run": state.run_id, "nodes": {node.node: _face(node) for node in (*steps, *calls)}}


def _node(node: NodeState) -> dict[str, Any]:
    kind = "step" if node.parent is None else "call"
    return {"data": {"id": node.node, "step": node.step, "kind": kind, **_face(node)}}


def _face(node: NodeState) -> dict[str, Any]:
    latency = format_latency(node.latency)
    tail = f"  {latency}" if latency else ""
    name = one_line(node.label, LABEL_WIDTH - len("✓ ") - len(tail))
    label = f"{mark(node.status).icon} {name}{tail}"
    return {"status": str(node.status), "latency": latency, "label": label}


def _edge(source: NodeState, target: NodeState, kind: str) -> dict[str, Any]:
    """An edge carries the latency of the step that it leaves, or of the call that it leads to."""
    timed = source if kind == "step" else target
    return {
        "data": {
            "id": f"{source.node}>{target.node}",
            "source": source.node,
            "target": target.node,
            "timed": timed.node,
            "kind": kind,
            "latency": _face(timed)["latency"],
        }
    }
