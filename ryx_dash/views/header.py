"""The header: name, where runs are executed, the model in use, the connection."""

from typing import Any

from dash import html

from ryx_dash.projection.state import RunState
from ryx_dash.views import ids, keys

PAGES = {"Live": "/", "Runs": "/runs", "Analytics": "/analytics"}
"""Where each page of the header is; the first one's title is the name's as well."""


def header(backend: str) -> Any:
    """The live page's header row; ``backend`` says in a few words who runs the workflows."""
    return html.Header(
        [
            _brand(),
            _pages("Live"),
            html.Span(id=ids.CONNECTION_NOTE, className="quiet note", **{"aria-live": "polite"}),
            html.Div(
                [
                    html.Span(backend, className="data quiet", title="What runs the workflows"),
                    html.Span(" · ", className="quiet", **{"aria-hidden": "true"}),
                    html.Span(
                        "no model yet",
                        id=ids.MODEL_IN_USE,
                        className="data quiet",
                        title="The language model of the shown run",
                    ),
                ],
                className="in-use",
            ),
            html.Button(
                "Reconnect", id=ids.RECONNECT, className="button primary", hidden=True, n_clicks=0
            ),
            _connection(),
        ],
        className="page-header",
    )


def _connection() -> Any:
    """The badge; opened, it tells of both links: to the dashboard, and on to the backend."""
    detail = html.Dl(
        [
            html.Dt("This page to the dashboard"),
            html.Dd("Connecting.", id=ids.LINK_PAGE),
            html.Dt("The dashboard to what runs the workflows"),
            html.Dd("Not known yet.", id=ids.LINK_BACKEND, **{"data-state": "unknown"}),
        ],
        className="links-detail",
    )
    summary = html.Summary(_badge(), title="How this page and the backend are connected")
    return html.Details([summary, detail], id=ids.LINKS, className="links menu")


def plain(here: str, *, connected: bool) -> Any:
    """The header row of a page that shows no run; with a badge if it has a connection.

    ``here`` is one of :data:`PAGES`, or the name of another page.
    """
    badge = [_badge()] if connected else []
    end = html.Div([*badge, keys.button()], className="header-end")
    return html.Header([_brand(), _pages(here), end, keys.dialog()], className="page-header")


def _badge() -> Any:
    return html.Span(
        "● Connecting...",
        id=ids.CONNECTION_STATUS,
        className="connection",
        role="status",
        **{"data-status": "connecting"},
    )


def _brand() -> Any:
    return html.A("Ryx", href="/", className="brand", title="Live view of the newest run")


def _pages(here: str) -> Any:
    links = [_page(name, path, here) for name, path in PAGES.items()]
    other = [] if here in PAGES else [_page(here, "", here)]
    return html.Nav([*links, *other], className="pages", **{"aria-label": "Pages"})


def _page(name: str, path: str, here: str) -> Any:
    if name == here == "Live":  # it shows any run, and leads from an earlier one to the newest
        return html.H1(html.A(name, href=path), className="crumb", **{"aria-current": "page"})
    if name == here:
        return html.H1(name, className="crumb", **{"aria-current": "page"})
    return html.A(name, href=path, className="crumb")


def model_in_use(state: RunState | None) -> str:
    """The model of a run, for the header."""
    if state is None:
        return "no model yet"
    if state.model:
        return state.model
    chosen = next((node for node in state.steps if node.node == "model"), None)
    if chosen is not None and chosen.status == "success":
        return "without a model"
    return "no model yet"
