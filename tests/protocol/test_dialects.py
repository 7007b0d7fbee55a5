"""What backends send, as recorded from the servers that exist, and what becomes of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.protocol.clean import NOTES, clean_draft
from ryx_dash.protocol.dialects import large, values
from ryx_dash.protocol.dialects.making import INFERRED
from ryx_dash.protocol.dialects.pairing import MAX_OPEN, Pairing
from ryx_dash.protocol.dialects.translator import Translator
from ryx_dash.protocol.events import RAW, Draft, now

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(
    [
        *("workflow_start", "step_start", "step_progress", "step_complete", "step_error"),
        *("tool_call", "tool_result", "llm_token", "workflow_complete", "workflow_error"),
        *("error", "acknowledged", "task_complete", "workflow_cancelled", "heartbeat"),
    ]
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "event": KINDS | JSON,
        "type": KINDS | JSON,
        "step": st.integers(-1, 12) | JSON,
        "node": JSON,
        "message": JSON,
        "latency": JSON,
        "latency_ms": JSON,
        "timestamp": JSON,
        "action": JSON,
        "results": JSON,
        "id": JSON,
        "run_id": JSON,
        "seq": JSON,
        "ts": JSON,
        "data": st.dictionaries(
            st.sampled_from(["call_id", "tool", "success", "output", "error", "text", "response"]),
            JSON,
        )
        | JSON,
    },
)


def take(translator: Translator | None = None, **payload: Any) -> Draft:
    (draft,) = (translator or Translator()).take(json.dumps(payload))
    return draft


def own(seq: int, event: str = "step_progress", **fields: Any) -> str:
    base = {"id": f"r:{seq}", "run_id": "r", "seq": seq, "ts": now(), "event": event}
    return json.dumps({**base, "step": "", "node": "", "message": "", "data": {}, **fields})


# -- the documented form -------------------------------------------------------------------------


def test_documented_events_keep_what_they_say_and_mark_what_arrival_had_to_answer() -> None:
    draft = take(
        event="step_complete", step="rag_context", node="rag", message="ok", latency=1.5, data={}
    )
    assert (draft.event, draft.step, draft.node) == ("step_complete", "rag_context", "rag")
    assert draft.latency == 1.5
    assert draft.data[INFERRED] == ["id", "ts"]
    assert json.loads(draft.data[RAW])["latency"] == 1.5


@pytest.mark.parametrize(
    ("given", "latency"),
    [(None, None), ("12.5", 12.5), (True, None), ("soon", None), ([], None), ("nan", None)],
)
def test_a_latency_is_a_number_or_unknown(given: Any, latency: float | None) -> None:
    assert take(event="step_complete", step="llm_response", latency=given).latency == latency


def test_the_beginning_is_told_once() -> None:
    draft = take(event="workflow_start", step="", node="", message="", latency=None, data={})
    assert draft.event == "acknowledged"


def test_error_ends_the_run_as_workflow_error_does() -> None:
    draft = take(event="error", message="No such model", data={})
    assert draft.event == "workflow_error"
    assert draft.data["code"] == "backend_error"
    assert take(event="error").message == "The backend ended the run and gave no reason."


def test_an_unknown_kind_is_an_event_of_its_own() -> None:
    assert take(event="heartbeat", message="still here").event == "heartbeat"
    assert take(hello="world").event == "unknown"


def test_an_unknown_step_keeps_its_name() -> None:
    draft = take(event="step_start", step="planning", node="plan", message="")
    assert (draft.step, draft.node) == ("planning", "plan")


def test_a_missing_node_or_step_is_told_by_the_other() -> None:
    by_step = take(event="step_start", step="rag_context")
    by_node = take(event="step_start", node="rag")
    assert by_step.node == "rag"
    assert "node" in by_step.data[INFERRED]
    assert by_node.step == "rag_context"
    assert "step" in by_node.data[INFERRED]


@pytest.mark.parametrize("key", ["text", "token", "content", "delta"])
def test_a_token_is_found_whatever_it_is_called(key: str) -> None:
    draft = take(event="llm_token", data={key: "Hi"})
    assert draft.data["text"] == "Hi"
    assert draft.step == "llm_response"


def test_a_token_may_be_the_message() -> None:
    draft = take(event="llm_token", step="llm_response", message="Hi")
    assert (draft.data["text"], draft.message) == ("Hi", "")


@pytest.mark.parametrize("key", ["response", "answer", "result", "output"])
def test_a_response_is_found_whatever_it_is_called(key: str) -> None:
    assert take(event="workflow_complete", data={key: "42"}).data["response"] == "42"
    done = take(event="step_complete", step="llm_response", data={key: "42"})
    assert done.data["text"] == "42"


def test_without_a_response_what_was_streamed_stays() -> None:
    assert "response" not in take(event="workflow_complete", data={}).data


# -- the executor's ------------------------------------------------------------------------------

STAMP = "2026-01-01T12:00:00.123456"


def test_results_belong_to_the_oldest_open_call_of_their_tool() -> None:
    t = Translator()

    def tool(kind: str, name: str, **data: Any) -> Draft:
        return take(t, event=kind, step="tool_execution", node=name, timestamp=STAMP, data=data)

    a, b, c = (tool("tool_call", name) for name in ("read", "search", "read"))
    second = tool("tool_result", "search", success=True, output="[]")
    first = tool("tool_result", "read", success=True, output="[]")
    third = tool("tool_result", "read", success=True, output="[]")
    assert [r.data["call_id"] for r in (first, second, third)] == [
        call.data["call_id"] for call in (a, b, c)
    ]
    assert first.data["tool"] == "read"
    assert "call_id" in first.data[INFERRED]


def test_ids_that_are_given_are_kept() -> None:
    t = Translator()
    take(t, event="tool_call", data={"call_id": "c1", "tool": "read"})
    draft = take(t, event="tool_result", data={"call_id": "c1", "tool": "read", "success": True})
    assert draft.data["call_id"] == "c1"
    assert "call_id" not in draft.data[INFERRED]


def test_a_tool_that_raised_says_it_in_its_message() -> None:
    draft = take(event="tool_result", node="read", timestamp=STAMP, message="No file", data={})
    assert draft.data["success"] is False
    assert draft.data["error"] == "No file"
    assert "success" in draft.data[INFERRED]


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("['a', 'b']", ["a", "b"]),
        ("('a', 1)", ["a", 1]),
        ("{'n': None, 2: {'x'}}", {"n": None, "2": ["x"]}),
        ("'it\\'s'", "it's"),
        ("plain words", "plain words"),
        ("[1, 2", "[1, 2"),
        ("(b'x',)", ["b'x'"]),
        ("[open('/etc/passwd')]", "[open('/etc/passwd')]"),
        ("'\\d'", "\\d"),
    ],
)
def test_a_repr_is_read_back_where_it_is_whole(output: str, value: Any) -> None:
    assert values.from_repr(output) == (value, False)


def test_a_repr_that_was_cut_is_text_that_says_so() -> None:
    whole = repr([f"file-{n}.md" for n in range(20)])
    draft = take(
        event="tool_result", timestamp=STAMP, data={"success": True, "output": whole[:100]}
    )
    assert draft.data["output"] == whole[:100] + values.CUT
    assert draft.data["cut_by_backend"] is True


def test_brackets_without_end_do_no_harm() -> None:
    assert values.from_repr("[" * 60_000)[1] is True
    assert values.from_repr("x" * 100) == ("x" * 100 + values.CUT, True)


# -- the numbered form ---------------------------------------------------------------------------


def test_a_numbered_step_is_the_one_at_its_place_which_is_a_guess() -> None:
    draft = take(type="step_start", step=1, action="Parsing command", timestamp=1.5)
    assert (draft.step, draft.node, draft.message) == (
        *("input_reception", "input"),
        "Parsing command",
    )
    assert "step" in draft.data[INFERRED]


def test_a_number_beyond_the_eight_is_a_step_of_its_own() -> None:
    assert take(type="step_start", step=9).step == "step 9"


def test_a_numbered_step_ends_with_its_latency_and_result() -> None:
    draft = take(type="step_complete", step=2, latency_ms=12, result={"intent": "code"})
    assert draft.latency == 12
    assert draft.data["result"] == {"intent": "code"}


def test_task_complete_ends_the_run() -> None:
    draft = take(type="task_complete", total_latency_ms=99, results={"n": 1})
    assert (draft.event, draft.latency) == ("workflow_complete", 99)
    assert draft.data["response"] == '```json\n{"n": 1}\n```'
    assert "response" in draft.data[INFERRED]


@pytest.mark.parametrize("key", ["type", "event"])
def test_an_acknowledgement_is_seen(key: str) -> None:
    draft = take(**{key: "acknowledged", "data": {"action": "execute_workflow"}})
    assert draft.event == "acknowledged"
    assert draft.message


# -- our own -------------------------------------------------------------------------------------


def test_our_own_events_pass_as_they_are() -> None:
    t = Translator()
    assert t.take(own(1, "workflow_start")) == []
    fields = {
        "step": "rag_context",
        "node": "rag",
        "message": "m",
        "latency": 2.5,
        "data": {"a": 1},
    }
    assert t.take(own(2, "step_complete", **fields)) == [Draft(event="step_complete", **fields)]
    assert (t.run_id, t.order.since) == ("r", 2)


def test_what_comes_twice_or_from_elsewhere_is_counted_and_left_out() -> None:
    t = Translator()
    assert len(t.take(own(1))) == 1
    assert t.take(own(1)) == []
    assert t.take(own(2).replace('"r"', '"other"')) == []
    assert (t.tally.events, t.tally.duplicates, t.tally.foreign) == (1, 1, 1)


def test_events_that_overtook_others_wait_for_them() -> None:
    t = Translator()
    assert len(t.take(own(1))) == 1
    assert t.take(own(3, message="third")) == []
    assert t.take(own(3, message="third")) == []
    assert t.order.held == 1
    assert [draft.message for draft in t.take(own(2, message="second"))] == ["second", "third"]
    assert (t.order.since, t.tally.duplicates) == (3, 1)


def test_a_hole_is_given_up_or_filled_anew() -> None:
    t = Translator()
    t.take(own(1))
    t.take(own(4, message="fourth"))
    t.order.forget()
    assert t.skip_hole() == []
    t.take(own(4, message="fourth"))
    assert [draft.message for draft in t.skip_hole()] == ["fourth"]
    assert (t.order.since, t.tally.missing) == (4, 2)


def test_a_place_that_is_no_number_is_no_place() -> None:
    draft = take(id="x", run_id="r", seq="1", ts="now", event="note", message="m")
    assert (draft.event, draft.message) == ("note", "m")


def test_an_id_that_does_not_change_is_no_event_id() -> None:
    t = Translator()
    for n in range(3):
        take(t, event="step_progress", step="llm_response", id="run-7", message=str(n))
    assert (t.tally.events, t.tally.duplicates) == (3, 0)


# -- what is no event at all ---------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b"\xff\xfe", b"null", b'"x"'])
def test_what_cannot_be_read_is_shown(raw: bytes) -> None:
    (draft,) = Translator().take(raw)
    assert draft.event == "unreadable"
    assert draft.message


def test_broken_utf8_is_replaced_and_said() -> None:
    (draft,) = Translator().take(b'{"event": "step_start", "message": "\xff"}')
    assert draft.message == "\ufffd"
    assert "UTF-8" in draft.data["_notes"][0]


def test_what_a_large_message_says_is_kept_without_its_bulk_and_its_text_whole() -> None:
    big = "x" * 10_000_000
    data = {"call_id": "c", "success": True, "output": big, "l": [1, 2]}
    sent = {**{f"k{n}": n for n in range(1_000)}, "event": "tool_result", "data": data}
    draft = take(**sent)
    assert draft.event == "tool_result"
    assert draft.data["success"] is True
    assert len(draft.data["output"]) < large.MAX_TEXT
    assert "2 members" in draft.data["l"]
    assert len(draft.data) < 200
    assert json.loads(draft.data[RAW]) == sent
    assert f"{len(draft.data[RAW]):,} characters" in draft.data[NOTES][0]
    assert "the raw text has all of it" in draft.data[NOTES][0]


def test_a_text_that_would_be_too_long_to_send_on_is_cut_and_said_to_be() -> None:
    draft = take(event="note", message='"' * (large.MAX_RAW // 2))
    assert len(draft.data[RAW]) == large.MAX_TEXT
    assert "the raw text has its first 100,000" in draft.data[NOTES][0]


def test_what_is_kept_of_a_run_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "ROOM", 1_000_000)
    t = Translator()
    drafts = [take(t, event="note", message="x" * 300_000) for _ in range(200)]
    assert [len(draft.message) for draft in drafts[:3]] == [300_000] * 3
    for draft in drafts[5:]:
        assert len(draft.message) < large.SMALL
        assert len(draft.data[RAW]) == large.SMALL
        assert draft.data[NOTES]
    small = take(t, event="note", message="y" * 1_000)
    assert small.message == "y" * 1_000


def test_no_member_of_a_large_message_makes_it_large_again() -> None:
    many = {f"k{n}": "x" * 1_000 for n in range(5_000)}
    draft = take(event="note", message="m", data={**many, "n" * 5_000: {"o": {"p": 1}}}, **many)
    kept = {name: value for name, value in draft.data.items() if name != RAW}
    assert len(json.dumps(kept)) < 2 * large.MAX_TEXT
    assert draft.message == "m"


def test_a_response_is_never_cut() -> None:
    response = "x" * (large.MAX_DATA + 1)
    (done,) = Translator().take(own(1, "workflow_complete", data={"response": response}))
    (cut,) = Translator().take(own(1, "step_complete", data={"text": response}))
    assert done.data == {"response": response}
    assert len(cut.data["text"]) < large.MAX_TEXT
    assert json.loads(cut.data[RAW])["data"]["text"] == response
    for sent in ({"event": "workflow_complete"}, {"type": "task_complete"}):
        draft = take(**sent, data={"answer": response})
        assert draft.data["response"] == response
        assert len(draft.data[RAW]) == large.MAX_TEXT


def test_open_calls_are_bounded() -> None:
    pairing = Pairing()
    for _ in range(MAX_OPEN + 5):
        pairing.call({}, "read")
    data: dict[str, Any] = {}
    pairing.result(data, "read")
    assert data["call_id"] == "by-arrival-6"


def test_a_result_without_a_call_gets_an_id_of_its_own() -> None:
    assert take(event="tool_result", data={"success": True}).data["call_id"]


def test_the_step_that_runs_is_known() -> None:
    t = Translator()
    take(t, event="step_start", step="rag_context")
    assert t.step == "rag_context"
    take(t, event="step_error", step="rag_context")
    assert t.step is None


@given(st.lists(FIELDS, max_size=6), st.lists(st.binary(max_size=40), max_size=2))
def test_nothing_raises_and_everything_can_be_logged_and_folded(
    payloads: list[dict[str, Any]], raw: list[bytes]
) -> None:
    t = Translator()
    texts = [json.dumps(payload) for payload in payloads]
    drafts = [clean_draft(draft) for message in (*texts, *raw) for draft in t.take(message)]
    drafts += map(clean_draft, t.skip_hole())
    events = [draft.at("r", seq, now()) for seq, draft in enumerate(drafts, 1)]
    assert fold_all(initial("r"), events).seq == len(events)
    assert t.tally.events == len(events)


@given(st.text(max_size=200))
def test_no_text_raises_when_read_as_a_repr(text: str) -> None:
    values.from_repr(text)
