"""The keys that the page knows, as its help shows them."""

from typing import Any

from dash import html

from ryx_dash.views import ids

KEYS = (
    (("/",), "search: the events, the runs, or what is inspected"),
    (("j", "↓", "→"), "one event on"),
    (("k", "↑", "←"), "one event back"),
    (("[", "]"), "step boundary before, next one"),
    (("space",), "play, stop"),
    (("e",), "errors only, all again"),
    (("enter",), "inspect the event, step or row"),
    (("esc",), "close the inspector, select nothing, leave a field"),
    (("g", "r"), "all runs"),
    (("g", "l"), "the live page"),
    (("g", "a"), "the analytics"),
    (("?",), "this list"),
)
"""Keys, and what they do (``assets/ryx-57-keys.js``). None of them while a text is typed."""


def button() -> Any:
    """Opens the help."""
    return html.Button(
        "?", id=ids.HELP_BUTTON, className="button small wide-only", title="Keys (?)", n_clicks=0
    )


def dialog() -> Any:
    """The help, closed."""
    return html.Dialog(
        [
            html.Div(
                [
                    html.H2("Keys"),
                    html.Button(
                        "×", id=ids.HELP_CLOSE, className="dismiss", title="Close", n_clicks=0
                    ),
                ],
                className="help-head",
            ),
            html.Dl([part for keys, words in KEYS for part in _row(keys, words)], id=ids.HELP_LIST),
        ],
        id=ids.HELP,
        className="help",
        **{"aria-label": "Keys"},
    )


def _row(keys: tuple[str, ...], words: str) -> tuple[Any, Any]:
    return html.Dt([html.Kbd(key) for key in keys]), html.Dd(words)
