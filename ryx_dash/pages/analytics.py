"""The page ``/analytics``: what many runs have in common."""

from typing import Any

from dash import dcc, html

from ryx_dash.views import analytics_ids, header, list_ids, runs

REFRESH_SECONDS = 30
"""How often the page asks whether anything has changed."""


def page(_: str) -> Any:
    """The page, empty: the address says which runs it is about, as on the list of runs."""
    return html.Div(
        [
            dcc.Location(id=list_ids.LOCATION, refresh="callback-nav"),
            dcc.Store(id=analytics_ids.ZONE),
            dcc.Store(id=analytics_ids.SHOWN),
            dcc.Interval(id=analytics_ids.TICK, interval=REFRESH_SECONDS * 1000),
            header.plain("Analytics", connected=False),
            html.Nav(
                [
                    html.Span(id=analytics_ids.SPANS, className="analytics-spans", role="group"),
                    html.Span(
                        "",
                        id=analytics_ids.NOTE,
                        className="quiet",
                        role="status",
                    ),
                    dcc.Link(
                        html.Span(
                            "clear filters",
                            id=analytics_ids.CLEAR,
                            className="button small",
                            hidden=True,
                        ),
                        href="/analytics",
                    ),
                ],
                className="analytics-bar",
                **{"aria-label": "Span"},
            ),
            runs.controls(),
            html.Main(
                html.P("Reading the log.", className="analytics-empty quiet"),
                id=analytics_ids.BODY,
                className="analytics-main",
            ),
        ],
        className="analytics-page",
        **{"data-bs-theme": "dark"},
    )
