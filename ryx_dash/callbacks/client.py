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
    call(app, "reconnect", Input(ids.RECONNECT, "n_clicks"), at_first=False)


def _commands(app: Dash) -> None:
    call(
        app,
        "execute",
        Input(ids.EXECUTE, "n_clicks"),
        Input(ids.QUERY, "n_submit"),
        State(ids.QUERY, "value"),
        State(ids.MODEL, "value"),
        at_first=False,
    )
    call(app, "cancel", Input(ids.CANCEL, "n_clicks"), at_first=False)


def _monitor(app: Dash) -> None:
    shown = State(ids.SHOWN, "data")
    call(
        app,
        "pause",
        Output(ids.PAUSED, "data"),
        Input(ids.PAUSE, "n_clicks"),
        State(ids.PAUSED, "data"),
        shown,
        at_first=False,
    )
    call(
        app,
        "follow",
        Output(ids.FOLLOWING, "data"),
        Input(ids.FOLLOW, "n_clicks"),
        State(ids.FOLLOWING, "data"),
        shown,
        at_first=False,
    )
    call(
        app,
        "clear",
        Output(ids.CLEARED, "data"),
        Input(ids.CLEAR, "n_clicks"),
        shown,
        at_first=False,
    )
    call(
        app,
        "reset",
        Output(ids.FILTER_STEPS, "value"),
        Output(ids.FILTER_LEVEL, "value"),
        Output(ids.FILTER_TEXT, "value"),
        Input(ids.FILTER_RESET, "n_clicks"),
        at_first=False,
    )
    call(app, "monitor", Input(ids.FOLLOWING, "data"), Input(ids.PAUSED, "data"), shown)
    call(app, "ahead", Input(ids.AHEAD, "data"), at_first=False)


def _graph(app: Dash) -> None:
    call(
        app,
        "tap",
        Output(ids.SELECTED, "data"),
        Input(ids.GRAPH, "tapNodeData"),
        State(ids.SELECTED, "data"),
        at_first=False,
    )
    call(app, "graph", Input(ids.GRAPH_VIEW, "data"))
    call(app, "ring", Input(ids.SELECTED, "data"))
    call(app, "turn", Input(ids.GRAPH_LAYOUT, "n_clicks"), at_first=False)
    call(app, "fit", Input(ids.GRAPH_FIT, "n_clicks"), at_first=False)
    call(app, "fold", Input(ids.GRAPH_FOLD, "n_clicks"), at_first=False)
    call(app, "timeline", Input(ids.TIMELINE_PLACE, "children"), at_first=False)  # the first one
    call(app, "timeline", Input(ids.TIMELINE, "figure"), at_first=False)
    call(app, "zoom", Input(ids.TIMELINE, "relayoutData"), at_first=False)
    call(app, "wholeOutput", Input(ids.WHOLE_SHOWN, "data"), at_first=False)
    call(app, "inspected", Input(ids.INSPECT_SHOWN, "data"), at_first=False)
    call(app, "pick", Input(ids.TIMELINE, "clickData"), State(ids.SELECTED, "data"), at_first=False)


def call(app: Dash, name: str, *properties: Any, at_first: bool = True) -> None:
    """Register one; ``properties`` are what :class:`dash.Input` and its like make.

    ``at_first``: it is called for the page as it comes too, when nothing has been clicked or
    arrived. Each such call is a round of Dash through the whole page before it is there.
    """
    function = ClientsideFunction(NAMESPACE, name)
    app.clientside_callback(function, *properties, prevent_initial_call=not at_first)
