from dataclasses import replace

import pytest

from ryx_dash.projection.fold import initial
from ryx_dash.projection.state import RunState
from ryx_dash.protocol.steps import NodeStatus, RunStatus
from ryx_dash.views import ids
from ryx_dash.views.runline import clock, count, facts, line
from tests.views.tree import one, text

STATE = RunState(
    run_id="r1",
    seq=48_211,
    status=RunStatus.SUCCESS,
    latency=1240.0,
    nodes=initial("r1").nodes,
)


def test_the_facts_are_what_the_contract_says():
    shown = facts(STATE, status="success", question="why?")
    status = one(shown, id=ids.RUN_STATUS)
    assert (status["data-run-id"], status["data-status"]) == ("r1", "success")
    assert "why?" in text(shown)


def test_the_count_is_what_the_contract_says():
    shown = count(STATE)
    assert shown["children"] == "events 1–48,211 · 0 gaps · 0 duplicates"
    assert shown["data-head"] == "48211"
    assert shown["data-gaps"] == shown["data-duplicates"] == shown["data-hidden"] == "0"


def test_hidden_events_are_counted():
    shown = count(STATE, hidden=1_042)
    assert shown["data-hidden"] == "1042"
    assert shown["children"].endswith("1,042 hidden")


def test_missing_and_repeated_events_are_told():
    shown = count(RunState(run_id="r", seq=9, gaps=1, duplicates=2))
    assert "1 gap · 2 duplicates" in shown["children"]
    assert "wrong" in shown["className"]


@pytest.mark.parametrize(
    ("after", "words"),
    [(0, "events 1–48,211"), (100, "events 101–48,211"), (48_211, "events cleared up to 48,211")],
)
def test_a_cleared_view_says_where_it_begins(after, words):
    assert count(STATE, after=after)["children"].startswith(words)


def test_the_clock_ticks_only_while_the_run_goes_on():
    running = RunState(
        run_id="r",
        status=RunStatus.RUNNING,
        started="2026-01-01T00:00:00.000000Z",
        last="2026-01-01T00:00:05.000000Z",
    )
    shown = clock(running)
    assert (shown["data-started"], shown["data-last"]) == (running.started, running.last)
    assert shown["children"] == shown["data-elapsed"] == "5.00 s"
    over = clock(STATE)
    assert over["children"] == over["data-elapsed"] == "1.24 s"
    assert over["data-started"] is over["data-last"] is None


def test_without_a_run_the_line_keeps_its_place():
    empty = line()
    assert one(empty, id=ids.RUN_STATUS)["data-run-id"] == ""
    assert "no run yet" in text(empty)
    assert text(one(empty, id=ids.EVENT_COUNT)).startswith("no events")


def test_an_unknown_run_is_unknown():
    assert "unknown" in text(facts(None, status="unknown"))


def test_steps_that_did_their_work_are_counted_and_those_never_reached_are_not():
    def step(node, **fields):
        return replace(node, **fields)

    first, second, third, *rest = initial("r").nodes
    nodes = (
        step(first, status=NodeStatus.SUCCESS),
        step(second, status=NodeStatus.SKIPPED, data={"skipped": True}),
        step(third, status=NodeStatus.FAILED),
        *(step(node, status=NodeStatus.SKIPPED) for node in rest),
    )
    failed = RunState(run_id="r", status=RunStatus.FAILED, nodes=nodes)
    assert "2 of 8 steps" in text(facts(failed, status="failed"))
