"""What took how long, as a timeline draws it."""

from hypothesis import given

from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.projection.state import RunState, Span
from ryx_dash.protocol.events import Draft, Event, EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE, INPUT, LLM, RAG, NodeStatus
from tests.projection.events import histories


def at(second: float) -> str:
    return f"2026-01-01T00:00:{second:09.6f}Z"


def run(*drafts: Draft) -> RunState:
    """The run after ``drafts``, one a second."""
    return fold_all(initial("r"), [d.at("r", i, at(i)) for i, d in enumerate(drafts, 1)])


def step(kind: EventKind, of=INPUT, latency: float | None = None, **data) -> Draft:
    return step_event(kind, of, "…", latency=latency, data=data)


START, DONE = EventKind.STEP_START, EventKind.STEP_COMPLETE
END = Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": "x"})


def only(state: RunState) -> Span:
    [span] = state.spans
    return span


def test_a_step_is_a_span_from_its_start_to_its_end() -> None:
    assert only(run(step(START))).closed is None
    span = only(run(step(START), step(DONE)))
    assert (span.node, span.opened, span.closed) == ("input", 1, 2)
    assert (span.start, span.end, span.status) == (at(1), at(2), NodeStatus.SUCCESS)


def test_each_try_is_a_span_and_all_but_the_last_have_failed() -> None:
    retry = step(EventKind.STEP_PROGRESS, RAG, attempt=2)
    state = run(step(START, RAG), retry, step(START, RAG, attempt=3), step(DONE, RAG))
    assert [(s.attempt, s.opened, s.closed, str(s.status)) for s in state.spans] == [
        (1, 1, 2, "failed"),
        (2, 2, 3, "failed"),
        (3, 3, 4, "success"),
    ]


def test_progress_alone_opens_one_span() -> None:
    progress = step(EventKind.STEP_PROGRESS, RAG)
    assert len(run(progress, progress, progress).spans) == 1


def test_an_end_without_a_start_began_by_its_latency() -> None:
    assert only(run(Draft(event="x"), step(DONE, latency=500.0))).start == at(1.5)
    assert only(run(step(DONE))).start == at(1)


def test_a_time_that_is_none_stays_what_it_is() -> None:
    event = step(DONE, latency=5.0).at("r", 1, "yesterday")
    assert only(fold_all(initial("r"), [event])).start == "yesterday"


def test_a_call_is_a_span_under_its_step() -> None:
    data = {"call_id": "c", "tool": "t"}
    called = step(EventKind.TOOL_CALL, EXECUTE, **data)
    result = step(EventKind.TOOL_RESULT, EXECUTE, success=False, **data)
    span = only(run(called, called, result, result))
    assert (span.node, span.parent, span.opened, span.closed) == ("call:c", "execute", 1, 3)
    assert span.status is NodeStatus.FAILED
    assert only(run(result, called)).closed == 1


def test_the_first_token_of_a_try_is_marked() -> None:
    token = step(EventKind.LLM_TOKEN, LLM, text="x")
    state = run(token, step(START, LLM), token, token, step(START, LLM, attempt=2), token)
    assert [span.first for span in state.spans] == [at(3), at(6)]


def test_the_end_of_a_run_ends_what_is_open() -> None:
    state = run(step(START), step(START, RAG), END)
    assert [span.closed for span in state.spans] == [3, 3]


def test_boundaries_are_those_of_steps() -> None:
    called = step(EventKind.TOOL_CALL, EXECUTE, call_id="c", tool="t")
    state = run(step(START), step(DONE), step(START, EXECUTE), called, step(DONE, EXECUTE))
    assert state.boundaries == (1, 2, 3, 5)


@given(histories())
def test_spans_of_any_history(history: list[Event]) -> None:
    state = fold_all(initial("r"), history)
    opened = [span.node for span in state.spans if span.closed is None]
    assert len(opened) == len(set(opened))
    assert not (state.status.ended and opened)
    assert all(span.closed is None or span.opened <= span.closed for span in state.spans)
    assert {span.node for span in state.spans} <= {node.node for node in state.nodes}
