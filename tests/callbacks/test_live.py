"""What the page gets for a frame, out of a log in memory."""

import json
from contextlib import suppress
from types import SimpleNamespace

import dash
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.callbacks import live
from ryx_dash.callbacks.history import History
from ryx_dash.callbacks.live import INPUTS, OUTPUTS, answer_frame, whole_output
from ryx_dash.errors import RyxError
from ryx_dash.log.base import NewRun
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import ACKNOWLEDGED, Draft, EventKind, now, step_event
from ryx_dash.protocol.executor import Model
from ryx_dash.protocol.steps import EXECUTE, INPUT, LLM, RAG
from ryx_dash.views import drawing, ids, runline, states
from tests.projection.events import drafts
from tests.views.tree import find, one, text

NOTHING = {
    "message": None,
    "steps": "",
    "level": "",
    "text": "",
    "tokens": False,
    "page": 0,
    "sort": [],
    "selected": {"node": None},
    "pause": None,
    "follow": {"on": True},
    "cleared": None,
    "shown": None,
    "zone": "UTC",
    "notice": None,
}


def start(text="why?"):
    return Draft(event=EventKind.WORKFLOW_START, message="Go", data={"input": text})


def progress(count, step=RAG):
    return [step_event(EventKind.STEP_PROGRESS, step, f"part {i}") for i in range(count)]


def token(text):
    return step_event(EventKind.LLM_TOKEN, LLM, "", data={"text": text})


def call(call_id, tool="search_local"):
    data = {"call_id": call_id, "tool": tool, "args": {"query": "x"}}
    return step_event(EventKind.TOOL_CALL, EXECUTE, "calls", data=data)


def result(call_id, output, tool="search_local"):
    data = {"call_id": call_id, "tool": tool, "success": True, "output": output}
    return step_event(EventKind.TOOL_RESULT, EXECUTE, "has", data=data)


DONE = Draft(event=EventKind.WORKFLOW_COMPLETE, message="Done", data={"response": "It is **7421**"})


class Desk:
    """A page and its log: what a browser would keep between two frames."""

    def __init__(self, log=None):
        self.log = log or MemoryLog()
        self.history = History(self.log)
        self.asked = dict(NOTHING)
        self.run = None
        self.n = 0

    def run_of(self, *drafts, ask="why?"):
        run, _ = self.log.start(NewRun(input=ask))
        self.run = self.log.claim("me", at_once=99, lease_seconds=1e6)
        assert self.run.run_id == run.run_id
        self.append(*drafts)
        return run.run_id

    def append(self, *drafts):
        head = self.log.head(self.run.run_id)
        events = [d.at(self.run.run_id, head + i, now()) for i, d in enumerate(drafts, 1)]
        if events:
            self.log.append(self.run.lease, events)

    def frame(self, run="", *, examples=tuple, **asked):
        """The next frame of the gateway; what it draws is then what the page shows."""
        self.n += 1
        named = (self.run.run_id if self.run else None) if run == "" else run
        self.asked["message"] = {"data": json.dumps({"n": self.n, "run": named})}
        return self.change(pushed=True, examples=examples, **asked)

    def change(self, *, pushed=False, examples=tuple, **asked):
        """The person changes a control."""
        self.asked |= asked
        views = answer_frame(self.log, self.history, self.asked, pushed=pushed, examples=examples)
        self.asked["shown"] = views.get("shown", self.asked["shown"])
        self.asked["page"] = views.get("page", self.asked["page"])
        return views


@pytest.fixture
def desk():
    return Desk()


def acknowledged(views):
    return json.loads(views["send"])["m"][0]


def messages(views):
    return [row["message"] for row in views["rows"]]


def test_every_view_goes_to_an_output(desk):
    desk.run_of(start(), DONE)
    places = {*OUTPUTS, *drawing.PLACES}
    assert set(desk.frame()) <= places
    assert set(desk.frame(run="nobody")) <= places
    assert set(NOTHING) == set(INPUTS)


def test_a_frame_draws_the_run_and_is_acknowledged(desk):
    run_id = desk.run_of(start(), *progress(3), DONE)
    views = desk.frame()
    assert acknowledged(views) == {"type": "shown", "n": 1, "run": run_id, "seq": 5}
    status = one(views["facts"], id=ids.RUN_STATUS)
    assert (status["data-run-id"], status["data-status"]) == (run_id, "success")
    assert text(json.loads(views["answer"])) == "It is 7421"
    assert views["answer_source"] == "It is **7421**"
    assert views["cancel"] is True
    assert messages(views) == ["Go", "part 0", "part 1", "part 2", "Done"]


