"""Which run the timeline draws, up to where, and what it is compared with."""

import pytest

from ryx_dash.callbacks import timeline
from ryx_dash.callbacks.history import History
from ryx_dash.callbacks.timeline import figure
from ryx_dash.protocol.events import EventKind, step_event
from ryx_dash.protocol.steps import INPUT, RAG
from tests.callbacks.test_live import DONE, Desk, start


@pytest.fixture
def desk():
    return Desk()


def begun(*steps):
    return [step_event(EventKind.STEP_START, step, "…") for step in steps]


def drawn(desk, **asked):
    asked = {"run": desk.run.run_id, "seq": 99} | asked
    return figure(desk.log, History(desk.log), asked)


def spans(shown, name="spans"):
    return [trace["y"] for trace in shown["data"] if trace["name"] == name]


def test_it_shows_the_run_at_its_position(desk):
    desk.run_of(start(), *begun(INPUT, RAG))
    assert [list(y) for y in spans(drawn(desk))] == [["input", "rag"]]
    assert list(spans(drawn(desk, seq=2))[0]) == ["input"]


@pytest.mark.parametrize("asked", [None, 7, {}, {"run": "nobody", "seq": 3}, {"run": 5, "seq": 3}])
def test_what_is_no_run_is_not_drawn(desk, asked):
    assert figure(desk.log, History(desk.log), asked) is None


def test_the_newest_run_that_was_asked_the_same_is_the_ghost(desk):
    desk.run_of(start("why?"), *begun(INPUT), DONE, ask="why?")
    desk.run_of(start("why? really"), *begun(INPUT, RAG), DONE, ask="why? really")
    desk.run_of(start("why?"), *begun(RAG), ask="why?")
    assert [list(y) for y in spans(drawn(desk), "previous run")] == [["input"]]


def test_without_an_earlier_one_there_is_no_ghost(desk, monkeypatch):
    desk.run_of(start(), *begun(INPUT), DONE, ask="first")
    assert spans(drawn(desk), "previous run") == []
    desk.run_of(start(), ask="first")
    monkeypatch.setattr(timeline, "GHOST_EVENTS", 2)
    assert spans(drawn(desk), "previous run") == []
