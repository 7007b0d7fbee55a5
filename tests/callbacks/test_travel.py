"""Time travel: the same position is the same screen, live, replayed, or a year later."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from dash._utils import to_json

from ryx_dash.callbacks import travel
from ryx_dash.callbacks.history import History
from ryx_dash.callbacks.live import BUDGET
from ryx_dash.log.base import NewRun
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE, INPUT, LLM, RAG, STEPS
from tests.callbacks.test_live import Desk, call, progress, result, start, token
from tests.engine.runs import QUESTION, Recorder, an_engine, run
from tests.fakes.llm import serve_llm

NOT_OF_THE_MOMENT = {"send", "shown", "cancel", "position", "pages", "page", "notice"}
"""What does not show the run as it stood: acknowledgements, controls, and where one stands."""


def end(kind: EventKind = EventKind.WORKFLOW_COMPLETE, **data: Any) -> Draft:
    return Draft(event=kind, message="The end", latency=9.0, data=data)


def failing() -> list[Draft]:
    """Retries, parallel calls answered in another order, an unknown step, a failure."""
    retry = {"attempt": 2, "warning": True, "reason": "busy"}
    return [
        start("why?"),
        step_event(EventKind.STEP_START, INPUT, "Reading"),
        step_event(EventKind.STEP_COMPLETE, INPUT, "Read", latency=1.0, data={"text": "why?"}),
        step_event(EventKind.STEP_START, EXECUTE, "Two tools"),
        call("a"),
        call("b", "launch_app"),
        result("b", {"command": "ls", "stdout": "x", "stderr": "", "exit_code": 0}, "launch_app"),
        Draft(event="step_start", step="mystery", node="m", message="Nobody knows"),
        result("a", {"hits": [], "total": 0}),
        call("c"),
        Draft(event="something_new", message="Later versions"),
        step_event(EventKind.STEP_START, LLM, "Asking"),
        token("wrong "),
        step_event(EventKind.STEP_PROGRESS, LLM, "Again", data=retry),
        token("right"),
        step_event(EventKind.STEP_ERROR, LLM, "It broke", latency=3.0),
        end(EventKind.WORKFLOW_ERROR, code="llm", step="llm_response"),
        token("too late"),
    ]


def cancelled() -> list[Draft]:
    return [
        start("stop me"),
        *(step_event(EventKind.STEP_START, step, f"{step.label} begins") for step in STEPS[:5]),
        call("a"),
        *progress(60),
        end(EventKind.WORKFLOW_CANCELLED),
    ]


def interrupted() -> list[Draft]:
    return [start(), *progress(3), end(EventKind.WORKFLOW_ERROR, code="interrupted")]


HANDMADE = {"failing": failing, "cancelled": cancelled, "interrupted": interrupted}


@dataclass
class Take:
    """A recorded run."""

    drafts: list[Draft]
    question: str = "why?"


@pytest.fixture(params=["engine", "model", *HANDMADE])
async def take(request: pytest.FixtureRequest, tmp_path: Path) -> Take:
    """Runs of the engine, with and without a model, and some that it would rarely make."""
    if request.param in HANDMADE:
        return Take(HANDMADE[request.param]())
    recorder: Recorder
    if request.param == "engine":
        async with an_engine(tmp_path) as engine:
            recorder = await run(engine)
    else:
        with serve_llm(answer="It is **7421** (`notes.md:3`).") as llm:
            llm.tool_calls = [("search_local", {"query": "Zephyr"})]
            async with an_engine(tmp_path, llm_url=llm.url) as engine:
                recorder = await run(engine)
    begin = Draft(event=EventKind.WORKFLOW_START, message="Go", data={"input": QUESTION})
    return Take([begin, *recorder.events], QUESTION)


class Screen(Desk):
    """A page that remembers what it shows, view by view."""

    def __init__(self, log: MemoryLog | None = None) -> None:
        super().__init__(log)
        self.shown: dict[str, Any] = {}

    def change(self, *, pushed: bool = False, **asked: Any) -> dict[str, Any]:
        views = super().change(pushed=pushed, **asked)
        self.shown |= views
        return views

    def picture(self) -> dict[str, str]:
        """Every view as JSON. What nodes look like is in ``graph``, which is drawn over them."""
        views = {k: v for k, v in self.shown.items() if k not in NOT_OF_THE_MOMENT}
        views["elements"] = [element["data"]["id"] for element in views["elements"]]
        return {name: to_json(view) for name, view in views.items()}

    def go(self, seq: int | None) -> None:
        """The person moves the scrubber; ``None`` is back to live."""
        run_id = self.run.run_id
        self.change(pause=None if seq is None else {"run": run_id, "seq": seq})


def filmed(take: Take, **asked: Any) -> tuple[Screen, list[dict[str, str]]]:
    """A page that watched the run event by event, and what it showed after each."""
    live = Screen()
    live.asked |= asked
    live.run_of(ask=take.question)
    film = []
    for draft in take.drafts:
        if live.log.run(live.run.run_id).status.ended:
            break
        live.append(draft)
        live.frame()
        film.append(live.picture())
    return live, film


def viewer(live: Screen, **asked: Any) -> Screen:
    """Another page on the same log, in another process, much later."""
    other = Screen(live.log)
    other.run = live.run
    other.asked |= asked
    other.frame()
    return other


CONTROLS = [
    {},
    {"tokens": True},
    {"selected": {"node": "execute"}, "level": "success"},
    {"sort": [{"column_id": "latency", "direction": "desc"}]},
]


@pytest.mark.parametrize("asked", CONTROLS, ids=["plain", "tokens", "selected", "sorted"])
async def test_every_prefix_looks_as_it_did_live(take: Take, asked: dict[str, Any]) -> None:
    live, film = filmed(take, **asked)
    for order in ("forwards", "backwards", "anyhow"):
        places = list(range(1, len(film) + 1))
        if order == "backwards":
            places.reverse()
        elif order == "anyhow":
            Random(7).shuffle(places)
        other = viewer(live, **asked)
        for seq in places:
            other.go(seq)
            assert other.picture() == film[seq - 1], (order, seq)
        other.go(None)
        assert other.picture() == film[-1]


async def test_opened_at_a_moment_it_looks_as_it_did_then(take: Take) -> None:
    live, film = filmed(take)
    for seq in range(1, len(film) + 1):
        other = Screen(live.log)
        other.run = live.run
        other.asked["pause"] = {"run": live.run.run_id, "seq": seq}
        other.frame()
        assert other.picture() == film[seq - 1]


# -- getting there --------------------------------------------------------------------------------


@pytest.fixture
def desk() -> Screen:
    return Screen()


def test_a_step_far_away_leads_there_at_once_a_link_in_parts(desk: Screen) -> None:
    desk.run_of(start(), *progress(3 * BUDGET))
    far = 2 * BUDGET + 5
    desk.asked["pause"] = {"run": desk.run.run_id, "seq": far}
    stages = [desk.frame()["shown"]["seq"] for _ in range(3)]
    assert (stages[0], stages[-1]) == (BUDGET, far)
    other = viewer(desk)
    other.go(far)
    assert other.asked["shown"]["seq"] == far
    other.go(7)
    assert other.asked["shown"]["seq"] == 7


def test_the_page_knows_the_steps_that_lie_ahead(desk: Screen) -> None:
    done = step_event(EventKind.STEP_COMPLETE, RAG, "Done", latency=1.0)
    desk.run_of(start(), *progress(3), done, end(response="x"))
    steps = desk.frame()["shown"]["steps"]
    assert steps == [2, 5]
    desk.go(2)
    assert desk.asked["shown"]["steps"] == steps


def test_a_place_beyond_the_end_is_the_end(desk: Screen) -> None:
    desk.run_of(start(), *progress(3))
    desk.frame()
    desk.go(999)
    assert desk.asked["shown"]["seq"] == 4
    assert desk.shown["position"].startswith("event 4 of 4 · ")


# -- playing --------------------------------------------------------------------------------------


@pytest.fixture
def log() -> Iterator[MemoryLog]:
    log = MemoryLog()
    yield log
    log.close()


def test_the_page_is_told_when_the_next_events_happened(log: MemoryLog) -> None:
    log.start(NewRun(input="q"))
    run = log.claim("me", at_once=1, lease_seconds=60)
    times = ["1970-01-01T00:00:01.500000Z", "never", "1970-01-01T00:00:02.000000Z"]
    events = [start().at(run.run_id, seq, ts) for seq, ts in enumerate(times, 1)]
    log.append(run.lease, events)
    told = travel.ahead(log, {"run": run.run_id, "after": 0})
    assert told == {"run": run.run_id, "after": 0, "times": [1500.0, 1500.0, 2000.0]}
    assert travel.ahead(log, {"run": run.run_id, "after": 2})["times"] == [2000.0]
    assert travel.ahead(log, {"run": "nobody", "after": 0})["times"] == []
    for nonsense in (None, 7, {}, {"run": run.run_id}, {"run": run.run_id, "after": -1}):
        assert travel.ahead(log, nonsense) is None
    json.dumps(told)


def test_no_more_is_told_than_a_while_of_playing_needs(desk: Screen) -> None:
    desk.run_of(start(), *progress(travel.AHEAD + 50))
    told = travel.ahead(desk.log, {"run": desk.run.run_id, "after": 3})
    assert len(told["times"]) == travel.AHEAD
    assert History(desk.log).at(desk.run.run_id, 1).seq == 1
