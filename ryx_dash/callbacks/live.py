"""The server callback of the live page: a frame comes in, the panels that it changed go out.

It is stateless, so any worker can answer for any run at any position. It asks the log how far it
has grown, never the page, and answers every frame with ``shown``, upon which the gateway sends
the next one: so one call is under way at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from uuid import uuid4

from dash import Dash, Input, Output, State, ctx, no_update

from ryx_dash.callbacks import frame as read
from ryx_dash.callbacks import monitor, panels
from ryx_dash.callbacks.drawn import Drawn
from ryx_dash.callbacks.history import SPACING, History
from ryx_dash.callbacks.panels import View, Views
from ryx_dash.errors import LogError
from ryx_dash.log.base import EventLog, Run
from ryx_dash.projection.state import RunState
from ryx_dash.projection.text import between
from ryx_dash.protocol.events import now
from ryx_dash.protocol.executor import Model
from ryx_dash.protocol.frames import Envelope, Shown
from ryx_dash.views import drawing, ids, outputs
from ryx_dash.views.form import model_options

BUDGET = 2000
"""Events folded at most for one frame: a long run that nobody has looked at yet comes in parts."""

OUTPUTS = {
    "send": Output(ids.SOCKET, "send"),
    "shown": Output(ids.SHOWN, "data"),
    "notice": Output(ids.NOTICE, "children"),
    "drawn": Output(ids.VIEWS, drawing.PROPERTY),
    "cancel": Output(ids.CANCEL, "hidden"),
    "elements": Output(ids.GRAPH, "elements"),
    "graph": Output(ids.GRAPH_VIEW, "data"),
    "rows": Output(ids.TABLE, "data"),
    "page": Output(ids.TABLE, "page_current"),
    "pages": Output(ids.TABLE, "page_count"),
    "reset": Output(ids.FILTER_RESET, "hidden"),
    "tools": Output(ids.TOOLS, drawing.CONTENT),
    "answer": Output(ids.ANSWER, drawing.CONTENT),
    "sources": Output(ids.ANSWER_SOURCES, "children"),
}
INPUTS = {
    "message": Input(ids.SOCKET, "message"),
    "steps": Input(ids.FILTER_STEPS, "value"),
    "level": Input(ids.FILTER_LEVEL, "value"),
    "text": Input(ids.FILTER_TEXT, "value"),
    "tokens": Input(ids.FILTER_TOKENS, "value"),
    "page": Input(ids.TABLE, "page_current"),
    "sort": Input(ids.TABLE, "sort_by"),
    "selected": Input(ids.SELECTED, "data"),
    "pause": Input(ids.PAUSED, "data"),
    "follow": Input(ids.FOLLOWING, "data"),
    "cleared": Input(ids.CLEARED, "data"),
    "shown": State(ids.SHOWN, "data"),
    "zone": State(ids.ZONE, "data"),
    "notice": State(ids.NOTICE, "children"),
}


class Advice(Protocol):
    """What the executor can tell a person who is about to ask. Both may take two seconds."""

    def models(self) -> Sequence[Model]:
        """The models that can be chosen."""
        ...

    def examples(self) -> Sequence[str]:
        """Questions that would be answered well."""
        ...


def register(app: Dash, log: EventLog, history: History, advice: Advice) -> None:
    """Register the page's server callbacks."""

    def draw(asked: Mapping[str, Any]) -> Views:
        pushed = f"{ids.SOCKET}.message" in ctx.triggered_prop_ids
        views = answer_frame(log, history, asked, pushed=pushed, examples=advice.examples)
        return dict.fromkeys(OUTPUTS, no_update) | placed(views)

    def list_models(_: bool) -> list[dict[str, Any]]:
        return model_options(advice.models())

    def show_whole(asked: Any, shown: Any) -> Any:
        return whole_output(history, read.parse_shown(shown), asked) or no_update

    app.callback(output=OUTPUTS, inputs={"asked": INPUTS}, prevent_initial_call=True)(draw)
    app.callback(
        Output(ids.MODEL, "options"),
        # Set when the page is connected: to ask other servers for models would delay that.
        Input(ids.MODELS_ASKED, "data"),
        prevent_initial_call=True,
    )(list_models)
    app.callback(
        Output(ids.WHOLE_SHOWN, "data"),
        Input(ids.WHOLE_ASKED, "data"),
        State(ids.SHOWN, "data"),
        prevent_initial_call=True,
    )(show_whole)


def answer_frame(
    log: EventLog,
    history: History,
    asked: Mapping[str, Any],
    *,
    pushed: bool,
    examples: Callable[[], Sequence[str]] = tuple,
) -> Views:
    """The views for what the page asks (the keys of :data:`INPUTS`), before they are placed.

    ``pushed``: the frame has just arrived. Otherwise the person changed a control, and the frame
    is acknowledged only if this call has overtaken its own. A log that cannot be read is said so
    and not acknowledged: the page's watchdog asks again, ever more seldom. What was drawn
    before stays; where nothing was, nothing is claimed of runs.
    """
    frame = read.parse_frame(asked["message"])
    if frame is None:
        return {}
    shown = read.parse_shown(asked["shown"])
    try:
        views = _views(log, history, frame, shown, asked, examples, pushed=pushed)
    except LogError as error:
        nothing_drawn = panels.of_unreadable() if shown.seq < 0 else {}
        return {"notice": error.message, **nothing_drawn}
    if pushed or frame.n != shown.n:
        drawn = Shown(n=frame.n, run=frame.run, seq=views["shown"]["seq"])
        views["send"] = Envelope(c=uuid4().hex, m=(drawn,)).model_dump_json()
    return views


