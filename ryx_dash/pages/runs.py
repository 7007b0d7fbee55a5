"""The page ``/runs``: all runs, newest first, live."""

from typing import Any

from dash import dcc, html
from dash_extensions import WebSocket

from ryx_dash.protocol.frames import SUBPROTOCOL
from ryx_dash.views import header, ids, list_ids, runs


def page(_: str) -> Any:
    """The page, every part in its place and empty."""
    return html.Div(
        [
            # The address holds the filters; changing them does not load the page anew.
            dcc.Location(id=list_ids.LOCATION, refresh="callback-nav"),
            WebSocket(id=list_ids.SOCKET, protocols=[SUBPROTOCOL]),
            dcc.Store(id=ids.ZONE),
            dcc.Store(id=list_ids.SHOWN),
            dcc.Store(id=list_ids.PICKED, data=[]),
            header.plain("Runs", connected=True),
            runs.controls(runs.importing()),
            html.Main(
                html.Section(
                    [
                        html.P(id=list_ids.NOTICE, className="notice-line", role="status"),
                        runs.actions(),
                        html.Div(
                            html.Table(id=list_ids.TABLE, className="runs-table"),
                            className="panel-body",
                            tabIndex="0",
                        ),
                        html.Div(
                            [
                                html.Span(
                                    "Waiting for the server.",
                                    id=list_ids.NOTE,
                                    className="quiet",
                                    role="status",
                                ),
                                dcc.Link(
                                    html.Span(
                                        "clear filters", id=list_ids.CLEAR, className="button small"
                                    ),
                                    href="/runs",
                                ),
                                html.Span(id=list_ids.PAGES, className="end"),
                            ],
                            className="panel-foot",
                        ),
                    ],
                    className="panel",
                    **{"aria-label": "Runs"},
                ),
                className="list-main",
            ),
        ],
        className="list-page",
        **{"data-bs-theme": "dark"},
    )
