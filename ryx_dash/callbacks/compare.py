"""The server callback of the page that compares two runs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from dash import Dash, Input, Output, no_update

from ryx_dash.callbacks.client import call
from ryx_dash.callbacks.frame import parse_zone
from ryx_dash.callbacks.history import History
from ryx_dash.errors import LogError
from ryx_dash.log.base import EventLog, RowFilter, Run
from ryx_dash.projection.compare import (
    Divergence,
    divergence,
    pair_calls,
    pair_steps,
)
from ryx_dash.projection.diff import compare_texts
from ryx_dash.projection.state import RunState
from ryx_dash.protocol.clean import clean_text
from ryx_dash.protocol.events import Event
from ryx_dash.views import compare, compare_ids

MOST_COMPARED = 10_000
"""Events of each run, tokens aside, among which it is looked for where the two part."""

AT_ONCE = 500
"""Events that are read together."""


def register(app: Dash, log: EventLog, history: History) -> None:
    """Register the callbacks."""

    def draw(search: Any, zone: Any) -> Any:
        if not zone:  # the browser has not said yet where it is
            return no_update
        return compare_runs(log, history, search, zone)

    app.callback(
        Output(compare_ids.BODY, "children"),
        Input(compare_ids.LOCATION, "search"),
        Input(compare_ids.ZONE, "data"),
    )(draw)
    call(app, "browserZone", Output(compare_ids.ZONE, "data"), Input(compare_ids.BODY, "id"))


def compare_runs(log: EventLog, history: History, search: Any, zone: Any = None) -> list[Any]:
    """The body of the page for the part of its address from ``?`` on, for a viewer in ``zone``."""
    names = parse_pair(search)
    if names is None:
        return compare.missing("The address has to name two runs: /compare?a=…&b=…")
    try:
        runs = [log.run(name) for name in names]
        for name, run in zip(names, runs, strict=True):
            if run is None:
                return compare.missing(f"There is no run {name[:80]!r} in this log.")
        shown, where = _comparison(log, history, *[run for run in runs if run]), parse_zone(zone)
        return compare.body(shown, zone=where, today=datetime.now(where).date())
    except LogError as error:
        return compare.missing(error.message)


def parse_pair(search: Any) -> tuple[str, str] | None:
    """The two runs that an address names."""
    query = parse_qs(search.lstrip("?")) if isinstance(search, str) else {}
    a, b = (clean_text(query.get(name, [""])[0]) for name in ("a", "b"))
    return (a, b) if a and b else None


def _comparison(log: EventLog, history: History, a: Run, b: Run) -> compare.Comparison:
    one, other = (_whole(history, run) for run in (a, b))
    parted, compared = _part(log, a, b)
    return compare.Comparison(
        a=one,
        b=other,
        parted=parted,
        compared=compared,
        steps=pair_steps(one, other),
        calls=pair_calls(one, other),
        answer=compare_texts(one.answer, other.answer),
    )


def _whole(history: History, run: Run) -> RunState:
    """The run as far as it has come; one that still waits is known by what it was asked."""
    state = history.at(run.run_id, run.head, budget=None)
    return replace(state, input=state.input or run.input, model=state.model or run.model)


def _part(log: EventLog, a: Run, b: Run) -> tuple[Divergence | None, int | None]:
    """Where two runs part; if they do not as far as was looked, how many events that were."""
    if a.run_id == b.run_id:
        return None, None
    one, other = _First(log, a), _First(log, b)
    parted = divergence(one, other)
    if parted is not None:
        unread = (parted.a is None and one.cut) or (parted.b is None and other.cut)
        if not unread:
            return parted, None
    return None, MOST_COMPARED if one.cut or other.cut else None


@dataclass(slots=True)
class _First:
    """The first :data:`MOST_COMPARED` events of a run, tokens aside, read as they are wanted.
    ``cut``: all were, and there are more."""

    log: EventLog
    run: Run
    cut: bool = False

    def __iter__(self) -> Iterator[Event]:
        left, after = MOST_COMPARED, 0
        while left:
            where = RowFilter(after=after, upto=self.run.head)
            page = self.log.rows(self.run.run_id, where, limit=min(AT_ONCE, left))
            yield from page.events
            left -= len(page.events)
            if page.total == len(page.events):
                return
            after = page.events[-1].seq
        self.cut = True
