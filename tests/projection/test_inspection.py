"""What a step, a call or an event was given and gave, out of the few events that say it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.projection.inspection import (
    Inspection,
    Subject,
    inspect,
    moving,
    needed,
    parse_subject,
)
from ryx_dash.protocol.events import Draft, Event, EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE, INPUT, INTENT, LLM, OUTPUT, RAG, STEPS, TOOLS

TS = "2026-01-01T00:00:{:02}.000000Z"


def call(kind: EventKind, call_id: str = "a", **data: object) -> Draft:
    whole = {"call_id": call_id, "tool": "read_file", **data}
    return step_event(kind, EXECUTE, "read_file", latency=5.0, data=whole)


RUN = [
    Draft(event=EventKind.WORKFLOW_START, message="Go", data={"input": "why?", "model": None}),
    step_event(EventKind.STEP_START, INPUT, "Reading"),
    step_event(EventKind.STEP_COMPLETE, INPUT, "Read", latency=1.0, data={"text": "why?"}),
    step_event(EventKind.STEP_START, TOOLS, "Choosing"),
    step_event(EventKind.STEP_COMPLETE, TOOLS, "One", latency=1.0, data={"calls": ["read_file"]}),
    step_event(EventKind.STEP_START, EXECUTE, "Running"),
    call(EventKind.TOOL_CALL, args={"path": "x"}),
    call(EventKind.TOOL_RESULT, success=True, output={"text": "big"}, _raw="raw", _inferred=["ts"]),
    step_event(EventKind.STEP_COMPLETE, EXECUTE, "Ran", latency=9.0, data={"succeeded": 1}),
    step_event(EventKind.STEP_START, LLM, "Asking"),
    step_event(EventKind.STEP_PROGRESS, LLM, "Again", data={"attempt": 2, "reason": "busy"}),
    step_event(EventKind.LLM_TOKEN, LLM, "", data={"text": "It is 7"}),
    step_event(EventKind.STEP_ERROR, LLM, "It broke", latency=3.0, data={"_notes": ["a: NaN"]}),
    Draft(event=EventKind.WORKFLOW_ERROR, message="The end", data={"code": "x"}),
]


def events(drafts: list[Draft]) -> list[Event]:
    return [draft.at("r", n, TS.format(n % 60)) for n, draft in enumerate(drafts, 1)]


def look(what: str, drafts: list[Draft] = RUN, upto: int = 99) -> Inspection:
    """What is shown at a position, of nothing but the events that are asked for."""
    all_events = events(drafts)[:upto]
    state = fold_all(initial("r"), all_events)
    subject = parse_subject(what)
    assert subject is not None
    seqs = needed(state, subject)
    return inspect(state, subject, {seq: all_events[seq - 1] for seq in seqs})


def parts(found: Inspection) -> dict[str, object]:
    return {part.name: part.value for part in found.parts}


def test_a_step_has_what_it_was_given_and_gave():
    found = look("step:tool_selection")
    assert (found.title, found.status, found.latency) == ("Tools", "success", 1.0)
    assert parts(found) == {"input": {"text": "why?"}, "output": {"calls": ["read_file"]}}
    assert [(part.seq, part.of) for part in found.parts] == [(3, "Input"), (5, "")]
    assert (found.started, found.ended) == (TS.format(4), TS.format(5))


def test_the_first_step_was_given_the_query():
    assert parts(look("step:input"))["input"] == {"input": "why?", "model": None}


def test_what_a_step_says_it_was_given_counts():
    told = step_event(EventKind.STEP_START, INTENT, "…", data={"text": "said"})
    assert parts(look("step:intent", [*RUN[:3], told])) == {"input": {"text": "said"}}


def test_a_step_that_calls_tools_lists_them():
    [calls, output] = [p for p in look("step:execute").parts if p.name != "input"]
    assert [(c["call"], c["status"], c["ms"]) for c in calls.value] == [("a", "success", 5.0)]
    assert output.value == {"succeeded": 1}


def test_the_response_was_given_what_was_found_and_has_its_tries():
    found = look("step:llm_response")
    given = [(part.of, part.value) for part in found.parts if part.name == "input"]
    assert given == [("Input", {"text": "why?"}), ("read_file", {"text": "big"})]
    assert parts(found)["answer"] == "It is 7"
    assert (found.error, found.message, found.status) == ("It broke", "", "failed")
    assert [(s.attempt, str(s.status)) for s in found.attempts] == [(1, "failed"), (2, "failed")]
    assert (found.started, found.ended) == (found.attempts[0].start, found.attempts[1].end)
    assert found.attempts[0].start != found.attempts[1].start
    assert found.notes == ("a: NaN",)


def test_a_step_stands_as_it_stood_then():
    found = look("step:execute", upto=8)
    assert (found.status, found.ended) == ("running", None)
    assert "output" not in parts(found)
    assert look("step:execute", upto=3).status == "pending"
    assert look("step:execute", upto=3).parts == ()


def test_a_step_that_the_end_of_the_run_cut_off_gave_nothing():
    cut = [*RUN[:4], Draft(event=EventKind.WORKFLOW_CANCELLED, data={"by": "a person"})]
    found = look("step:tools", cut)
    assert (found.status, set(parts(found))) == ("cancelled", {"input"})


def test_an_unknown_step_was_given_what_the_last_one_gave():
    own = Draft(event=EventKind.STEP_START, step="mystery", node="m", message="Nobody knows")
    found = look("step:mystery", [*RUN[:5], own])
    assert [(p.name, p.of) for p in found.parts] == [("input", "Tools")]
    assert look("step:m", [*RUN[:5], own]) == found


def test_a_call_has_arguments_output_and_raw_text():
    found = look("call:a")
    assert parts(found) == {
        "arguments": {"path": "x"},
        "output": {"text": "big"},
        "raw upstream text": "raw",
    }
    assert [part.seq for part in found.parts] == [7, 8, 8]
    assert (found.title, found.inferred) == ("read_file", ("ts",))
    assert set(parts(look("call:a", upto=7))) == {"arguments"}


def test_a_failed_call_says_why_once():
    failed = call(EventKind.TOOL_RESULT, success=False, error="gone")
    found = look("call:a", [*RUN[:7], failed])
    assert (found.error, found.status) == ("gone", "failed")


def test_a_result_that_came_first_gets_its_arguments_from_the_call():
    turned = [RUN[7], RUN[6]]
    assert parts(look("call:a", [*RUN[:6], *turned]))["arguments"] == {"path": "x"}


def test_an_event_is_itself():
    found = look("event:8")
    assert (found.title, found.level, found.latency) == ("tool_result", "success", 5.0)
    assert dict(found.names) == {
        "event": "8",
        "step": "tool_execution",
        "node": "execute",
        "call": "a",
    }
    shown = parts(found)
    assert shown["raw upstream text"] == "raw"
    assert set(shown["data"]) == {"call_id", "tool", "success", "output"}


@pytest.mark.parametrize(
    ("what", "upto", "words"),
    [
        ("event:9", 5, "later than the moment that is shown, event 5"),
        ("call:a", 5, "no such tool call up to event 5"),
        ("step:nobody", 0, "no such step yet"),
    ],
)
def test_what_is_not_there_is_said(what, upto, words):
    assert words in look(what, upto=upto).missing


def test_a_gap_is_said():
    state = fold_all(initial("r"), [events(RUN)[4]])
    assert "no event in this place" in inspect(state, Subject("event", "2"), {}).missing


@pytest.mark.parametrize(
    "text", ["", "step", "step:", "event:0", "event:x", "event:٣", "event:9999999999", "run:3"]
)
def test_what_names_nothing(text):
    assert parse_subject(text) is None


def test_what_comes_from_the_state_changes_with_it():
    def at(upto: int) -> tuple[int, ...]:
        return moving(fold_all(initial("r"), events(RUN)[:upto]), Subject("step", "llm"))

    assert at(11) != at(12)
    assert at(12) == at(13)


KINDS = st.sampled_from([*EventKind, "something_new"])
DATA = st.dictionaries(
    st.sampled_from(
        ["call_id", "tool", "args", "output", "success", "attempt", "text", "_raw", "_inferred"]
    ),
    st.sampled_from(["a", "b", "", 0, 2, True, None, {"x": 1}, ["y"]]),
    max_size=4,
)
NAMES = st.sampled_from([(step.name, step.node) for step in STEPS] + [("odd", "odd"), ("", "")])


@given(st.lists(st.tuples(KINDS, NAMES, DATA), max_size=25), st.data())
def test_nothing_raises_and_only_what_is_needed_is_read(made, data):
    drafts = [
        Draft(event=kind, step=step, node=node, message=kind, data=payload)
        for kind, (step, node), payload in made
    ]
    upto = data.draw(st.integers(0, len(drafts)))
    state = fold_all(initial("r"), events(drafts)[:upto])
    subjects = [f"event:{upto + 1}", *(f"call:{call.call_id}" for call in state.calls)]
    subjects += [f"step:{node.node}" for node in state.steps]
    for what in subjects:
        subject = parse_subject(what)
        if subject is None:
            continue
        assert all(0 < seq <= upto for seq in needed(state, subject))
        found = look(what, drafts, upto)
        assert all(part.value not in (None, "", {}, []) for part in found.parts)


def test_the_last_step_has_the_whole_answer():
    response = Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": "Done"})
    done = [
        step_event(EventKind.STEP_START, OUTPUT, "…"),
        step_event(EventKind.STEP_COMPLETE, OUTPUT, "…", data={"characters": 4}),
    ]
    assert parts(look("step:output", [*RUN[:5], *done, response]))["answer"] == "Done"
    assert "answer" not in parts(look("step:output", [*RUN[:5], *done]))


def test_retrieval_works_on_the_query():
    begun = step_event(EventKind.STEP_START, RAG, "…")
    assert [p.of for p in look("step:rag", [*RUN[:9], begun]).parts] == ["Input"]
