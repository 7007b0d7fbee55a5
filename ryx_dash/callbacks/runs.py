"""The server callbacks of the list of runs: out of the log, one page of it, whenever it grows."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import blake2s
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, State, no_update

from ryx_dash.callbacks import frame as read
from ryx_dash.callbacks.runs_query import RunsQuery, parse_query
from ryx_dash.errors import LogError, RyxError, UnknownRun
from ryx_dash.log.base import EventLog, RowFilter, Run, RunPage
from ryx_dash.log.hits import excerpt, marked
from ryx_dash.log.words import contains, wanted, words
from ryx_dash.projection.listed import Hit, ListedRun
from ryx_dash.projection.text import format_count, one_line
from ryx_dash.protocol.frames import Envelope, Shown
from ryx_dash.views import drawing, ids, list_ids, runs

PAGE_SIZE = 50
QUERY_LIMIT = 300
"""Characters of a question that a line shows."""

MOST_PICKED = 10_000
"""Picked runs that are believed."""

MOST_DELETED = 500
"""Runs that are deleted at once; the others stay picked."""

OUTPUTS = {
    "send": Output(list_ids.SOCKET, "send"),
    "shown": Output(list_ids.SHOWN, "data"),
    "table": Output(list_ids.TABLE, drawing.CONTENT),
    "note": Output(list_ids.NOTE, "children"),
    "pages": Output(list_ids.PAGES, "children"),
    "clear": Output(list_ids.CLEAR, "hidden"),
}
INPUTS = {
    "message": Input(list_ids.SOCKET, "message"),
    "search": Input(list_ids.LOCATION, "search"),
    "zone": Input(ids.ZONE, "data"),
    "shown": State(list_ids.SHOWN, "data"),
}
FACETS = {
    "model": Output(list_ids.MODEL, "options"),
    "intent": Output(list_ids.INTENT, "options"),
    "tool": Output(list_ids.TOOL, "options"),
}


def register(app: Dash, log: EventLog) -> None:
    """Register the callbacks of the page ``/runs``."""

    def draw(asked: Mapping[str, Any]) -> dict[str, Any]:
        return dict.fromkeys(OUTPUTS, no_update) | answer_list(log, asked)

    def delete(clicks: Any, picked: Any) -> Any:
        return delete_runs(log, parse_picked(picked)) if clicks else (no_update, no_update)

    app.callback(output=OUTPUTS, inputs={"asked": INPUTS})(draw)

    def offer(_: Any, offered: Mapping[str, Any]) -> dict[str, Any]:
        found = choices(log)
        return {key: _if_new(options, offered[key]) for key, options in found.items()}

    app.callback(
        output=FACETS,
        inputs=[
            Input(list_ids.SHOWN, "data"),
            {key: State(one.component_id, "options") for key, one in FACETS.items()},
        ],
    )(offer)
    app.callback(
        Output(list_ids.PICKED, "data"),
        Output(list_ids.NOTICE, "children"),
        Input(list_ids.CONFIRM_YES, "n_clicks"),
        State(list_ids.PICKED, "data"),
        prevent_initial_call=True,
    )(delete)


def answer_list(log: EventLog, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The views for what the page asks (the keys of :data:`INPUTS`); what stays is left out."""
    zone = read.parse_zone(asked["zone"])
    query = parse_query(asked["search"], zone)
    try:
        page = _page(log, query)
        lines = [listed(log, run, query.where.text) for run in page.runs]
        total = log.total()
    except LogError as error:
        return {"note": error.message}
    part = query.where.part.words if query.where.part else ""
    frame = read.parse_frame(asked["message"])
    views: dict[str, Any] = {
        "note": runs.note(
            len(lines),
            zone=zone.key,
            total=total,
            filtered=bool(query.given),
            alone=not (query.before or page.next),
            part=part,
            ignored=query.ignored,
        ),
        "pages": runs.pages(
            newest=query.page(None) if query.before else None,
            older=query.page(page.next) if page.next else None,
        ),
        "clear": not (query.given or query.ignored),
    }
    today = datetime.now(zone).date()
    key = _digest(lines, zone, today, query)
    if asked["shown"] != key:
        narrowed = bool(query.given or query.before)
        table = runs.table(lines, zone=zone, today=today, narrowed=narrowed)
        views |= {"shown": key, "table": drawing.written(table)}
    if frame is not None:
        drawn = Shown(n=frame.n, run=None, seq=frame.head)
        views["send"] = Envelope(c=uuid4().hex, m=(drawn,)).model_dump_json()
    return views