def test_no_two_acknowledgements_are_the_same_text(desk):
    desk.run_of(start())
    first = desk.frame()["send"]
    assert first != answer_frame(desk.log, desk.history, desk.asked, pushed=True)["send"]


def test_only_what_changed_is_drawn_again(desk):
    desk.run_of(start(), *progress(2))
    desk.frame()
    still = desk.frame()
    clock = {f"clock {prop}" for prop in runline.clock(None)}
    count = {f"count {prop}" for prop in runline.count(None)}
    assert set(still) == {"send", "shown", "position"} | clock | count
    desk.append(token("hello"))
    streamed = desk.frame()
    assert text(json.loads(streamed["answer"])) == "hello"
    assert not {"rows", "tools", "elements", "graph", "steps"} & set(streamed)
    desk.append(call("a"))
    called = desk.frame()
    assert {"rows", "tools", "elements", "graph"} <= set(called)
    assert "answer" not in called


def test_a_page_that_comes_back_to_another_log_is_drawn_anew(desk):
    desk.run_of(start(), DONE)
    desk.frame()
    desk.asked["shown"]["log"] = "another"
    assert {"answer", "elements", "rows"} <= set(desk.frame())


def test_a_page_that_has_seen_more_than_the_log_holds_is_drawn_anew(desk):
    desk.run_of(start(), *progress(3))
    desk.frame()
    desk.asked["shown"]["seq"] = 900  # before an older copy of the log took its place
    views = desk.frame()
    assert {"answer", "elements", "rows", "facts", "steps"} <= set(views)
    assert views["shown"]["seq"] == acknowledged(views)["seq"] == 4


def test_a_control_is_answered_without_acknowledging_twice(desk):
    desk.run_of(start(), *progress(2), DONE)
    desk.frame()
    views = desk.change(steps="rag_context")
    assert "send" not in views
    assert messages(views) == ["part 0", "part 1"]


def test_a_control_that_overtakes_a_frame_acknowledges_it(desk):
    desk.run_of(start())
    desk.asked["message"] = {"data": json.dumps({"n": 8, "run": desk.run.run_id})}
    assert acknowledged(desk.change(level="error"))["n"] == 8


def test_without_a_run_examples_are_offered(desk):
    views = desk.frame(run=None, examples=lambda: ["one?", "two?"])
    asks = find(views["answer_state"], className="example-query")
    assert [ask["data-query"] for ask in asks] == ["one?", "two?"]
    assert acknowledged(views) == {"type": "shown", "n": 1, "run": None, "seq": 0}
    assert views["cancel"] is True


def test_an_unknown_run_is_said(desk):
    views = desk.frame(run="nobody")
    assert "no run nobody" in text(views["answer_state"])
    assert one(views["facts"], id=ids.RUN_STATUS)["data-status"] == "unknown"


def test_a_queued_run_says_its_place():
    desk = Desk()
    desk.log.start(NewRun(input="first"))
    second, _ = desk.log.start(NewRun(input="second"))
    views = desk.frame(run=second.run_id)
    assert "position 2" in text(views["answer_state"])
    assert one(views["facts"], id=ids.RUN_STATUS)["data-status"] == "queued"
    assert views["cancel"] is False
    desk.run = desk.log.claim("me", at_once=9, lease_seconds=99)
    assert "position 1" in text(desk.frame(run=second.run_id)["answer_state"])


def test_a_running_run_can_be_cancelled_and_says_what_it_does(desk):
    desk.run_of(start(), step_event(EventKind.STEP_START, INPUT, "Reading"))
    views = desk.frame()
    assert views["cancel"] is False
    assert text(views["answer_state"]) == "Input: Reading"


def test_a_run_that_a_backend_only_acknowledged_says_so(desk):
    desk.run_of(start(), Draft(event=ACKNOWLEDGED))
    views = desk.frame()
    assert "The backend has the command" in text(views["answer_state"])
    assert views["shown"]["acknowledged"] is True
    assert 0 <= views["shown"]["quiet"] < 60_000
    desk.append(Draft(event="note"))
    views = desk.frame()
    assert "has started" in text(views["answer_state"])
    assert views["shown"]["acknowledged"] is False


