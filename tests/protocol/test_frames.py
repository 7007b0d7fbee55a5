"""What the dashboard's own page says to the gateway."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.errors import ProtocolError
from ryx_dash.protocol.frames import Again, Cancel, Envelope, Execute, Ping, Shown, Watch
from ryx_dash.protocol.frames import decode_envelope as decode


def envelope(*messages: dict[str, Any]) -> str:
    return json.dumps({"c": "1", "m": messages})


def test_every_message_in_order() -> None:
    text = envelope(
        {"type": "shown", "n": 3, "run": "r", "seq": 7},
        {"type": "again", "n": 3},
        {"type": "execute", "command_id": "c", "input": "q", "model": None, "later": True},
        {"type": "cancel", "command_id": "d", "run_id": "r"},
        {"type": "watch"},
        {"type": "ping"},
    )
    expected = (
        Shown(n=3, run="r", seq=7),
        Again(n=3),
        Execute(command_id="c", input="q"),
        Cancel(command_id="d", run_id="r"),
        Watch(run=None),
        Ping(),
    )
    assert decode(text) == decode(text.encode()) == expected


def test_an_envelope_may_be_empty() -> None:
    assert decode("{}") == ()


def test_what_is_written_can_be_read() -> None:
    written = Envelope(c="shown-3-7", m=(Shown(n=3, run=None, seq=7),))
    assert decode(written.model_dump_json()) == written.m


def test_a_command_with_half_a_character_is_not_lost() -> None:
    # JSON.stringify writes a lone surrogate as an escape, which strict parsers refuse.
    (command,) = decode('{"m":[{"type":"execute","command_id":"c","input":"a\\ud83d"}]}')
    assert command == Execute(command_id="c", input="a\ufffd")


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("", "not_json", "expecting value"),
        (b"\xff", "not_json", "UTF-8"),
        ("[" * 50_000, "not_json", "nested too deeply"),
        ("[]", "not_an_object", "not a JSON object"),
        ('{"m":5}', "bad_field", '"m" should be a valid tuple'),
        ('{"m":{}}', "bad_field", '"m" should be a valid tuple'),
        (envelope({"type": "dance"}), "bad_field", '"m.0"'),
        (envelope({}), "bad_field", '"m.0"'),
        (envelope({"type": "shown"}), "bad_field", '"m.0.shown.n" is missing'),
        (envelope({"type": "shown", "n": -1}), "bad_field", "greater than or equal to 0"),
        (envelope({"type": "execute", "input": "q"}), "bad_field", "command_id"),
        (envelope({"type": "cancel", "command_id": "c", "run_id": ""}), "bad_field", "run_id"),
        (envelope(*[{"type": "ping"}] * 201), "bad_field", '"m" should have at most 200'),
        (json.dumps({"c": "x" * 201}), "bad_field", '"c" should have at most 200'),
    ],
)
def test_envelopes_that_are_refused(source: str | bytes, code: str, says: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode(source)
    assert caught.value.code == code
    assert says in caught.value.message


@given(st.text(st.characters()) | st.binary())
def test_arbitrary_text_is_refused(source: str | bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(source)
