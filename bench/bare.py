"""A bare Dash app with the component libraries of the dashboard: what a start costs at least.

It holds one of each component that the dashboard's page begins with, so no chart.
"""

import os
import warnings

import dash_bootstrap_components as dbc
import dash_cytoscape as cyto
from dash import Dash, Input, Output, dash_table, html
from dash_extensions import WebSocket

cyto.load_extra_layouts()
app = Dash(__name__)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    table = dash_table.DataTable(id="table")
app.layout = html.Div(
    [
        html.Div([WebSocket(id="ws")], hidden=True),
        dbc.Select(id="select"),
        cyto.Cytoscape(id="graph"),
        table,
        html.P(id="said"),
    ]
)


@app.callback(Output("said", "children"), Input("said", "id"))
def say(_: str) -> str:
    """The first callback: from then on the page answers."""
    return "ready"


if __name__ == "__main__":
    app.run(port=os.environ["RYX_PORT"])
