"""The page that compares two runs, out of a log in memory."""

import dash
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.callbacks import compare
from ryx_dash.callbacks.compare import compare_runs, parse_pair
from ryx_dash.callbacks.history import History
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE
from tests.archive.runs import EVIL, drafts, recorded
from tests.views.tree import find, one, text

PARTED = "compare-parted"


@pytest.fixture
def log():
    return MemoryLog()


def shown(log, *runs):
    names = "&".join(f"{name}={run.run_id}" for name, run in zip("ab", runs, strict=False))
    return compare_runs(log, History(log), f"?{names}")


def legend(body):
    return [text(item) for item in one(body, className="compare-legend")["children"]]


def test_the_callback_can_be_registered(log):
    app = dash.Dash("test")
    compare.register(app, log, History(log))
    assert len(app._callback_list) == 2


def test_two_runs_that_did_the_same(log):
    body = shown(log, recorded(log), recorded(log))
    assert one(body, id="compare-parted")["data-parted"] == "false"
    assert find(body, data_differs="true") == []
    assert find(body, type="Del") == find(body, type="Ins") == []
    assert legend(body) == ["step of A, by time", "step of B, by time"]
    assert "It is **7421**" in text(body)
    assert len(find(body, type="Tr", data_differs="false")) == 8 + 2


def test_two_runs_that_part(log):
    a = recorded(log, answer_of("It is red"))
    b = recorded(log, answer_of("It is blue"), other_call())
    body = shown(log, a, b)
    parted = one(body, id="compare-parted")
    assert parted["data-parted"] == "true"
    assert text(parted).startswith("They were asked different queries. They first part in ")
    assert {link["href"].partition("=")[0] for link in find(parted["children"], type="A")} == {
        f"/runs/{a.run_id}?seq",
        f"/runs/{b.run_id}?seq",
    }
    assert [text(mark) for mark in find(body, type="Mark")]
    assert legend(body)[2:] == ["row differs", "valueargument differs"]
    assert "not called" in text(body)
    assert EVIL in text(body)


def answer_of(text):
    return f"What is {text}?"


def test_the_legend_has_the_marks_of_the_answers(log):
    made = [
        [Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": response})]
        for response in ("It is red.", "It is blue.")
    ]
    body = shown(log, *(recorded(log, "q", drafts) for drafts in made))
    assert legend(body)[-2:] == ["textonly in the answer of A", "textonly in the answer of B"]


def other_call():
    data = {"call_id": "z", "tool": "search_local", "args": {"query": "another"}}
    made = drafts()
    return [made[0], step_event(EventKind.TOOL_CALL, EXECUTE, "calls", data=data), made[-1]]


def test_a_run_that_waits_has_not_come_that_far(log):
    body = shown(log, recorded(log, "q", []), recorded(log, "q"))
    said = text(one(body, id=PARTED))
    assert "A has not come that far." in said
    assert "A is queued. Reload to compare again." in said
    assert "different queries" not in said


def test_a_run_and_itself(log):
    run = recorded(log)
    said = text(one(shown(log, run, run), id=PARTED))
    assert said == "A and B are the same run. Both did the same, times aside."


def test_each_run_says_when_it_began_and_why_it_failed(log):
    made = [
        Draft(event=EventKind.WORKFLOW_START),
        Draft(event=EventKind.WORKFLOW_ERROR, message=EVIL),
    ]
    run = recorded(log, "q", made)
    names = f"?a={run.run_id}&b={run.run_id}"
    body = compare_runs(log, History(log), names, "Asia/Tokyo")
    clocks = [text(clock) for clock in find(body, type="Time")]
    assert len(clocks) == 2
    assert all(clock.endswith(" Asia/Tokyo") for clock in clocks)
    assert [text(said) for said in find(body, className="compare-failure")] == [EVIL, EVIL]


def test_runs_that_only_failed_have_neither_tools_nor_answers(log):
    made = [Draft(event=EventKind.WORKFLOW_ERROR, message="no")]
    body = shown(log, recorded(log, "q", made), recorded(log, "q", made))
    assert "Neither run called a tool." in text(body)
    assert "Neither run has an answer." in text(body)


@pytest.mark.parametrize("search", [None, "", "?a=x", "?a=&b=", 5, "?b=1"])
def test_two_runs_must_be_named(log, search):
    body = compare_runs(log, History(log), search)
    assert "has to name two runs" in text(body)
    assert one(body, type="A")["href"] == "/runs"


def test_a_run_that_is_not_there_is_said(log):
    run = recorded(log)
    assert "There is no run 'x' in this log." in text(
        compare_runs(log, History(log), f"?a={run.run_id}&b=x")
    )
    log.close()
    assert "closed" in text(compare_runs(log, History(log), "?a=x&b=y"))


@given(st.text(max_size=40))
def test_any_address_is_read(search):
    pair = parse_pair("?" + search)
    assert pair is None or all(pair)


def progress(*values):
    """A run of steps that tell one value each, with a token after each."""
    return [
        made
        for value in values
        for made in (
            step_event(EventKind.STEP_COMPLETE, EXECUTE, "done", data={"value": value}),
            step_event(EventKind.LLM_TOKEN, EXECUTE, "", data={"text": "t"}),
        )
    ]


@pytest.mark.parametrize(
    ("a", "b", "parted"),
    [
        ("abcde", "abcde", False),
        ("abcdX", "abcdY", False),  # after what is compared
        ("abcde", "abcdefgh", False),
        ("abc", "abc", False),
        ("aXcde", "abcde", True),
        ("ab", "abcde", True),
        ("abcde", "ab", True),
        ("", "abcde", True),
    ],
)
@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_of_long_runs_the_first_events_are_compared(log, monkeypatch, a, b, parted, at_once):
    monkeypatch.setattr(compare, "MOST_COMPARED", 4)
    monkeypatch.setattr(compare, "AT_ONCE", at_once)
    said = one(shown(log, *(recorded(log, "q", progress(*run)) for run in (a, b))), id=PARTED)
    assert said["data-parted"] == str(parted).lower()
    cut = "in their first 4 events without tokens. Later events were not compared" in text(said)
    assert cut == (not parted and max(len(a), len(b)) > 4)


def test_a_run_is_not_read_to_be_compared_with_itself(log, monkeypatch):
    run = recorded(log, "q", progress(*"abcdef"))
    monkeypatch.setattr(compare, "MOST_COMPARED", 4)
    said = one(shown(log, run, run), id=PARTED)
    assert text(said).startswith("A and B are the same run. Both did the same, times aside.")