def test_a_failed_run_says_why(desk):
    desk.run_of(start(), Draft(event=EventKind.WORKFLOW_ERROR, message="The disk is full."))
    assert "The disk is full." in text(desk.frame()["answer_state"])


def test_a_second_run_starts_clean(desk):
    desk.run_of(start(), call("a"), result("a", {}), DONE)
    desk.frame()
    desk.run_of(start("and now?"))
    views = desk.frame()
    assert views["tools"] == "[]"
    assert views["answer"] == "[]"
    assert views["tool_count"] == "0"
    assert {item["data-status"] for item in find(views["steps"], type="Li")} == {"pending"}
    assert len(views["rows"]) == 1


def test_the_newest_page_is_followed(desk):
    desk.run_of(start(), *progress(120))
    views = desk.frame()
    assert messages(views)[-1] == "part 119"
    assert len(views["rows"]) == 50
    assert (views["page"], views["pages"]) == (2, 3)


def test_a_page_that_was_turned_to_stays(desk):
    desk.run_of(start(), *progress(120))
    desk.frame()
    views = desk.change(page=0, follow={"on": False, "seq": 121})
    assert messages(views)[0] == "Go"
    desk.append(*progress(30))
    later = desk.frame()
    assert "rows" not in later
    assert "page" not in later
    assert later["shown"]["new"] == 30


def test_a_page_beyond_the_end_is_the_last(desk):
    desk.run_of(start(), *progress(60))
    desk.frame()
    views = desk.change(page=999, follow={"on": False, "seq": 61})
    assert views["page"] == 1
    assert messages(views)[-1] == "part 59"


def test_a_sorted_table_does_not_follow(desk):
    desk.run_of(start(), *progress(60))
    desk.frame()
    views = desk.change(sort=[{"column_id": "time", "direction": "desc"}])
    assert messages(views)[0] == "part 59"
    assert views["page"] == 0
    assert messages(desk.change(page=1))[-1] == "Go"


def test_pause_freezes_the_view(desk):
    run_id = desk.run_of(start(), *progress(2))
    desk.frame()
    desk.append(*progress(5), DONE)
    views = desk.frame(pause={"run": run_id, "seq": 3})
    assert "answer" not in views
    assert views["shown"]["seq"] == 3
    assert views["shown"]["new"] == 6
    assert views["count data-head"] == "3"
    assert "facts" not in views  # it is drawn as running already
    resumed = desk.change(pause=None)
    assert text(json.loads(resumed["answer"])) == "It is 7421"
    assert one(resumed["facts"], id=ids.RUN_STATUS)["data-status"] == "success"


def test_clearing_hides_and_counts_what_was_there(desk):
    run_id = desk.run_of(start(), *progress(3))
    desk.frame()
    desk.append(DONE)
    views = desk.frame(cleared={"run": run_id, "seq": 4})
    assert messages(views) == ["Done"]
    assert views["count data-hidden"] == "4"


def test_hidden_tokens_are_counted_and_can_be_shown(desk):
    desk.run_of(start(), token("a"), token("b"))
    views = desk.frame()
    assert views["count data-hidden"] == "2"
    assert messages(desk.change(tokens=True)) == ["Go", "a", "b"]


def test_an_empty_filter_says_so_and_can_be_cleared(desk):
    desk.run_of(start(), *progress(3))
    desk.frame()
    views = desk.change(level="error")
    assert views["note"].startswith("0 of 4 shown")
    assert views["reset"] is False
    assert desk.change(level="")["reset"] is True


def test_a_selected_step_narrows_the_monitor(desk):
    done = step_event(EventKind.STEP_COMPLETE, INPUT, "read", data={"characters": 4})
    desk.run_of(start(), done, *progress(3))
    desk.frame()
    views = desk.change(selected={"node": "input"}, steps="rag_context")
    assert messages(views) == ["read"]
    assert "1 of 5 shown · only step Input · " in views["note"]
    assert views["reset"] is False
    assert one(views["steps"], aria_current="true")["data-node"] == "input"
    assert len(messages(desk.change(selected={"node": None}, steps=""))) == 5


def test_a_selected_call_shows_its_two_events(desk):
    desk.run_of(start(), call("a"), call("b"), result("a", {"x": 1}), result("b", {}))
    desk.frame()
    views = desk.change(selected={"node": "call:a"})
    assert [row["call_id"] for row in views["rows"]] == ["a", "a"]
    assert "only a call of " in views["note"]