def listed(log: EventLog, run: Run, text: str) -> ListedRun:
    """A run as a line of the list; with the event that a search for ``text`` found."""
    return ListedRun(
        run_id=run.run_id,
        status=run.status,
        input=marked(one_line(run.input, QUERY_LIMIT), text),
        model=run.model_used or run.model or "",
        intent=run.intent or "",
        created=run.created,
        started=run.started or "",
        latency=run.latency,
        events=run.head,
        calls=run.calls,
        tools=run.tools,
        step=run.step or "" if run.failed_step or not run.status.ended else "",
        imported=run.imported,
        hit=_hit(log, run, text),
    )


def choices(log: EventLog) -> dict[str, Any]:
    """The options of the selects that depend on the log."""
    found = log.facets()
    return {
        "model": runs.options("all models", found.models),
        "intent": runs.options("all intents", found.intents),
        "tool": runs.options("all tools", found.tools),
    }


def delete_runs(log: EventLog, run_ids: tuple[str, ...]) -> tuple[list[str], str]:
    """Delete runs; gives those that are still there, and a sentence on what was done."""
    left, reasons = list(run_ids[MOST_DELETED:]), []
    for run_id in run_ids[:MOST_DELETED]:
        try:
            log.delete(run_id)
        except UnknownRun:
            pass  # somebody else was quicker
        except RyxError as error:
            left.append(run_id)
            reasons.append(error.message)
    gone = len(run_ids) - len(left)
    done = f"Deleted {format_count(gone)} run{'' if gone == 1 else 's'}."
    more = run_ids[MOST_DELETED:]
    are = "is" if len(more) == 1 else "are"
    rest = [f"{format_count(len(more))} more {are} still picked: delete again."] if more else []
    return left, " ".join([*([done] if gone else []), *reasons[:3], *rest])


def parse_picked(value: Any) -> tuple[str, ...]:
    """The runs that the person picked."""
    items = value if isinstance(value, list) else []
    names = [item for item in items if isinstance(item, str) and 0 < len(item) <= 64]
    return tuple(dict.fromkeys(names))[:MOST_PICKED]


def _page(log: EventLog, query: RunsQuery) -> RunPage:
    try:
        return log.runs(limit=PAGE_SIZE, before=query.before, where=query.where)
    except UnknownRun:  # the last run of the page before was deleted
        return log.runs(limit=PAGE_SIZE, where=query.where)


def _hit(log: EventLog, run: Run, text: str) -> Hit | None:
    """The first event that has the text, unless the input says it already."""
    phrases, told = wanted(text), words(run.input)
    if all(contains(told, phrase) for phrase in phrases):
        return None
    where = RowFilter(upto=run.head, text=text, tokens=True)
    events = log.rows(run.run_id, where, limit=1).events
    if not events:
        return None
    return Hit(seq=events[0].seq, step=events[0].step, parts=excerpt(events[0], text))


def _if_new(options: Sequence[Mapping[str, str]], offered: Any) -> Any:
    """The options, unless all are offered: a select that is open stays as it is."""
    known = [one.get("value") for one in offered or () if isinstance(one, dict)]
    return no_update if all(one["value"] in known for one in options) else options


def _digest(lines: list[ListedRun], zone: ZoneInfo, today: date, query: RunsQuery) -> str:
    """Equal for lists that look the same."""
    told = (lines, zone.key, today, query.given)
    return blake2s(repr(told).encode(), digest_size=8).hexdigest()
