"""What a run looks like after its events: statuses, ends, disorder, and the laws of folding."""

from dataclasses import asdict
from functools import reduce
from typing import Any

import pytest
from hypothesis import given

from ryx_dash.projection.fold import fold, fold_all, fold_each, initial
from ryx_dash.projection.state import Limits, RunState
from ryx_dash.protocol.events import ACKNOWLEDGED, REMARK, Draft, Event, outcome
from ryx_dash.protocol.steps import STEPS, NodeStatus, RunStatus

from .events import draft, drafts, events, folded, histories, node, ts


def statuses(state: RunState) -> dict[str, str]:
    return {node.node: node.status.value for node in state.nodes}


def start(step: str, **fields: Any) -> Draft:
    return draft("step_start", step, **fields)


def complete(step: str, **fields: Any) -> Draft:
    return draft("step_complete", step, **fields)


# -- the laws -----------------------------------------------------------------------------------


@given(histories())
def test_folding_all_is_folding_one_by_one(history: list[Event]) -> None:
    assert fold_all(initial("r"), history) == reduce(fold, history, initial("r"))


@given(histories(), histories())
def test_a_run_goes_on_from_any_of_its_states(first: list[Event], then: list[Event]) -> None:
    whole = fold_all(initial("r"), [*first, *then])
    assert fold_all(fold_all(initial("r"), first), then) == whole


@given(histories(), drafts)
def test_folding_leaves_the_state_it_started_from_alone(history: list[Event], more: Draft) -> None:
    state = fold_all(initial("r"), history)
    before = repr(asdict(state))
    fold(state, more.at("r", state.seq + 1, ts(state.seq + 1)))
    assert repr(asdict(state)) == before


@given(histories())
def test_what_holds_of_every_run(history: list[Event]) -> None:
    state = fold_all(initial("r"), history)
    assert state.seq == max((event.seq for event in history), default=0)
    assert state.seq == len(history) - state.duplicates + state.gaps
    assert len({node.node for node in state.nodes}) == len(state.nodes)
    assert [n.node for n in state.nodes[:8]] == [step.node for step in STEPS]
    assert {n.node for n in state.nodes if n.parent} == {f"call:{c.call_id}" for c in state.calls}
    assert all(seq <= state.seq for seq in state.changed.values())
    if state.status.ended:
        standing = {n.status for n in state.nodes}
        assert not standing & {NodeStatus.PENDING, NodeStatus.RUNNING}
        assert state.current_step is None


@given(histories())
def test_a_panel_that_did_not_change_is_the_same(history: list[Event]) -> None:
    state = initial("r")
    for event in history:
        after = fold(state, event)
        fresh = {panel for panel, seq in after.changed.items() if seq > state.seq}
        if "graph" not in fresh:
            assert after.nodes == state.nodes
        if "topology" not in fresh:
            assert [n.node for n in after.nodes] == [n.node for n in state.nodes]
        if "timeline" not in fresh:
            assert after.spans == state.spans
        if "tools" not in fresh:
            assert after.calls == state.calls
        if "answer" not in fresh:
            assert (after.answer, after.final) == (state.answer, state.final)
            assert after.citations == state.citations
        if "run" not in fresh:
            assert (after.status, after.model, after.input) == (
                state.status,
                state.model,
                state.input,
            )
            assert (after.failure, after.current_step) == (state.failure, state.current_step)
            assert (after.gaps, after.ended) == (state.gaps, state.ended)
        state = after


# -- a run as it should be ------------------------------------------------------------------------


def test_before_the_first_event_all_steps_are_pending() -> None:
    state = initial("r")
    assert (state.run_id, state.seq, state.status) == ("r", 0, RunStatus.QUEUED)
    assert statuses(state) == {step.node: "pending" for step in STEPS}
    assert [n.label for n in state.steps] == [step.label for step in STEPS]
    assert fold_all(state, []) == state


def test_a_whole_run() -> None:
    history = [draft("workflow_start", data={"input": "q", "model": "asked"})]
    for step in STEPS:
        history += [start(step.name), complete(step.name, latency=5.0, data={"k": step.node})]
    history.append(draft("workflow_complete", data={"response": "The answer."}))
    state = folded(*history)
    assert state.status is RunStatus.SUCCESS
    assert set(statuses(state).values()) == {"success"}
    assert all((n.latency, n.data) == (5.0, {"k": n.node}) for n in state.nodes)
    assert (state.input, state.model) == ("q", "asked")
    assert (state.answer, state.final) == ("The answer.", True)
    assert (state.started, state.ended, state.last) == (ts(1), ts(18), ts(18))
    assert state.latency == pytest.approx(170.0)
    assert (state.seq, state.gaps, state.duplicates) == (18, 0, 0)


