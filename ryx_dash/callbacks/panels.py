"""The panels of the live page: which of them a frame changes, and what they show then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ryx_dash.callbacks import frame as read
from ryx_dash.callbacks.drawn import Drawn
from ryx_dash.callbacks.monitor import Page
from ryx_dash.log.base import Run
from ryx_dash.projection.fold import initial
from ryx_dash.projection.rows import day, row
from ryx_dash.projection.state import Panel, RunState
from ryx_dash.protocol.steps import RunStatus
from ryx_dash.views import (
    answer,
    drawing,
    graph,
    header,
    monitor,
    runline,
    scrubber,
    states,
    steps,
    tools,
)

Views = dict[str, Any]
"""New values by the keys of :data:`callbacks.live.OUTPUTS` and of :data:`views.drawing.PLACES`;
what is missing stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A run as it is drawn now: ``since`` is the position up to which the page shows it already,
    -1 if it shows something else, or what comes later; ``asked_anew`` says that the person
    selected another node."""

    run: Run
    state: RunState
    since: int
    asked_anew: bool

    @property
    def status(self) -> RunStatus:
        """The run's status; the log's own where the state has caught up with it."""
        return self.run.status if self.state.seq >= self.run.head else self.state.status

    def changed(self, *panels: Panel) -> bool:
        """Whether any of ``panels`` has changed since the page was drawn."""
        if self.since < 0:
            return True
        return any(self.state.changed.get(panel, 0) > self.since for panel in panels)


def of_run(view: View, selected: str | None, drawn: Drawn) -> Views:
    """All panels but the monitor and the run line, as far as they have changed."""
    state = view.state
    views: Views = {"cancel": view.run.status.ended}
    if view.changed("topology"):
        views["elements"] = graph.elements(state.nodes)
    if view.changed("graph"):
        views["graph"] = graph.view(state)
    if view.changed("graph") or view.asked_anew:
        views |= _steps(state, selected, drawn)
    if view.changed("tools", "run"):
        views |= _tools(state)
    if view.changed("answer", "run"):
        views |= _answer(state)
    if view.changed("run", "graph", "answer") or state.seq == 0:
        views["answer_state"] = _answer_state(view)
    if view.changed("run"):
        views["model"] = header.model_in_use(state)
    return views


def of_table(view: View, page: Page, shown: read.Shown, asked: Mapping[str, Any]) -> Views:
    """The monitor and the run line. The rows are sent only if they are others than before."""
    state, total = view.state, page.rows.total
    zone = read.parse_zone(asked["zone"])
    views: Views = {
        "pages": page.pages,
        "note": monitor.note(
            total,
            state.seq,
            page=page.page,
            pages=page.pages,
            zone=zone.key,
            day=day(state.last, zone),
            cut=page.rows.cut,
            only=page.only,
        ),
        "reset": not page.narrowed,
        **_line(state, view.status, view.run.input),
        **_count(
            state,
            after=read.parse_mark(asked["cleared"], view.run.run_id) or 0,
            hidden=state.seq - total,
        ),
        "position": scrubber.position(state, view.run.head, zone),
    }
    if view.since < 0 or view.asked_anew or page.key != shown.rows:
        views["rows"] = [row(event, zone) for event in page.rows.events]
    if page.page != read.parse_page(asked["page"]):
        views["page"] = page.page
    return views


def of_no_run(examples: Sequence[str]) -> Views:
    """The page of a log without a run; ``examples`` are questions to begin with."""
    return _empty(runline.NO_RUN) | {"answer_state": states.first_visit(examples)}


def of_unknown(run_id: str) -> Views:
    """The page of a run that the log does not know."""
    return _empty("unknown") | {"answer_state": states.unknown_run(run_id)}


def of_unreadable() -> Views:
    """The page of a run that cannot be read, where none was drawn before: nothing is claimed."""
    return {
        **_line(None, "unknown"),
        **_count(None),
        drawing.of_count("children"): "",
        "position": "",
        "note": "",
        "tools_state": [],
        "answer_state": states.unreadable(),
    }


def _empty(status: str) -> Views:
    state = initial("")
    return {
        "cancel": True,
        **_line(None, status),
        **_count(None),
        "position": "no events",
        "model": header.model_in_use(None),
        "elements": graph.elements(state.nodes),
        "graph": graph.view(state),
        "steps": steps.items(state.steps),
        "rows": [],
        "page": 0,
        "pages": 1,
        "note": monitor.note(0, 0, page=0, pages=1, zone="UTC"),
        "reset": True,
        **_tools(state),
        **_answer(state),
    }


def _line(state: RunState | None, status: str, question: str = "") -> Views:
    clock = runline.clock(state)
    return {
        "facts": runline.facts(state, status=status, question=question),
        **{drawing.of_clock(prop): value for prop, value in clock.items()},
    }


def _count(state: RunState | None, **shown: int) -> Views:
    count = runline.count(state, **shown)
    return {drawing.of_count(prop): value for prop, value in count.items()}


def _steps(state: RunState, selected: str | None, drawn: Drawn) -> Views:
    new = drawn.is_new("steps", steps.facts(state.steps, selected))
    return {"steps": steps.items(state.steps, selected)} if new else {}


def _tools(state: RunState) -> Views:
    return {
        "tools": drawing.written(tools.cards(state.calls)),
        "tool_count": tools.count(state.calls_made),
        "tools_state": states.no_tools(state),
    }


def _answer(state: RunState) -> Views:
    settled = state.final or state.status.ended
    drawn = answer.answer(state.answer, final=settled, citations=state.citations)
    return {
        "answer": drawing.written(drawn),
        "answer_source": state.answer,
        "sources": answer.sources(state.citations) if settled else [],
    }


def _answer_state(view: View) -> list[Any]:
    if view.status == RunStatus.QUEUED:
        return states.queued(view.run.position)
    return states.beside_answer(view.state)