def placed(views: Views) -> Views:
    """The views by the keys of :data:`OUTPUTS`: those that the page draws by itself are one."""
    by_page = {key: view for key, view in views.items() if key in drawing.PLACES}
    others = {key: view for key, view in views.items() if key not in drawing.PLACES}
    return others | ({"drawn": drawing.text(by_page)} if by_page else {})


def whole_output(history: History, shown: read.Shown, asked: Any) -> dict[str, Any] | None:
    """What was ``asked`` for, the whole output of a ``call`` of the shown run, with the ``content``
    that the page is to draw; ``None`` if there is no such call."""
    if shown.run is None or not isinstance(asked, dict):
        return None
    state = history.at(shown.run, shown.seq, budget=None)
    call = next((call for call in state.calls if call.call_id == asked.get("call")), None)
    if call is None:
        return None
    whole = outputs.draw(call.tool, call.output, whole=True)
    return {**asked, "run": shown.run, "content": drawing.written(whole.parts)}


def _views(
    log: EventLog,
    history: History,
    frame: read.Frame,
    shown: read.Shown,
    asked: Mapping[str, Any],
    examples: Callable[[], Sequence[str]],
    *,
    pushed: bool,
) -> Views:
    run = log.run(frame.run) if frame.run else None
    store: Views = {"n": frame.n, "run": frame.run, "log": log.identity, "seq": 0}
    if run is None:
        empty = panels.of_unknown(frame.run) if frame.run else panels.of_no_run(examples())
        return {**_no_notice(asked), "shown": store, **empty}
    key = monitor.asked_key(asked)
    since = shown.since(run.run_id, log.identity, run.head)
    state = _state(history, run, since, asked, pushed=pushed)
    # Of what lies after a place that the person went back to, the state there knows nothing.
    known = since if since <= state.seq else -1
    view = View(run=run, state=state, since=known, asked_anew=key != shown.asked)
    drawn = Drawn(shown.drawn if known >= 0 else {})
    page = monitor.page(log, state, asked, sorted_as=shown.sort)
    store |= {
        "seq": state.seq,
        "head": run.head,
        "status": view.status,
        "quiet": between(state.heard, now()),
        "acknowledged": state.acknowledged,
        "new": _new(run, state, asked),
        "page": page.page,
        "pages": page.pages,
        "asked": key,
        "rows": page.key,
        "sort": monitor.sort_key(asked),
        "steps": _steps(history, run, state, asked),
    }
    views = panels.of_run(view, read.parse_selected(asked["selected"]), drawn)
    views = drawn.without_the_same({**views, **panels.of_table(view, page, shown, asked)})
    return {**_no_notice(asked), "shown": {**store, "drawn": drawn.digests}, **views}


def _no_notice(asked: Mapping[str, Any]) -> Views:
    """Takes away what the page says about a log that could not be read."""
    return {} if asked["notice"] is None else {"notice": None}


def _state(
    history: History, run: Run, since: int, asked: Mapping[str, Any], *, pushed: bool
) -> RunState:
    """The run as far as the log has it, or where the person stopped it or went to.

    After a frame a long way is taken in parts, since another frame follows. Nothing follows a
    person's step: it leads to its place at once.
    """
    paused = read.parse_mark(asked["pause"], run.run_id)
    upto = run.head if paused is None else min(paused, run.head)
    stages = pushed or paused is None
    state = history.at(run.run_id, upto, budget=BUDGET if stages else None)
    if state.seq < min(since, upto):  # another worker had come further: never go back
        state = history.at(run.run_id, min(since, upto), budget=None)
    return state


def _steps(history: History, run: Run, state: RunState, asked: Mapping[str, Any]) -> list[int]:
    """Where steps begin and end, also past the place that the person went to: the next ones.

    How far it is to them, nobody knows: so each look goes twice as far as the last. The places
    are those of snapshots, and serve for many positions before them.
    """
    found = set(state.boundaries)
    if read.parse_mark(asked["pause"], run.run_id) is None:
        return sorted(found)
    here, ahead = state.seq // SPACING * SPACING, 2 * SPACING
    while max(found, default=0) <= state.seq and here < run.head:
        here, ahead = here + ahead, 2 * ahead
        found |= {*history.at(run.run_id, here, budget=BUDGET).boundaries}
    return sorted(found)


def _new(run: Run, state: RunState, asked: Mapping[str, Any]) -> int:
    """Events that came since the person paused, or stopped following."""
    stopped = read.parse_follow(asked["follow"])
    return run.head - min(state.seq, state.seq if stopped is None else stopped)