def test_a_step_runs_and_ends() -> None:
    history = events(
        start("rag_context", message="Searching", latency=9.0),
        draft("step_progress", "rag_context", message="1 of 2", data={"done": 1, "total": 2}),
        complete("rag_context", message="Found 3", latency=87.5, data={"files": 2}),
    )
    running = fold_all(initial("r"), history[:1])
    assert running.status is RunStatus.RUNNING
    assert running.current_step == "rag_context"
    rag = node(running, "rag")
    assert (rag.status, rag.message, rag.started) == (NodeStatus.RUNNING, "Searching", ts(1))
    assert rag.latency is None  # a latency at the start measures nothing of this step
    further = fold(running, history[1])
    assert node(further, "rag").message == "1 of 2"
    assert node(further, "rag").status is NodeStatus.RUNNING
    done = fold(further, history[2])
    rag = node(done, "rag")
    assert (rag.status, rag.message, rag.latency) == (NodeStatus.SUCCESS, "Found 3", 87.5)
    assert rag.data == {"files": 2}
    assert done.current_step is None


def test_a_skipped_step() -> None:
    state = folded(complete("tool_execution", data={"skipped": True}))
    assert node(state, "execute").status is NodeStatus.SKIPPED


def test_progress_alone_shows_that_a_step_runs() -> None:
    state = folded(draft("step_progress", "rag_context", message="Indexing"))
    rag = node(state, "rag")
    assert (rag.status, rag.started, rag.message) == (NodeStatus.RUNNING, ts(1), "Indexing")
    assert state.changed["run"] == 1
    again = fold(state, draft("step_progress", "rag_context").at("r", 2, ts(2)))
    assert (again.changed["run"], again.changed["graph"]) == (1, 2)


def test_progress_after_the_end_of_a_step_is_late_news() -> None:
    state = folded(
        complete("rag_context", message="Done"),
        draft("step_progress", "rag_context", message="late"),
    )
    assert node(state, "rag").status is NodeStatus.SUCCESS
    assert node(state, "rag").message == "Done"
    assert state.changed["graph"] == 1


def test_each_try_of_a_step_is_seen() -> None:
    retry = draft(
        "step_progress",
        "intent_detection",
        message="Trying again",
        data={"attempt": 2, "warning": True},
    )
    state = folded(start("intent_detection"), retry)
    intent = node(state, "intent")
    assert (intent.status, intent.attempt) == (NodeStatus.RUNNING, 2)
    state = folded(draft("step_error", "intent_detection", latency=3.0), retry)
    assert node(state, "intent").status is NodeStatus.RUNNING
    assert node(state, "intent").latency is None
    state = folded(start("intent_detection", data={"attempt": 3}))
    assert node(state, "intent").attempt == 3


@pytest.mark.parametrize("attempt", ["2", 0, -1, True, 2.5, None, []])
def test_an_attempt_that_is_no_count_is_ignored(attempt: object) -> None:
    state = folded(start("rag_context", data={"attempt": attempt}))
    assert node(state, "rag").attempt == 1


def test_the_model_in_use_is_the_one_the_steps_name() -> None:
    history = (
        draft("workflow_start", data={"input": "q", "model": None}),
        complete("model_selection", data={"model": "chosen"}),
        complete("llm_response", data={"model": "used"}),
        complete("rag_context", data={"model": "other"}),
    )
    assert folded(*history[:1]).model is None
    assert folded(*history[:2]).model == "chosen"
    assert folded(*history).model == "used"
    assert folded(history[1], complete("llm_response", data={"model": None})).model == "chosen"


# -- ends -----------------------------------------------------------------------------------------

TERMINAL: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("workflow_complete", {}, "success", "success", "cancelled"),
    ("workflow_error", {}, "failed", "failed", "failed"),
    ("workflow_error", {"code": "interrupted"}, "interrupted", "cancelled", "cancelled"),
    ("workflow_cancelled", {}, "cancelled", "cancelled", "cancelled"),
]


@pytest.mark.parametrize(("kind", "data", "status", "step", "call"), TERMINAL)
def test_nothing_stays_open_after_the_end(
    kind: str, data: dict[str, Any], status: str, step: str, call: str
) -> None:
    state = folded(
        complete("input_reception"),
        draft("step_error", "intent_detection"),
        start("tool_execution"),
        draft("tool_call", "tool_execution", data={"call_id": "c", "tool": "t"}),
        draft("tool_call", "tool_execution", data={"call_id": "d", "tool": "t"}),
        draft("tool_result", "tool_execution", data={"call_id": "d", "success": True}),
        draft(kind, message="So it ended.", data=data),
    )
    assert state.status == status
    assert statuses(state) == {
        "input": "success",
        "intent": "failed",
        "model": "skipped",
        "tools": "skipped",
        "execute": step,
        "rag": "skipped",
        "llm": "skipped",
        "output": "skipped",
        "call:c": call,
        "call:d": "success",
    }
    assert [c.status.value for c in state.calls] == [call, "success"]
    failed = status in ("failed", "interrupted")
    assert state.failure == ("So it ended." if failed else None)
    assert state.failed_step == ("intent_detection" if status == "failed" else None)
    assert state.changed["graph"] == state.changed["tools"] == state.changed["run"] == 7


