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
    call(app, "state", Input(ids.SOCKET, "state"))
    call(app, "reconnect", Input(ids.RECONNECT, "n_clicks"))
    call(
        app,
        "shown",
        Input(ids.SHOWN, "data"),
        State(ids.PAUSED, "data"),
        State(ids.FOLLOWING, "data"),
        State(ids.SELECTED, "data"),
    )


def _commands(app: Dash) -> None:
    call(
        app,
        "execute",
        Input(ids.EXECUTE, "n_clicks"),
        Input(ids.QUERY, "n_submit"),
        State(ids.QUERY, "value"),
        State(ids.MODEL, "value"),
    )
    call(app, "cancel", Input(ids.CANCEL, "n_clicks"))


def _monitor(app: Dash) -> None:
    shown = State(ids.SHOWN, "data")
    call(
        app,
        "pause",
        Output(ids.PAUSED, "data"),
        Input(ids.PAUSE, "n_clicks"),
        State(ids.PAUSED, "data"),
        shown,
    )
    call(
        app,
        "follow",
        Output(ids.FOLLOWING, "data"),
        Input(ids.FOLLOW, "n_clicks"),
        State(ids.FOLLOWING, "data"),
        shown,
    )
    call(
        app,
        "clear",
        Output(ids.CLEARED, "data"),
        Input(ids.CLEAR, "n_clicks"),
        shown,
    )
    call(
        app,
        "reset",
        Output(ids.FILTER_STEPS, "value"),
        Output(ids.FILTER_LEVEL, "value"),
        Output(ids.FILTER_TEXT, "value"),
        Input(ids.FILTER_RESET, "n_clicks"),
    )
    call(app, "monitor", Input(ids.FOLLOWING, "data"), Input(ids.PAUSED, "data"), shown)
    call(app, "ahead", Input(ids.AHEAD, "data"))


def _graph(app: Dash) -> None:
    call(
        app,
        "tap",
        Output(ids.SELECTED, "data"),
        Input(ids.GRAPH, "tapNodeData"),
        State(ids.SELECTED, "data"),
    )
    call(app, "graph", Input(ids.GRAPH_VIEW, "data"))
    call(app, "ring", Input(ids.SELECTED, "data"))
    call(app, "turn", Input(ids.GRAPH_LAYOUT, "n_clicks"))
    call(app, "fit", Input(ids.GRAPH_FIT, "n_clicks"))
    call(app, "fold", Input(ids.GRAPH_FOLD, "n_clicks"))
    call(app, "timeline", Input(ids.TIMELINE, "figure"))
    call(app, "zoom", Input(ids.TIMELINE, "relayoutData"))
    call(app, "inspected", Input(ids.INSPECT_SHOWN, "data"))
    call(app, "pick", Input(ids.TIMELINE, "clickData"), State(ids.SELECTED, "data"))


def call(app: Dash, name: str, *properties: Any) -> None:
    """Register one; ``properties`` are what :class:`dash.Input` and its like make."""
    app.clientside_callback(ClientsideFunction(NAMESPACE, name), *properties)
