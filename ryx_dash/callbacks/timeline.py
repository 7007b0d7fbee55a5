"""The timeline is drawn on its own, when it is to be seen: it never delays the other panels."""

from typing import Any

from dash import Dash, Input, Output, no_update

from ryx_dash.callbacks import frame as read
from ryx_dash.callbacks.history import History
from ryx_dash.errors import LogError
from ryx_dash.log.base import EventLog, Run
from ryx_dash.projection.state import RunState
from ryx_dash.views import ids, timeline

GHOST_EVENTS = 5_000
"""Beyond the nearest snapshot; more are not worth reading for the sake of a comparison."""


def register(app: Dash, log: EventLog, history: History) -> None:
    """Register the callbacks; what they are asked comes at most twice a second."""

    def drawn(asked: Any) -> dict[str, Any] | None:
        try:
            return figure(log, history, asked)
        except LogError:
            return None  # the page says by itself that the log fails

    def make(asked: Any) -> Any:
        first = drawn(asked)
        return no_update if first is None else timeline.graph(first)

    def draw(asked: Any) -> Any:
        new = drawn(asked)
        return (no_update, no_update) if new is None else (new, timeline.style(new))

    app.callback(
        Output(ids.TIMELINE_PLACE, "children"),
        Input(ids.TIMELINE_FIRST, "data"),
        prevent_initial_call=True,
    )(make)
    app.callback(
        Output(ids.TIMELINE, "figure"),
        Output(ids.TIMELINE, "style"),
        Input(ids.TIMELINE_ASKED, "data"),
        prevent_initial_call=True,
    )(draw)


def figure(log: EventLog, history: History, asked: Any) -> dict[str, Any] | None:
    """The figure for ``{"run", "seq", "folded", "selected", "zoom"}``.

    ``None`` if there is no such run.
    """
    place = read.parse_place(asked)
    run = log.run(place[0]) if place else None
    if place is None or run is None:
        return None
    state = history.at(run.run_id, place[1], budget=None)
    return timeline.figure(
        state,
        created=run.created,
        folded=asked.get("folded") is True,
        selected=read.parse_selected({"node": asked.get("selected")}),
        ghost=_ghost(log, history, run),
        zoom=read.parse_zoom(asked.get("zoom")),
    )


def _ghost(log: EventLog, history: History, run: Run) -> RunState | None:
    """The whole of the newest earlier run that was asked the same, if it is soon read."""
    before = log.asked_before(run.run_id)
    if before is None or before.head == 0:
        return None
    state = history.at(before.run_id, before.head, budget=GHOST_EVENTS)
    return state if state.seq == before.head else None
