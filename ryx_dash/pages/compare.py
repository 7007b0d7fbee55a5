"""The page ``/compare?a=…&b=…``: two runs side by side."""

from typing import Any

from dash import dcc, html

from ryx_dash.views import compare_ids, header


def page(_: str) -> Any:
    """The page, empty: the address says which runs it shows."""
    return html.Div(
        [
            dcc.Location(id=compare_ids.LOCATION, refresh=False),
            dcc.Store(id=compare_ids.ZONE),
            header.plain("Compare", connected=False),
            html.Main(
                html.P("Reading both runs.", className="quiet"),
                id=compare_ids.BODY,
                className="compare-main",
            ),
        ],
        className="compare-page",
        **{"data-bs-theme": "dark"},
    )
