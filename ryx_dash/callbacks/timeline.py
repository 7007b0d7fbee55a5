"""The timeline is drawn on its own, when it is to be seen: it never delays the other panels."""

from functools import lru_cache
from typing import Any

from dash import Dash, Input, Output, no_update

from ryx_dash.callbacks import frame as read
from ryx_dash.callbacks.history import History
from ryx_dash.errors import LogError
from ryx_dash.log.base import EventLog
from ryx_dash.projection.state import RunState
from ryx_dash.views import ids, timeline

ASKED_BEFORE = 200
"""Runs that are looked through for an earlier one with the same question."""

GHOST_EVENTS = 5_000
"""Beyond the nearest snapshot; more are not worth reading for the sake of a comparison."""


def register(app: Dash, log: EventLog, history: History) -> None:
    """Register the callbacks; what they are asked comes at most twice a second."""
    previous = lru_cache(maxsize=256)(lambda run_id, question: _previous(log, run_id, question))

    def drawn(asked: Any) -> dict[str, Any] | None:
        try:
            return figure(log, history, asked, previous)
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


def figure(log: EventLog, history: History, asked: Any, previous: Any) -> dict[str, Any] | None:
    """The figure for ``{"run", "seq", "folded", "selected", "zoom"}``.

    ``None`` if there is no such run. ``previous`` gives the id of an earlier run with the same
    question, by a run and its question.
    """
    place = read.parse_place(asked)
    run = log.run(place[0]) if place else None
    if place is None or run is None:
        return None
    state = history.at(run.run_id, place[1], budget=None)
    before = previous(run.run_id, run.input)
    return timeline.figure(
        state,
        created=run.created,
        folded=asked.get("folded") is True,
        selected=read.parse_selected({"node": asked.get("selected")}),
        ghost=_ghost(log, history, before),
        zoom=read.parse_zoom(asked.get("zoom")),
    )


def _previous(log: EventLog, run_id: str, question: str) -> str | None:
    """The newest run before this one that was asked the same."""
    found = log.runs(limit=ASKED_BEFORE, before=run_id, q=question).runs if question else ()
    return next((run.run_id for run in found if run.input == question), None)


def _ghost(log: EventLog, history: History, run_id: str | None) -> RunState | None:
    head = log.head(run_id) if run_id else 0
    if run_id is None or head == 0:
        return None
    state = history.at(run_id, head, budget=GHOST_EVENTS)
    return state if state.seq == head else None