@pytest.mark.parametrize(
    ("history", "step"),
    [
        ((draft("workflow_error", data={"step": "rag_context"}),), "rag_context"),
        ((draft("workflow_error", "llm_response"),), "llm_response"),
        ((start("model_selection"), draft("workflow_error")), "model_selection"),
        ((draft("step_error", "rag_context"), draft("workflow_error")), "rag_context"),
        ((start("my_step"), draft("workflow_error", data={"step": 5})), "my_step"),
        ((draft("workflow_error"),), None),
    ],
)
def test_which_step_a_failed_run_failed_in(history: tuple[Draft, ...], step: str | None) -> None:
    assert folded(*history).failed_step == step


@pytest.mark.parametrize(("kind", "data", "status", "_step", "_call"), TERMINAL)
def test_what_comes_after_the_end_changes_nothing(
    kind: str, data: dict[str, Any], status: str, _step: str, _call: str
) -> None:
    late = (
        start("rag_context"),
        draft("llm_token", data={"text": "late"}),
        draft("tool_call", data={"call_id": "late"}),
        draft("workflow_complete", data={"response": "late"}),
        draft("workflow_start", data={"input": "late"}),
    )
    end = (draft("workflow_start", data={"input": "q"}), draft(kind, data=data))
    before, after = folded(*end), folded(*end, *late)
    assert after.status == status
    assert (after.nodes, after.calls, after.answer) == (before.nodes, before.calls, before.answer)
    assert (after.input, after.ended, after.changed) == ("q", before.ended, before.changed)
    assert (after.seq, after.last) == (7, ts(7))


def test_a_run_that_is_cancelled_while_it_waits() -> None:
    state = folded(draft("workflow_start", data={"input": "q"}), draft("workflow_cancelled"))
    assert state.status is RunStatus.CANCELLED
    assert set(statuses(state).values()) == {"skipped"}


def test_a_time_that_is_none_leaves_the_duration_open() -> None:
    first, last = events(draft("workflow_start"), draft("workflow_complete"))
    broken = last.model_copy(update={"ts": "2026-99-99T00:00:00.000000Z"})
    assert fold_all(initial("r"), [first, broken]).latency is None
    backwards = last.model_copy(update={"ts": ts(0)})
    assert fold_all(initial("r"), [first, backwards]).latency == 0.0


# -- disorder -------------------------------------------------------------------------------------


def test_repeated_events_count_once() -> None:
    history = events(draft("llm_token", data={"text": "a"}), draft("llm_token", data={"text": "b"}))
    state = fold_all(initial("r"), [*history, *history])
    assert (state.answer, state.tokens, state.duplicates, state.seq) == ("ab", 2, 2, 2)


def test_holes_are_counted_by_event() -> None:
    first, second = events(draft("workflow_start"), start("rag_context"))
    jumped = second.model_copy(update={"seq": 5})
    state = fold_all(initial("r"), [first, jumped])
    assert (state.seq, state.gaps) == (5, 3)
    assert state.changed["run"] == 5


def test_a_run_without_its_start_is_running_all_the_same() -> None:
    state = folded(draft("step_dreamt"))
    assert (state.status, state.started) == (RunStatus.RUNNING, ts(1))


def test_an_unknown_kind_is_only_counted() -> None:
    state = folded(draft("step_dreamt", "rag_context"))
    assert state.nodes == initial("r").nodes
    assert state.seq == 1


def test_what_the_dashboard_remarks_is_no_word_of_the_backend() -> None:
    step = start("rag_context")
    remark = draft("step_progress", data={"warning": True, REMARK: True})
    state = folded(step, remark)
    assert (state.heard, state.last) == (ts(1), ts(2))
    assert folded(step, remark, step).heard == ts(3)


def test_a_backend_that_has_only_acknowledged_is_known() -> None:
    word, remark = draft(ACKNOWLEDGED), draft("step_progress", data={REMARK: True})
    state = folded(word, remark)
    assert state.acknowledged
    assert state.changed["run"] == 1
    went_on = folded(word, remark, draft("note"))
    assert not went_on.acknowledged
    assert went_on.changed["run"] == 3


