"""The server callback of the page that compares two runs."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from dash import Dash, Input, Output

from ryx_dash.callbacks.history import SPACING, History
from ryx_dash.errors import LogError
from ryx_dash.log.base import EventLog, Run
from ryx_dash.projection.compare import compare_texts, divergence, pair_calls, pair_steps
from ryx_dash.protocol.clean import clean_text
from ryx_dash.protocol.events import Event
from ryx_dash.views import compare, compare_ids


def register(app: Dash, log: EventLog, history: History) -> None:
    """Register the callback."""
    app.callback(Output(compare_ids.BODY, "children"), Input(compare_ids.LOCATION, "search"))(
        lambda search: compare_runs(log, history, search)
    )


def compare_runs(log: EventLog, history: History, search: Any) -> list[Any]:
    """The body of the page for the part of its address from ``?`` on."""
    names = parse_pair(search)
    if names is None:
        return compare.missing("The address has to name two runs: /compare?a=…&b=…")
    try:
        runs = [log.run(name) for name in names]
        for name, run in zip(names, runs, strict=True):
            if run is None:
                return compare.missing(f"There is no run {name[:80]!r} in this log.")
        return compare.body(_comparison(log, history, *[run for run in runs if run]))
    except LogError as error:
        return compare.missing(error.message)


def parse_pair(search: Any) -> tuple[str, str] | None:
    """The two runs that an address names."""
    query = parse_qs(search.lstrip("?")) if isinstance(search, str) else {}
    a, b = (clean_text(query.get(name, [""])[0]) for name in ("a", "b"))
    return (a, b) if a and b else None


def _comparison(log: EventLog, history: History, a: Run, b: Run) -> compare.Comparison:
    one, other = (history.at(run.run_id, run.head, budget=None) for run in (a, b))
    return compare.Comparison(
        a=one,
        b=other,
        parted=divergence(_events(log, a), _events(log, b)),
        steps=pair_steps(one, other),
        calls=pair_calls(one, other),
        answer=compare_texts(one.answer, other.answer),
    )


def _events(log: EventLog, run: Run) -> Iterator[Event]:
    for after in range(0, run.head, SPACING):
        yield from log.read(run.run_id, after=after, upto=min(after + SPACING, run.head))
