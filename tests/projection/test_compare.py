"""What of one run belongs to what of another, and where they part."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.projection.compare import (
    differing,
    divergence,
    pair_calls,
    pair_steps,
)
from ryx_dash.projection.state import NodeState, RunState, ToolCall
from ryx_dash.protocol.events import Event
from ryx_dash.protocol.steps import NodeStatus

TS = "2026-01-01T00:00:00.000000Z"


def events(*made):
    """Events out of (kind, step, data)."""
    return [
        Event(run_id="r", seq=n, ts=TS, event=kind, step=step, data=data)
        for n, (kind, step, data) in enumerate(made, 1)
    ]


def call(tool, call_id="c", status=NodeStatus.SUCCESS, **args):
    return ToolCall(call_id=call_id, tool=tool, args=args, status=status)


def calls(*made):
    return RunState(run_id="r", calls=made)


def step(node, status=NodeStatus.SUCCESS, **data):
    return NodeState(node=node, step=node, label=node, status=status, data=data)


def told(pairs):
    return [(p.tool, p.a is not None, p.b is not None, p.arguments) for p in pairs]


# -- where they part ---------------------------------------------------------------------------


def test_the_same_run_does_not_part_from_itself():
    one = events(("workflow_start", "", {"input": "q"}), ("step_start", "llm", {}))
    assert divergence(one, one) is None
    assert divergence([], []) is None


def test_measures_ids_tokens_and_progress_part_nothing():
    a = events(
        ("llm_token", "llm", {"text": "a"}),
        ("tool_call", "x", {"call_id": "1", "args": {"q": 1}}),
        ("step_complete", "llm", {"time_to_first_token": 1, "deep": [{"tokens_per_second": 2}]}),
    )
    b = events(
        ("tool_call", "x", {"call_id": "2", "args": {"q": 1}}),
        ("step_progress", "llm", {"done": 1}),
        ("step_complete", "llm", {"time_to_first_token": 9, "deep": [{"tokens_per_second": 8}]}),
    )
    assert divergence(a, b) is None


def test_the_first_payload_that_differs():
    a = events(("step_start", "x", {}), ("tool_call", "x", {"args": {"q": 1}, "tool": "t"}))
    b = events(("step_start", "x", {}), ("tool_call", "x", {"args": {"q": 2}, "tool": "t"}))
    parted = divergence(a, b)
    assert (parted.a.seq, parted.b.seq, parted.fields) == (2, 2, ("args",))


def test_what_they_were_asked_parts_nothing_but_what_followed_does():
    a, b = (
        events(
            ("workflow_start", "", {"input": query}),
            ("step_complete", "input_reception", {"text": query}),
            ("step_complete", "intent_detection", {"intent": intent}),
        )
        for query, intent in (("red", "chat"), ("blue", "search"))
    )
    assert (divergence(a, b).a.seq, divergence(a, b).fields) == (3, ("intent",))
    assert divergence(a[:2], b[:2]) is None


def test_another_event_in_its_place():
    a = events(("llm_token", "x", {}), ("step_start", "x", {}))
    b = events(("step_start", "y", {}))
    assert (divergence(a, b).a.seq, divergence(a, b).b.seq) == (2, 1)


def test_one_that_goes_on_longer():
    a = events(("step_start", "x", {}))
    parted = divergence(a, [*a, *events(("step_error", "x", {}))])
    assert parted.a is None
    assert parted.b.event == "step_error"


# -- steps and calls -----------------------------------------------------------------------------


def test_steps_are_paired_by_their_node():
    a = RunState(run_id="a", nodes=(step("one"), step("two", intent="x"), step("three")))
    b = RunState(
        run_id="b",
        nodes=(step("one", NodeStatus.FAILED), step("two", intent="x"), step("own")),
    )
    pairs = pair_steps(a, b)
    assert [(p.label, p.differs) for p in pairs] == [
        *(("one", True), ("two", False), ("three", True), ("own", True)),
    ]
    assert pairs[2].b is None
    assert pairs[3].a is None


def test_calls_with_the_same_arguments_belong_together_wherever_they_stand():
    a = calls(call("read", path="x"), call("search", q="tea"))
    b = calls(call("list"), call("read", path="x"), call("search", q="tea"))
    assert told(pair_calls(a, b)) == [
        ("list", False, True, ()),
        ("read", True, True, ()),
        ("search", True, True, ()),
    ]


def test_calls_of_one_tool_belong_together_and_say_what_differs():
    a = calls(call("search", q="tea", limit=5), call("read", path="x"))
    b = calls(call("search", q="milk", limit=5))
    pairs = pair_calls(a, b)
    assert told(pairs) == [("search", True, True, ("q",)), ("read", True, False, ())]
    assert all(pair.differs for pair in pairs)


def test_steps_say_what_differs_in_what_they_gave():
    a = RunState(run_id="a", nodes=(step("one", intent="x", confidence=1, tokens_per_second=2),))
    b = RunState(run_id="b", nodes=(step("one", intent="y", confidence=1, tokens_per_second=3),))
    assert [pair.fields for pair in pair_steps(a, b)] == [("intent",)]


def test_the_same_call_with_another_result_differs():
    one = call("read", path="x")
    [pair] = pair_calls(calls(one), calls(replace(one, output={"text": "new"})))
    assert (pair.differs, pair.result, pair.arguments) == (True, True, ())
    [pair] = pair_calls(calls(replace(one, output=[1])), calls(replace(one, output=[1])))
    assert not pair.differs


def test_calls_that_ended_otherwise_differ():
    failed = call("read", status=NodeStatus.FAILED, path="x")
    [pair] = pair_calls(calls(call("read", path="x")), calls(failed))
    assert pair.differs
    [same] = pair_calls(calls(failed), calls(failed))
    assert not same.differs


@given(
    a=st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 2)), max_size=6),
    b=st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 2)), max_size=6),
)
def test_every_call_is_in_one_pair(a, b):
    one = calls(*(call(tool, f"a{n}", q=q) for n, (tool, q) in enumerate(a)))
    other = calls(*(call(tool, f"b{n}", q=q) for n, (tool, q) in enumerate(b)))
    pairs = pair_calls(one, other)
    assert sorted(p.a.call_id for p in pairs if p.a) == sorted(c.call_id for c in one.calls)
    assert sorted(p.b.call_id for p in pairs if p.b) == sorted(c.call_id for c in other.calls)


def test_what_differs_between_objects():
    assert differing({"a": 1, "b": {"c": [1]}}, {"a": 1, "b": {"c": [2]}, "d": None}) == ("b",)
    assert differing({"call_id": 1}, {"call_id": 2}) == ()
