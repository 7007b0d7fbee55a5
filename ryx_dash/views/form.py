"""The form: the question, the model, Execute and Cancel. Usable while offline."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from ryx_dash.protocol.executor import Model
from ryx_dash.views import ids

AUTO = {"label": "Auto", "value": "auto"}
"""The choice that leaves the model to the workflow."""

_UNITS = ("B", "kB", "MB", "GB", "TB")


def form() -> Any:
    """The form row, with the place for a refused command's reason.

    What comes and goes stands beside the question, which alone gives way: Execute never moves.
    """
    return html.Section(
        [
            html.Label("Question", htmlFor=ids.QUERY, className="sr-only"),
            dcc.Input(
                id=ids.QUERY,
                type="text",
                value="",
                placeholder="What do you want to know?",
                className="query",
            ),
            html.Button(
                "Cancel", id=ids.CANCEL, className="button danger", hidden=True, n_clicks=0
            ),
            html.Span(
                "",
                id=ids.QUEUE_COUNT,
                className="queue",
                title="Commands that wait for the connection",
                role="status",
                **{"data-count": "0"},
            ),
            html.Label("Model", htmlFor=ids.MODEL, className="sr-only"),
            dbc.Select(id=ids.MODEL, options=[AUTO], value=AUTO["value"], className="select model"),
            html.Button(
                ["Execute", html.Kbd("⏎", **{"aria-hidden": "true"})],
                id=ids.EXECUTE,
                className="button primary",
                n_clicks=0,
            ),
            html.Div(id=ids.COMMAND_ERROR, className="command-error", role="alert", hidden=True),
        ],
        className="form",
        **{"aria-label": "Ask"},
    )


def model_options(models: Sequence[Model]) -> list[dict[str, Any]]:
    """Options of the model select: Auto, what is installed with its size, what is only known.

    A known model stays selectable: it may be installed by the time that it is asked for.
    """
    installed = [model for model in models if model.available]
    known = [model for model in models if not model.available]
    return [
        AUTO,
        *({"label": _installed(model), "value": model.id} for model in installed),
        *({"label": f"{model.name} (not installed)", "value": model.id} for model in known),
    ]


def _installed(model: Model) -> str:
    return model.name if model.size is None else f"{model.name} ({format_bytes(model.size)})"


def format_bytes(size: int) -> str:
    """A size for people.

    >>> format_bytes(4_700_000_000)
    '4.7 GB'
    """
    value = float(size)
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1000
    digits = 0 if unit == "B" or value >= 99.95 else 1
    return f"{value:.{digits}f} {unit}"
