from dataclasses import replace

import pytest

from ryx_dash.projection.fold import initial
from ryx_dash.projection.state import RunState
from ryx_dash.protocol.steps import NodeStatus, RunStatus
from ryx_dash.views import ids
from ryx_dash.views.runline import NO_RUN, run_line
from tests.views.tree import one, text

STATE = RunState(
    run_id="r1",
    seq=48_211,
    status=RunStatus.SUCCESS,
    latency=1240.0,
    nodes=initial("r1").nodes,
)


def events(*arguments, **more):
    return one(run_line(*arguments, **more), id=ids.EVENT_COUNT)


def test_the_line_is_what_the_contract_says():
    line = run_line(STATE, status="success", question="why?")
    status = one(line, id=ids.RUN_STATUS)
    assert (status["data-run-id"], status["data-status"]) == ("r1", "success")
    count = one(line, id=ids.EVENT_COUNT)
    assert text(count) == "events 1–48,211 · 0 gaps · 0 duplicates"
    assert count["data-head"] == "48211"
    assert count["data-gaps"] == count["data-duplicates"] == count["data-hidden"] == "0"
    assert "why?" in text(line)
    assert "1.24 s" in text(line)


def test_hidden_events_are_counted():
    count = events(STATE, status="success", hidden=1_042)
    assert count["data-hidden"] == "1042"
    assert text(count).endswith("1,042 hidden")


def test_missing_and_repeated_events_are_told():
    count = events(RunState(run_id="r", seq=9, gaps=1, duplicates=2), status="running")
    assert "1 gap · 2 duplicates" in text(count)
    assert "wrong" in count["className"]


@pytest.mark.parametrize(
    ("after", "words"),
    [(0, "events 1–48,211"), (100, "events 101–48,211"), (48_211, "events cleared up to 48,211")],
)
def test_a_cleared_view_says_where_it_begins(after, words):
    assert text(events(STATE, status="success", after=after)).startswith(words)


def test_the_clock_ticks_only_while_the_run_goes_on():
    running = RunState(
        run_id="r",
        status=RunStatus.RUNNING,
        started="2026-01-01T00:00:00.000000Z",
        last="2026-01-01T00:00:05.000000Z",
    )
    clock = one(run_line(running, status="running"), id=ids.RUN_CLOCK)
    assert clock["data-started"] == running.started
    assert clock["data-last"] == running.last
    assert "data-started" not in one(run_line(STATE, status="success"), id=ids.RUN_CLOCK)


def test_without_a_run_the_line_keeps_its_place():
    line = run_line(None, status=NO_RUN)
    assert one(line, id=ids.RUN_STATUS)["data-run-id"] == ""
    assert "no run yet" in text(line)
    assert text(one(line, id=ids.EVENT_COUNT)).startswith("no events")


def test_an_unknown_run_is_unknown():
    assert "unknown" in text(run_line(None, status="unknown"))


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
    assert "2 of 8 steps" in text(run_line(failed, status="failed"))
