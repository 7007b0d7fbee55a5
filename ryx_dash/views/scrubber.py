"""The scrubber: where in the run the page stands, and the ways to another place."""

from typing import Any
from zoneinfo import ZoneInfo

import dash_bootstrap_components as dbc
from dash import html

from ryx_dash.projection.rows import clock
from ryx_dash.projection.state import RunState
from ryx_dash.projection.text import format_count
from ryx_dash.views import ids, keys

SPEEDS = (1, 4, 16)
"""How many times faster than it happened a run can be played."""

EXPORTS = {
    "jsonl": "JSON lines, to bring in again",
    "csv": "CSV, for a spreadsheet",
    "html": "one HTML file, opens offline",
}
"""The formats of a run's file."""


def bar() -> Any:
    """The bar under the run line, before any event; the client-side layer moves the range."""
    return html.Div(
        [
            html.Div(
                [
                    _button(ids.TRAVEL_PREVIOUS, "|‹", "To the step boundary before"),
                    _button(ids.TRAVEL_BACK, "‹", "One event back"),
                    _button(ids.TRAVEL_PLAY, "▶ play", "Play the run as it happened"),
                    _button(ids.TRAVEL_FORTH, "›", "One event on"),
                    _button(ids.TRAVEL_NEXT, "›|", "To the next step boundary"),
                    html.Label("Speed", htmlFor=ids.TRAVEL_SPEED, className="sr-only"),
                    dbc.Select(
                        id=ids.TRAVEL_SPEED,
                        options=[{"label": f"{n}×", "value": str(n)} for n in SPEEDS],
                        value=str(SPEEDS[0]),
                        className="select small speed",
                    ),
                ],
                className="travel-buttons",
            ),
            html.Label("Position in the run", htmlFor=ids.SCRUBBER, className="sr-only"),
            # The client-side layer puts the range there, and moves it with each frame.
            html.Div(id=ids.SCRUBBER_PLACE, className="scrubber"),
            html.Span("no events", id=ids.POSITION, className="data position"),
            html.Button(
                "link",
                id=ids.TRAVEL_LINK,
                className="button small copy-button",
                title="Copy the link to this moment",
                **{"data-copy": ""},
            ),
            _export(),
            html.Button(
                "back to live",
                id=ids.TRAVEL_LIVE,
                className="button small to-live",
                title="Show the newest event again",
                n_clicks=0,
                **{"data-away": "no"},
            ),
            keys.button(),
        ],
        className="travel",
        role="group",
        **{"aria-label": "Time travel"},
    )


def position(state: RunState, head: int, zone: ZoneInfo) -> str:
    """Which event of how many the page shows, and when that happened in ``zone``."""
    if state.seq == 0:
        return "no events" if head == 0 else f"before event 1 of {format_count(head)}"
    place = f"event {format_count(state.seq)} of {format_count(head)}"
    return f"{place} · {clock(state.last, zone)}" if state.last else place


def _export() -> Any:
    """The menu of the run's files; the client-side layer says which run."""
    links = [html.A(words, id=f"export-{form}", download="") for form, words in EXPORTS.items()]
    return html.Details(
        [
            html.Summary("export", className="button small", title="The whole run as a file"),
            html.Div(links, className="menu-items"),
        ],
        id=ids.EXPORT,
        className="menu",
        **{"data-run": "no"},
    )


def _button(key: str, text: str, title: str) -> Any:
    return html.Button(text, id=key, className="button small", title=title, n_clicks=0)