def test_unknown_steps_have_nodes_of_their_own_in_the_order_they_came() -> None:
    state = folded(
        start("my_step", node="mine", message="m"),
        start("other_step"),
        complete("my_step", node="mine", latency=1.0),
        start("", node="nameless"),
        start("looks_like_a_call", node="call:c"),
    )
    assert [(n.node, n.step, n.label) for n in state.nodes[8:]] == [
        ("mine", "my_step", "my_step"),
        ("other_step", "other_step", "other_step"),
        ("nameless", "nameless", "nameless"),
        ("step:call:c", "looks_like_a_call", "looks_like_a_call"),
    ]
    assert node(state, "mine").status is NodeStatus.SUCCESS
    assert len(state.steps) == 12
    assert state.current_step == "looks_like_a_call"
    assert state.changed["topology"] == 5


def test_a_known_step_is_known_by_its_name_or_its_node() -> None:
    by_name = folded(start("rag_context", node="elsewhere"))
    by_node = folded(start("", node="rag"))
    assert node(by_name, "rag").status is node(by_node, "rag").status is NodeStatus.RUNNING
    assert len(by_name.nodes) == len(by_node.nodes) == 8


@pytest.mark.parametrize("kind", ["step_start", "step_progress", "step_complete", "step_error"])
def test_a_steps_event_that_names_no_step_touches_none(kind: str) -> None:
    state = folded(draft(kind, message="?"))
    assert state.nodes == initial("r").nodes
    assert "graph" not in state.changed


@pytest.mark.parametrize(
    "kind", sorted({"tool_call", "tool_result", "llm_token", "workflow_start", "step_complete"})
)
@pytest.mark.parametrize("value", ["text", 5, None, [1, "x"], {"a": []}, float("nan")])
def test_data_of_any_shape(kind: str, value: Any) -> None:
    keys = ("call_id", "tool", "args", "text", "input", "model", "citations", "error", "skipped")
    state = folded(draft(kind, "post_processing", data=dict.fromkeys(keys, value)))
    assert state.seq == 1


def test_data_that_is_no_object_counts_as_empty() -> None:
    event = events(draft("tool_result"))[0].model_copy(update={"data": "oops"})
    state = fold(initial("r"), event)
    assert [c.status for c in state.calls] == [NodeStatus.FAILED]


@given(histories())
def test_each_event_comes_with_the_run_after_it(history: list[Event]) -> None:
    each = list(fold_each(initial("r"), history))
    assert [event for event, _ in each] == history
    for n, (_, state) in enumerate(each, 1):
        assert state == fold_all(initial("r"), history[:n])


# -- limits ---------------------------------------------------------------------------------------

FEW = Limits(calls=2, spans=3, boundaries=4, steps=1)


@given(histories())
def test_a_state_stays_small_and_goes_on_all_the_same(history: list[Event]) -> None:
    state = initial("r")
    for event in history:
        state = fold(state, event, limits=FEW)
        assert len(state.calls) == min(state.calls_made, FEW.calls)
        assert len(state.spans) == min(state.spans_begun, FEW.spans)
        assert len(state.boundaries) <= FEW.boundaries
        assert list(state.boundaries) == sorted(set(state.boundaries))
        assert len(state.steps) <= len(STEPS) + FEW.steps
        assert {n.node for n in state.nodes if n.parent} == {
            f"call:{c.call_id}" for c in state.calls
        }
    assert fold_all(initial("r"), history, limits=FEW) == state
    assert not state.status.ended or all(span.closed for span in state.spans)


def test_the_newest_calls_are_known_and_open_ones_longest() -> None:
    def called(name: str) -> Draft:
        return draft("tool_call", "tool_execution", data={"call_id": name, "tool": "t"})

    def told(name: str) -> Draft:
        return draft("tool_result", "tool_execution", data={"call_id": name, "success": True})

    history = events(called("open"), called("b"), told("b"), called("c"), told("c"), called("d"))
    state = fold_all(initial("r"), history, limits=FEW)
    assert [call.call_id for call in state.calls] == ["open", "d"]
    assert (state.calls_made, state.spans_begun) == (4, 4)
    assert state.changed["topology"] == 6


def test_steps_that_the_protocol_does_not_name_are_limited() -> None:
    state = fold_all(initial("r"), events(start("one"), start("two"), complete("two")), limits=FEW)
    assert [step.step for step in state.steps[8:]] == ["one"]


def test_outcome_and_fold_agree_on_what_ends_a_run() -> None:
    for kind, data, *_ in TERMINAL:
        end = draft(kind, data=data)
        assert folded(end).status is outcome(end)
