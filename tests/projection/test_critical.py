"""What the end of a run had to wait for."""

from ryx_dash.projection.critical import critical
from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE, INPUT, INTENT, LLM, RAG

START, DONE = EventKind.STEP_START, EventKind.STEP_COMPLETE
END = Draft(event=EventKind.WORKFLOW_COMPLETE)
LOST = Draft(event=EventKind.WORKFLOW_ERROR, data={"code": "interrupted"})


def at(second: float) -> str:
    return f"2026-01-01T00:00:{second:09.6f}Z"


def step(kind: EventKind, of, **data) -> Draft:
    return step_event(kind, of, "…", data=data)


def call(name: str) -> Draft:
    return step(EventKind.TOOL_CALL, EXECUTE, call_id=name, tool="t")


def result(name: str) -> Draft:
    return step(EventKind.TOOL_RESULT, EXECUTE, call_id=name, tool="t", success=True)


def path(*timed: tuple[float, Draft]) -> list[str]:
    """The critical path of what happened at these seconds: node and try, in order."""
    drafts = enumerate(timed, 1)
    state = fold_all(initial("r"), [d.at("r", seq, at(second)) for seq, (second, d) in drafts])
    found = critical(state.spans, state.last or "")
    return [f"{s.node} {s.attempt}" for s in state.spans if s.opened in found]


def test_a_step_after_the_other():
    one = (0, step(START, INPUT)), (1, step(DONE, INPUT))
    two = (1, step(START, INTENT)), (2, step(DONE, INTENT))
    assert path(*one, *two, (2, END)) == ["input 1", "intent 1"]


def test_each_try_of_a_step_had_to_be_waited_for_with_its_own_calls():
    again = step(EventKind.STEP_PROGRESS, EXECUTE, attempt=2)
    first = (0, step(START, EXECUTE)), (0.1, call("a")), (1, result("a")), (1.1, again)
    assert path(*first, (3, step(DONE, EXECUTE)), (3, END)) == [
        "execute 1",
        "call:a 1",
        "execute 2",
    ]
    second = (1.2, call("b")), (2, result("b")), (2, call("c")), (2.9, result("c"))
    assert path(*first, *second, (3, step(DONE, EXECUTE))) == [
        *("execute 1", "call:a 1", "execute 2", "call:b 1", "call:c 1")
    ]


def test_of_calls_side_by_side_the_longest():
    begun = (0, step(START, EXECUTE)), (0.01, call("quick")), (0.02, call("slow"))
    ended = (1, result("quick")), (1.1, call("next")), (1.5, result("next")), (3, result("slow"))
    assert path(*begun, *ended, (3, step(DONE, EXECUTE))) == ["execute 1", "call:slow 1"]


def test_what_still_runs_is_waited_for():
    done = (0, step(START, INPUT)), (1, step(DONE, INPUT))
    begun = (1, step(START, EXECUTE)), (1, call("a")), (2, call("b")), (5, Draft(event="x"))
    assert path(*done, *begun) == ["input 1", "execute 1", "call:a 1"]
    assert path(*done, *begun, (9, LOST)) == ["input 1", "execute 1", "call:a 1"]


def test_a_beginning_told_before_the_end_before_it():
    told = (0, step(START, INPUT)), (1, step(START, INTENT)), (1.1, step(DONE, INPUT))
    assert path(*told, (2, step(DONE, INTENT))) == ["input 1", "intent 1"]


def test_steps_side_by_side():
    begun = (0, step(START, INPUT)), (1, step(DONE, INPUT)), (1, step(START, INTENT))
    both = (1.01, step(START, RAG)), (2, step(DONE, INTENT)), (3, step(DONE, RAG))
    last = (3, step(START, LLM)), (4, step(DONE, LLM))
    assert path(*begun, *both, *last) == ["input 1", "rag 1", "llm 1"]


def test_everything_at_one_moment():
    steps = [(0, step(kind, of)) for of in (INPUT, INTENT, RAG) for kind in (START, DONE)]
    assert path(*steps, (0, END)) == ["input 1", "intent 1", "rag 1"]


def test_calls_of_a_step_that_never_began():
    assert path((0, call("a")), (1, result("a")), (1, END)) == ["call:a 1"]
    assert path() == []
