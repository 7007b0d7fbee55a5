"""The clientside callbacks of the list of runs; the functions are in ``assets/ryx-86-runs.js``."""

from dash import Dash, Input, Output

from ryx_dash.callbacks.client import call
from ryx_dash.views import list_ids

CONTROLS = (
    *(list_ids.TEXT, list_ids.STATUS, list_ids.MODEL, list_ids.INTENT, list_ids.TOOL),
    *(list_ids.SINCE, list_ids.UNTIL, list_ids.TOOK),
)
"""What narrows the list, in the order of :data:`callbacks.runs_query.PARAMETERS`."""


def register(app: Dash) -> None:
    """Register them all."""
    call(app, "runsState", Input(list_ids.SOCKET, "state"))
    call(app, "runsMessage", Input(list_ids.SOCKET, "message"))
    call(app, "runsPicked", Input(list_ids.PICKED, "data"))
    call(app, "runsView", Input(list_ids.VIEW, "value"))
    call(app, "runsViewName", Input(list_ids.VIEW_NAME, "n_submit"))
    # The address follows the controls and the controls the address: one callback, no circle.
    call(
        app,
        "runsAddress",
        Output(list_ids.LOCATION, "search"),
        *(Output(key, "value") for key in CONTROLS),
        Input(list_ids.LOCATION, "search"),
        *(Input(key, "value") for key in CONTROLS),
    )
    # Options come from the log; the address may ask for what is none of them.
    call(
        app,
        "runsOffer",
        Input(list_ids.LOCATION, "search"),
        *(Input(key, "options") for key in (list_ids.MODEL, list_ids.INTENT, list_ids.TOOL)),
    )
