"""The live page: ``/`` shows the newest run, ``/runs/<run_id>`` any run."""

from typing import Any

import dash_cytoscape as cyto
from dash import dcc, html
from dash_extensions import WebSocket

from ryx_dash.projection.fold import initial
from ryx_dash.protocol.frames import SUBPROTOCOL
from ryx_dash.views import (
    form,
    graph,
    header,
    ids,
    inspector,
    keys,
    monitor,
    runline,
    scrubber,
    states,
    steps,
)

# dagre is in the second bundle of dash-cytoscape; it comes from this server like the first.
cyto.load_extra_layouts()


def page(backend: str) -> Any:
    """The live page, every panel in its place and empty."""
    return html.Div(
        [
            dcc.Location(id=ids.LOCATION, refresh=False),
            WebSocket(id=ids.SOCKET, protocols=[SUBPROTOCOL]),
            *_stores(),
            header.header(backend),
            form.form(),
            html.Div(
                [
                    runline.line(),
                    html.Span(id=ids.NOTICE, className="line-notice", role="alert"),
                ],
                className="run-line",
            ),
            scrubber.bar(),
            keys.dialog(),
            html.Div([_workspace(), inspector.panel()], className="stage"),
        ],
        id=ids.PAGE,
        **{"data-bs-theme": "dark"},
    )


def _workspace() -> Any:
    return html.Main(
        [
            graph.panel(steps.items(initial("").steps)),
            _splitter("split-x", "x", "--split-x"),
            monitor.panel(),
            _splitter("split-y", "y", "--split-y"),
            _answer(),
            _splitter("split-x2", "x", "--split-x"),
            _tools(),
        ],
        id=ids.WORKSPACE,
    )


def _stores() -> list[Any]:
    return [
        dcc.Store(id=ids.SHOWN),
        dcc.Store(id=ids.ZONE),
        dcc.Store(id=ids.GRAPH_VIEW),
        dcc.Store(id=ids.SELECTED, data={"node": None}),
        dcc.Store(id=ids.PAUSED),
        dcc.Store(id=ids.FOLLOWING, data={"on": True}),
        dcc.Store(id=ids.CLEARED),
        dcc.Store(id=ids.AHEAD_ASKED),
        dcc.Store(id=ids.AHEAD),
        dcc.Store(id=ids.MODELS_ASKED),
        dcc.Store(id=ids.TIMELINE_FIRST),
        dcc.Store(id=ids.TIMELINE_ASKED),
        dcc.Store(id=ids.INSPECT_ASKED),
        dcc.Store(id=ids.INSPECT_SHOWN),
        dcc.Store(id=ids.WHOLE_ASKED),
        dcc.Store(id=ids.WHOLE_SHOWN),
    ]


def _splitter(key: str, axis: str, variable: str) -> Any:
    orientation = "vertical" if axis == "x" else "horizontal"
    return html.Div(
        id=key,
        className="splitter",
        tabIndex="0",
        role="separator",
        title="Drag to resize; double-click to reset",
        **{
            "data-axis": axis,
            "data-var": variable,
            "aria-orientation": orientation,
            "aria-label": "Resize panels",
        },
    )


def _answer() -> Any:
    copy = html.Button(
        "copy",
        id=ids.ANSWER_COPY,
        className="button small copy-button",
        title="Copy the answer's Markdown",
        **{"data-copy-target": ids.ANSWER_SOURCE},
    )
    return html.Section(
        [
            html.Div([html.H2("Answer"), html.Div(copy, className="end")], className="panel-head"),
            html.Div(
                [
                    html.Div(states.connecting(), id=ids.ANSWER_STATE, className="state"),
                    html.Div(id=ids.ANSWER, className="prose answer"),
                    html.Div(id=ids.ANSWER_SOURCES, className="sources"),
                    html.Pre(id=ids.ANSWER_SOURCE, hidden=True),
                ],
                id=ids.ANSWER_SCROLL,
                className="panel-body padded",
                tabIndex="0",
            ),
        ],
        id="answer-panel",
        className="panel",
        **{"aria-label": "Answer"},
    )


def _tools() -> Any:
    return html.Section(
        [
            html.Div(
                [html.H2("Tool results"), html.Span("0", id=ids.TOOL_COUNT, className="count")],
                className="panel-head",
            ),
            html.Div(
                [
                    html.Div(states.no_tools(initial("")), id=ids.TOOLS_STATE, className="state"),
                    html.Div(id=ids.TOOLS, className="cards"),
                ],
                className="panel-body padded",
                tabIndex="0",
            ),
        ],
        id="tools-panel",
        className="panel",
        **{"aria-label": "Tool results"},
    )
