"""What the inspector reads and sends, and what it leaves alone."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ryx_dash.callbacks.history import History
from ryx_dash.callbacks.inspector import look, parse_asked
from ryx_dash.errors import LogDamaged
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import EventKind, step_event
from ryx_dash.protocol.steps import INPUT, RAG
from tests.callbacks.test_live import Desk, call, progress, result, start, token
from tests.views.tree import text

UTC = ZoneInfo("UTC")


class Counting(MemoryLog):
    """Counts the events that are read."""

    reads = 0

    def read(self, run_id: str, *, after: int = 0, upto: int | None = None) -> Any:
        events = super().read(run_id, after=after, upto=upto)
        self.reads += len(events)
        return events


class Page:
    """A page with the inspector open."""

    def __init__(self) -> None:
        self.desk = Desk(Counting())
        self.log: Counting = self.desk.log
        self.history = History(self.log)
        self.drawn: dict[str, str] = {}
        self.views: dict[str, Any] = {}

    def ask(self, what: str, seq: int = 999, **more: Any) -> dict[str, Any]:
        run = self.desk.run.run_id
        asked = {"run": run, "seq": seq, "what": what, "form": "json", **self.drawn, **more}
        views = look(self.log, self.history, asked, UTC)
        self.drawn = views.get("shown", self.drawn)
        self.views |= views
        return views

    @property
    def body(self) -> str:
        return text(self.views["body"])


@pytest.fixture
def page():
    page = Page()
    done = step_event(EventKind.STEP_COMPLETE, INPUT, "read", data={"characters": 4})
    page.desk.run_of(start(), done, call("a"), *progress(500), result("a", {"x": 1}))
    return page


def test_only_the_events_that_say_it_are_read(page):
    page.history.at(page.desk.run.run_id, 999, budget=None)
    page.log.reads = 0
    page.ask("call:a")
    assert '"x": 1' in page.body
    assert page.log.reads == 2


def test_what_is_drawn_already_is_not_sent_nor_read(page):
    page.ask("call:a")
    page.log.reads = 0
    assert page.ask("call:a") == {}
    assert page.log.reads == 0
    assert page.ask("call:a", form="text").keys() == {"shown", "body"}
    assert page.ask("call:a", form="text", whole=True).keys() == {"shown", "body"}


def test_facts_that_change_leave_the_payloads_alone(page):
    page.ask("step:rag")
    page.desk.append(*progress(1))
    assert page.ask("step:rag").keys() == {"shown", "head"}


def test_the_answer_grows_in_it(page):
    page.desk.append(step_event(EventKind.STEP_START, RAG, "…"), token("one "))
    page.ask("step:llm_response")
    page.desk.append(token("two"))
    assert "body" in page.ask("step:llm_response")


def test_it_follows_the_position(page):
    page.ask("call:a", seq=3)
    assert '"x": 1' not in page.body
    assert "no such tool call up to event 2" in text(page.ask("call:a", seq=2)["head"])
    assert "later than the moment" in text(page.ask("event:9", seq=2)["head"])
    assert "later than the moment" in text(page.ask("event:9", seq=3)["head"])
    assert '"x": 1' in text(page.ask("call:a")["body"])


def test_an_address_that_names_nothing_is_said(page):
    assert "has to name" in text(page.ask("nonsense")["head"])


@pytest.mark.parametrize("value", [None, 7, {}, {"run": 3, "seq": 1}, {"run": "r", "seq": "x"}])
def test_what_is_no_question_has_no_answer(page, value):
    assert look(page.log, page.history, value, UTC) == {}


def test_a_question_is_read_with_distrust():
    asked = parse_asked({"run": "r", "seq": 1, "what": 5, "form": "pdf", "head": 3, "whole": "yes"})
    assert asked is not None
    assert (asked.subject, asked.form, asked.whole, asked.drawn) == (None, "json", False, ("", ""))


def test_a_log_that_fails_is_said(page, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise LogDamaged("Event 3 is damaged.")

    page.history.at(page.desk.run.run_id, 999, budget=None)
    monkeypatch.setattr(page.log, "read", fail)
    assert "Event 3 is damaged." in text(page.ask("event:3")["head"])