def test_times_are_in_the_zone_of_the_browser(desk):
    desk.run_of(start())
    here = desk.frame()["rows"][0]["time"]
    there = desk.change(zone="Asia/Kolkata")
    assert there["rows"][0]["time"] != here
    assert "Asia/Kolkata" in there["note"]


def test_a_long_run_comes_in_parts(desk, monkeypatch):
    monkeypatch.setattr(live, "BUDGET", 40)
    desk.run_of(start(), *progress(99))
    assert [desk.frame()["shown"]["seq"] for _ in range(3)] == [40, 80, 100]


def test_another_worker_never_goes_back(desk, monkeypatch):
    monkeypatch.setattr(live, "BUDGET", 40)
    desk.run_of(start(), *progress(99))
    for _ in range(3):
        desk.frame()
    desk.history = History(desk.log)
    assert desk.frame()["shown"]["seq"] == 100


def test_a_log_that_cannot_be_read_is_said_and_not_acknowledged(desk):
    desk.run_of(start())
    desk.frame()
    desk.log.close()
    views = desk.frame()
    assert views.keys() == {"notice"}
    assert views["notice"]


def test_a_page_that_never_could_read_the_log_claims_nothing(desk):
    desk.run_of(start())
    desk.log.close()
    views = desk.frame()
    assert views["notice"]
    assert "send" not in views
    assert text(views["answer_state"]) == text(states.unreadable())
    assert "unknown" in text(views["facts"])
    assert "no run yet" not in text(views["facts"])


def test_the_whole_output_of_a_call(desk):
    hits = [{"path": f"{i}.md", "line": 1, "snippet": "s"} for i in range(40)]
    run_id = desk.run_of(start(), call("a"), result("a", {"hits": hits, "total": 40}))
    desk.frame()
    shown = SimpleNamespace(run=run_id, seq=3)
    whole = whole_output(desk.history, shown, {"call": "a", "asked": 3})
    assert (whole["call"], whole["asked"], whole["run"]) == ("a", 3, run_id)
    assert len(find(json.loads(whole["content"]), type="Li")) == 40
    for hostile in ("a", None, ["a"], {}, {"call": "b"}, {"call": ["a"]}):
        assert whole_output(desk.history, shown, hostile) is None
    assert whole_output(desk.history, SimpleNamespace(run=None, seq=3), {"call": "a"}) is None


STORIES = st.lists(st.lists(drafts, max_size=6), min_size=1, max_size=5)


@given(STORIES, st.sampled_from([None, "input", "llm"]))
def test_what_came_in_parts_is_what_one_would_see_at_once(story, selected):
    desk = Desk()
    desk.run_of(start())
    page = {}
    for part in story:
        with suppress(RyxError):  # an end in the middle, or something after it: not taken
            desk.append(*part)
        page |= desk.frame(selected={"node": selected})
    desk.asked["shown"] = None
    anew = desk.frame()
    own = {"send", "shown", "page", "elements"}  # `graph` brings the nodes up to date
    assert {k: repr(v) for k, v in page.items() if k not in own} == {
        k: repr(v) for k, v in anew.items() if k not in own
    }


def test_a_page_is_told_that_the_log_can_be_read_again(desk):
    desk.run_of(start())
    desk.frame()
    assert "notice" not in desk.frame()
    assert desk.frame(notice="The event log failed.")["notice"] is None


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["run", "seq", "n", "on", "node", "log"]), inner)
    ),
    max_leaves=8,
)


@given(st.fixed_dictionaries({name: HOSTILE for name in INPUTS if name != "message"}))
def test_whatever_a_page_sends_it_gets_an_answer(hostile):
    desk = Desk()
    desk.run_of(start(), call("a"), *progress(3), DONE)
    views = desk.frame(**hostile)
    assert acknowledged(views)["seq"] <= 6
    assert views["shown"]["head"] == 6


def test_a_message_that_is_no_frame_changes_nothing(desk):
    assert desk.change(message={"data": "?"}) == {}


def test_the_callbacks_are_registered(desk):
    app = dash.Dash("test")
    models = [Model(id="m", name="m", size=None, available=True)]
    live.register(app, desk.log, desk.history, lambda: models)
    outputs = " ".join(app.callback_map)
    assert f"{ids.SOCKET}.send" in outputs
    assert f"{ids.MODEL}.options" in outputs
    assert f"{ids.WHOLE_SHOWN}.data" in outputs
