"""The naive Dash page: every message is the input of a server callback, which returns the rows."""

import json
import warnings
from typing import Any

from dash import Dash, Input, Output, State, dash_table, html, no_update
from dash_extensions import WebSocket

ROWS = 50


def naive(source: str) -> Any:
    """The page's WSGI application; its browser listens to the WebSocket ``source``."""
    app = Dash(__name__)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        table = dash_table.DataTable(id="rows", columns=[{"id": "message", "name": "Message"}])
    app.layout = html.Div(
        [WebSocket(id="ws", url=source), html.P(id="newest"), html.P("0", id="count"), table]
    )

    @app.callback(
        Output("newest", "children"),
        Output("count", "children"),
        Output("rows", "data"),
        Input("ws", "message"),
        State("count", "children"),
        State("rows", "data"),
        prevent_initial_call=True,
    )
    def show(message: Any, count: str, rows: Any) -> Any:
        event = json.loads(message["data"])
        if event["event"] != "step_progress":
            return no_update
        rows = [*(rows or []), {"message": event["message"]}]
        return event["message"], str(int(count) + 1), rows[-ROWS:]

    return app.server
