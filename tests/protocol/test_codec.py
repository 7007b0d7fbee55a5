"""JSON in and out: round trips, and a stable code for everything that is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.errors import ProtocolError, RyxError, UnknownRun
from ryx_dash.protocol.codec import (
    MAX_COMMAND,
    Skipped,
    decode_command,
    decode_event,
    encode,
    error_event,
)
from ryx_dash.protocol.commands import CancelWorkflow, ExecuteWorkflow
from ryx_dash.protocol.events import Draft, Event, EventKind

TS = "2026-01-01T00:00:00.000000Z"
KINDS = sorted(set(EventKind) - {EventKind.ERROR})

texts = st.text(max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
payloads = st.dictionaries(texts.map(lambda key: f"x{key}"), json_values, max_size=4)
events = st.builds(
    Event,
    run_id=st.text(min_size=1, max_size=64),
    seq=st.integers(1, 2**31),
    ts=st.just(TS),
    event=st.sampled_from(KINDS),
    step=texts,
    node=texts,
    message=texts,
    latency=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    data=payloads,
)


def event(**fields: Any) -> dict[str, Any]:
    return {"run_id": "r", "seq": 1, "ts": TS, "event": "step_start"} | fields


def refused(call: Any, source: Any) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        call(source)
    caught.value.message.encode()
    assert caught.value.message.endswith(".")
    assert len(caught.value.message) < 250
    return caught.value


def outcome_of(call: Any, source: Any) -> str:
    """The name of what came out, or the code of the refusal; anything else raises."""
    try:
        return type(call(source)).__name__
    except ProtocolError as error:
        return error.code


# -- encode -----------------------------------------------------------------------------------


def test_the_contracts_keys_in_its_order() -> None:
    draft = Draft(event="step_start", step="input_reception", node="input", message="Processing…")
    text = encode(draft.at("r", 3, TS))
    assert text == (
        '{"id":"r:3","run_id":"r","seq":3,"ts":"2026-01-01T00:00:00.000000Z",'
        '"event":"step_start","step":"input_reception","node":"input",'
        '"message":"Processing…","latency":null,"data":{}}'
    )


@given(events)
def test_round_trip(original: Event) -> None:
    text = encode(original)
    assert decode_event(text) == original
    assert decode_event(text.encode()) == original
    assert decode_event(json.loads(text)) == original


@pytest.mark.parametrize(
    "data",
    [
        {"x": float("nan")},
        {"x": "\ud800"},
        {"x": {1, 2}},
        {"x": hash},
        {("a", "b"): 1},
    ],
)
def test_an_event_that_was_never_cleaned_is_still_valid_json(data: dict[Any, Any]) -> None:
    text = encode(Draft.model_construct(event="x", message="\ud800", data=data).at("r", 1, TS))
    text.encode()
    sent = json.loads(text, parse_constant=pytest.fail)
    assert sent["message"] == "\ufffd"
    assert sent["data"]["_notes"]


def test_an_event_that_contains_itself_is_still_valid_json() -> None:
    loop: dict[str, Any] = {}
    loop["x"] = loop
    text = encode(Draft.model_construct(event="x", data=loop).at("r", 1, TS))
    assert json.loads(text)["data"]["x"] == "(refers to itself)"


# -- error ------------------------------------------------------------------------------------


def test_an_error_belongs_to_no_run() -> None:
    sent = json.loads(error_event(UnknownRun("No run is called \ud800.")))
    assert sent["event"] == "error"
    assert sent["message"] == "No run is called \ufffd."
    assert sent["data"] == {"code": "unknown_run"}
    assert sent["ts"].endswith("Z")
    assert not {"id", "run_id", "seq"} & set(sent)


def test_the_code_of_an_error_can_be_its_own() -> None:
    sent = json.loads(error_event(RyxError("No.", code="bad_cursor")))
    assert sent["data"] == {"code": "bad_cursor"}


# -- commands ---------------------------------------------------------------------------------


def test_commands() -> None:
    text = '{"action":"execute_workflow","input":"q","model":"m","command_id":"c","new":{}}'
    expected = ExecuteWorkflow(input="q", model="m", command_id="c")
    assert decode_command(text) == expected
    assert decode_command(text.encode()) == expected
    assert decode_command("\ufeff" + text) == expected
    assert decode_command('{"action":"cancel_workflow"}') == CancelWorkflow()
    assert decode_command('{"action":"cancel_workflow","run_id":"r"}') == CancelWorkflow(run_id="r")


def test_of_a_repeated_key_the_last_one_counts_as_in_browsers() -> None:
    command = decode_command('{"action":"x","action":"execute_workflow","input":"a","input":"b"}')
    assert command == ExecuteWorkflow(input="b")


def test_half_a_character_in_a_command_is_replaced() -> None:
    command = decode_command('{"action":"execute_workflow","input":"a\\ud800","\\ud800":1}')
    assert command == ExecuteWorkflow(input="a\ufffd")


EXECUTE = '{"action":"execute_workflow","input":'


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("", "not_json", "expecting value"),
        ("hello", "not_json", "expecting value, at character 1"),
        ('{"a":1} x', "not_json", "extra data"),
        (b"\xff\xfe{", "not_json", "UTF-8"),
        ('{"action":NaN}', "not_json", "NaN"),
        ('{"action":-Infinity}', "not_json", "-Infinity"),
        ("[" * 60_000, "not_json", "nested too deeply"),
        ('{"a":' * 13_000, "not_json", "nested too deeply"),
        ("[]", "not_an_object", "not a JSON object"),
        ("null", "not_an_object", "not a JSON object"),
        ('"execute_workflow"', "not_an_object", "not a JSON object"),
        ("{}", "unknown_action", "has no action; known are execute_workflow"),
        ('{"action":null}', "unknown_action", "has no action"),
        ('{"action":"stop"}', "unknown_action", "(stop)"),
        ('{"action":"\\ud800"}', "unknown_action", "(\ufffd)"),
        ('{"action":["execute_workflow"]}', "unknown_action", "execute_workflow"),
        (json.dumps({"action": "x" * 1000}), "unknown_action", "xxx…"),
        ('{"action":"execute_workflow"}', "bad_field", '"input" is missing'),
        (EXECUTE + "null}", "bad_field", '"input" should be a valid string'),
        (EXECUTE + "5}", "bad_field", '"input" should be a valid string'),
        (EXECUTE + "1e999}", "bad_field", '"input" should be a valid string'),
        (EXECUTE + "1" * 50_000 + "}", "bad_field", '"input" should be a valid string'),
        (EXECUTE + '"q","model":[]}', "bad_field", '"model" should be a valid string'),
        (EXECUTE + '"q","command_id":""}', "bad_field", '"command_id" should have at least 1'),
        (EXECUTE + f'"q","command_id":"{"x" * 129}"}}', "bad_field", "at most 128 characters"),
        ('{"action":"cancel_workflow","run_id":7}', "bad_field", '"run_id" should be'),
    ],
)
def test_commands_that_are_refused(source: str | bytes, code: str, says: str) -> None:
    error = refused(decode_command, source)
    assert error.code == code
    assert says in error.message


@pytest.mark.parametrize("sign", ["x", "é", "\ud800"])
def test_the_largest_message(sign: str) -> None:
    frame = '{"action":"execute_workflow","input":""}'
    width = len(sign.encode(errors="surrogatepass"))
    room = MAX_COMMAND - len(frame)
    text = frame[:-2] + sign * (room // width) + "x" * (room % width) + '"}'
    assert isinstance(decode_command(text), ExecuteWorkflow)
    assert refused(decode_command, text + " ").code == "too_large"
    if sign != "\ud800":
        assert isinstance(decode_command(text.encode()), ExecuteWorkflow)
        assert refused(decode_command, text.encode() + b" ").code == "too_large"


@given(st.text(st.characters()) | st.binary())
def test_arbitrary_messages_are_refused_with_a_code(source: str | bytes) -> None:
    assert refused(decode_command, source).code in ("not_json", "not_an_object", "unknown_action")


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {"action": st.sampled_from(["execute_workflow", "cancel_workflow"])},
        optional=dict.fromkeys(("input", "model", "command_id", "run_id", "x"), any_json),
    )
)
def test_arbitrary_fields_give_a_command_or_a_reason(payload: dict[str, Any]) -> None:
    assert outcome_of(decode_command, json.dumps(payload)) in {
        "ExecuteWorkflow",
        "CancelWorkflow",
        "bad_field",
        "not_json",
    }


# -- events -----------------------------------------------------------------------------------


def test_only_what_is_needed() -> None:
    assert decode_event(event()) == Event(run_id="r", seq=1, ts=TS, event="step_start")


def test_an_unknown_kind_is_skipped_with_a_note() -> None:
    decoded = decode_event('{"event":"step_dreamt","seq":"whatever"}')
    assert decoded == Skipped(
        "step_dreamt", "An event (step_dreamt) is of an unknown kind and was skipped."
    )


def test_an_error_event_belongs_to_no_run() -> None:
    decoded = decode_event(error_event(UnknownRun("No.")))
    assert isinstance(decoded, Skipped)
    assert "belongs to no run" in decoded.note


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("{", "not_json", "not JSON"),
        (b"\xff", "not_json", "UTF-8"),
        ("[" * 100_000, "not_json", "nested too deeply"),
        ("[]", "not_an_object", "not a JSON object"),
        ({}, "bad_event", '"event" is missing'),
        (event(event=5), "bad_event", '"event" should be a string'),
        (event(event={}), "bad_event", '"event" should be a string'),
        ({"event": "step_start"}, "bad_event", '"run_id" is missing'),
        (event(seq="1"), "bad_event", '"seq" should be a valid integer'),
        (event(seq=True), "bad_event", '"seq" should be a valid integer'),
        (event(seq=0), "bad_event", '"seq" should be greater than or equal to 1'),
        (event(seq=2**64), "bad_event", '"seq" should be a valid integer'),
        (event(run_id=""), "bad_event", '"run_id" should have at least 1'),
        (event(ts="yesterday"), "bad_event", '"ts" should match'),
        (event(ts="2026-99-01T00:00:00.000000Z"), "bad_event", '"ts" is no time'),
        (event(message=None), "bad_event", '"message" should be a valid string'),
        (event(latency="12"), "bad_event", '"latency" should be a valid number'),
        (event(data=[]), "bad_event", '"data" should be a valid dictionary'),
        (event(data="x"), "bad_event", '"data" should be a valid dictionary'),
        (event(id="r:2"), "bad_event", '"id" should be r:1'),
        (event(event="llm_token", data={"text": 5}), "bad_event", '"data.text" should be a string'),
        (
            event(event="tool_call", data={"args": "x"}),
            "bad_event",
            '"data.args" should be an object',
        ),
        (
            event(event="tool_result", data={"success": 1}),
            "bad_event",
            '"data.success" should be true or false',
        ),
        (
            event(event="workflow_complete", data={"response": {}}),
            "bad_event",
            '"data.response" should be a string',
        ),
    ],
)
def test_events_that_are_refused(source: Any, code: str, says: str) -> None:
    error = refused(decode_event, source)
    assert error.code == code
    assert says in error.message


def test_what_json_lacks_is_replaced_and_noted() -> None:
    text = json.dumps(event(latency=float("nan"), message="\ud800", data={"x": float("inf")}))
    decoded = decode_event(text)
    assert isinstance(decoded, Event)
    assert (decoded.latency, decoded.message, decoded.data["x"]) == (None, "\ufffd", None)
    assert len(decoded.data["_notes"]) == 3


def test_notes_find_a_place_where_there_was_no_data() -> None:
    decoded = decode_event(event(latency=float("nan")))
    assert isinstance(decoded, Event)
    assert decoded.data == {"_notes": ["latency: NaN became null."]}


def test_a_very_long_number_becomes_text() -> None:
    digits = "9" * 100_000
    decoded = decode_event(json.dumps(event(data={}))[:-3] + f'{{"n":{digits}}}}}')
    assert isinstance(decoded, Event)
    assert decoded.data["n"] == digits
    assert decoded.data["_notes"] == ["data.n: an integer of more than 53 bits became text."]


@given(st.dictionaries(st.sampled_from([*Event.model_fields, "id"]), any_json))
def test_arbitrary_events_give_a_value_or_a_reason(payload: dict[str, Any]) -> None:
    assert outcome_of(decode_event, payload) in {"Event", "Skipped", "bad_event"}
