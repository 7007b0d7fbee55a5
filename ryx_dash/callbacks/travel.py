"""What the page needs to play a run as it happened: when each of the next events did."""

from datetime import datetime
from typing import Any

from dash import Dash, Input, Output, no_update

from ryx_dash.callbacks import frame as read
from ryx_dash.errors import LogError
from ryx_dash.log.base import EventLog
from ryx_dash.views import ids

AHEAD = 1_000
"""Events that the page is told about at once."""


def register(app: Dash, log: EventLog) -> None:
    """Register the callback; it does not touch what draws the page."""

    def look_ahead(asked: Any) -> Any:
        try:
            return ahead(log, asked) or no_update
        except LogError:
            return no_update  # nothing is played; the page says by itself that the log fails

    app.callback(
        Output(ids.AHEAD, "data"), Input(ids.AHEAD_ASKED, "data"), prevent_initial_call=True
    )(look_ahead)


def ahead(log: EventLog, asked: Any) -> dict[str, Any] | None:
    """``times``: milliseconds since 1970 of the events after the position that was ``asked`` for.

    A time that is none is that of the event before. ``None`` if nothing sensible was asked.
    """
    wanted = read.parse_ahead(asked)
    if wanted is None:
        return None
    run_id, after = wanted
    times: list[float] = []
    for event in log.read(run_id, after=after, upto=after + AHEAD):
        times.append(_milliseconds(event.ts, times[-1] if times else 0.0))
    return {"run": run_id, "after": after, "times": times}


def _milliseconds(ts: str, otherwise: float) -> float:
    try:
        return datetime.fromisoformat(ts).timestamp() * 1000
    except (ValueError, OverflowError):
        return otherwise
