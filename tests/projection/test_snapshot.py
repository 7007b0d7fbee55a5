"""A state comes back from bytes as it was, and goes on as if it had never been away."""

import json
import zlib
from collections.abc import Iterable
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.projection import snapshot
from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.projection.snapshot import Packed, pack
from ryx_dash.projection.state import RunState
from ryx_dash.protocol.events import RAW, Event

from .events import draft, events, histories


def unpacked(data: bytes, history: Iterable[Event]) -> RunState:
    packed, known = Packed(data), {}
    for event in history:
        known.setdefault(event.seq, event)
    return packed.state("r", [known[seq] for seq in packed.wanted])


@given(histories(), st.integers(0, 25))
def test_folding_on_from_a_snapshot_is_folding_from_the_start(
    history: list[Event], cut: int
) -> None:
    state = fold_all(initial("r"), history[:cut])
    again = unpacked(pack(state), applied(history[:cut]))
    assert repr(again) == repr(state)  # as text: NaN is never equal to itself
    then = history[cut:]
    assert repr(fold_all(again, then)) == repr(fold_all(state, then))


def applied(history: list[Event]) -> list[Event]:
    """The events that count: what comes twice, or too late, does not."""
    newest, found = 0, []
    for event in history:
        if event.seq > newest:
            newest = event.seq
            found.append(event)
    return found


def test_payloads_are_named_not_stored() -> None:
    secret = "payload " * 50
    call = {"call_id": "c", "tool": "t"}
    history = events(
        draft("step_complete", "rag_context", data={"hits": secret}),
        draft("tool_call", "tool_execution", data={**call, "args": {"q": secret}}),
        draft("tool_result", "tool_execution", data={**call, "success": True, "output": secret}),
    )
    data = pack(fold_all(initial("r"), history))
    assert b"payload" not in zlib.decompress(data)
    assert Packed(data).wanted == [1, 2, 3]


def test_a_state_without_payloads_needs_no_events() -> None:
    assert Packed(pack(initial("r"))).wanted == []


def test_a_state_whose_events_are_missing_is_refused() -> None:
    data = pack(fold_all(initial("r"), events(draft("step_complete", "rag_context"))))
    with pytest.raises(ValueError, match="Event 1 is missing"):
        Packed(data).state("r", [])


@pytest.mark.parametrize(
    "data", [b"", b"junk", *(zlib.compress(json.dumps(v).encode()) for v in (7, {}, [], [1]))]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        Packed(data)


def test_states_are_folded_as_the_number_of_folding_says() -> None:
    call = {"call_id": "c", "tool": "t"}
    history = events(
        draft("workflow_start", data={"input": "why?", "model": "m"}),
        draft("step_start", "input_reception", message="Reading"),
        draft("step_complete", "input_reception", latency=1.5, data={"text": "why?"}),
        draft("step_start", "tool_execution"),
        draft("tool_call", "tool_execution", data={**call, "args": {"q": 1}}),
        draft("tool_call", "tool_execution", data={"tool": "other"}),
        draft("tool_result", "tool_execution", data={**call, "success": True, "output": [1]}),
        draft("step_progress", "tool_execution", data={"attempt": 2}),
        draft("step_start", "mystery"),
        draft("step_start", "llm_response"),
        draft("llm_token", "llm_response", data={"text": "a"}),
        draft("workflow_error", message="It broke", data={"step": "llm_response"}),
    )
    states = [pack(fold_all(initial("r"), history[:n])) for n in range(len(history) + 1)]
    made = [crc32(zlib.decompress(state)) for state in states]
    assert (snapshot.FOLDING, crc32(repr(made).encode())) == (1, 371071853), (
        "The same events give other states than before: raise FOLDING, so that stored ones are "
        "made anew (other fields alone do that by themselves), and put what is found in here."
    )


def test_what_a_state_leaves_out_of_a_long_message_stays_out() -> None:
    history = events(draft("step_complete", "rag_context", data={RAW: "x" * 20_000, "n": 1}))
    state = fold_all(initial("r"), history)
    assert unpacked(pack(state), history) == state
