"""The clientside callbacks: which properties go to which function of ``assets/ryx-90-dash.js``."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State

from ryx_dash.views import ids

NAMESPACE = "ryx"
"""The functions are ``window.dash_clientside.ryx.<name>``."""


def register(app: Dash) -> None:
    """Register them all. An element that a page does not have is left alone."""
    _connection(app)
    _commands(app)
    _monitor(app)
    _graph(app)


def _connection(app: Dash) -> None:
    _call(app, "state", Input(ids.SOCKET, "state"))
    _call(app, "message", Input(ids.SOCKET, "message"))
    _call(app, "reconnect", Input(ids.RECONNECT, "n_clicks"))
    _call(
        app,
        "shown",
        Input(ids.SHOWN, "data"),
        State(ids.PAUSED, "data"),
        State(ids.FOLLOWING, "data"),
        State(ids.SELECTED, "data"),
    )


def _commands(app: Dash) -> None:
    _call(
        app,
        "execute",
        Input(ids.EXECUTE, "n_clicks"),
        Input(ids.QUERY, "n_submit"),
        State(ids.QUERY, "value"),
        State(ids.MODEL, "value"),
    )
    _call(app, "cancel", Input(ids.CANCEL, "n_clicks"))


def _monitor(app: Dash) -> None:
    shown = State(ids.SHOWN, "data")
    _call(
        app,
        "pause",
        Output(ids.PAUSED, "data"),
        Input(ids.PAUSE, "n_clicks"),
        State(ids.PAUSED, "data"),
        shown,
    )
    _call(
        app,
        "follow",
        Output(ids.FOLLOWING, "data"),
        Input(ids.FOLLOW, "n_clicks"),
        State(ids.FOLLOWING, "data"),
        shown,
    )
    _call(
        app,
        "clear",
        Output(ids.CLEARED, "data"),
        Input(ids.CLEAR, "n_clicks"),
        shown,
    )
    _call(
        app,
        "reset",
        Output(ids.FILTER_STEPS, "value"),
        Output(ids.FILTER_LEVEL, "value"),
        Output(ids.FILTER_TEXT, "value"),
        Input(ids.FILTER_RESET, "n_clicks"),
    )
    _call(app, "monitor", Input(ids.FOLLOWING, "data"), Input(ids.PAUSED, "data"), shown)
    _call(app, "ahead", Input(ids.AHEAD, "data"))


def _graph(app: Dash) -> None:
    _call(
        app,
        "tap",
        Output(ids.SELECTED, "data"),
        Input(ids.GRAPH, "tapNodeData"),
        State(ids.SELECTED, "data"),
    )
    _call(app, "graph", Input(ids.GRAPH_VIEW, "data"))
    _call(app, "ring", Input(ids.SELECTED, "data"))
    _call(app, "turn", Input(ids.GRAPH_LAYOUT, "n_clicks"))
    _call(app, "fit", Input(ids.GRAPH_FIT, "n_clicks"))
    _call(app, "fold", Input(ids.GRAPH_FOLD, "n_clicks"))
    _call(app, "timeline", Input(ids.TIMELINE, "figure"))
    _call(app, "zoom", Input(ids.TIMELINE, "relayoutData"))
    _call(app, "pick", Input(ids.TIMELINE, "clickData"), State(ids.SELECTED, "data"))


def _call(app: Dash, name: str, *properties: Any) -> None:
    app.clientside_callback(ClientsideFunction(NAMESPACE, name), *properties)
