"""Out of the log and back: the identical run, or a refusal that names the line."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ryx_dash.archive import jsonl
from ryx_dash.errors import FileRefused
from ryx_dash.log.base import EventLog, Run
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import Draft, EventKind
from tests.archive.runs import EVIL, drafts, recorded


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


def exported(log: EventLog, run: Run) -> list[bytes]:
    return [line.encode() + b"\n" for line in jsonl.lines(run, log.read(run.run_id))]


@pytest.fixture
def lines(log: MemoryLog) -> list[bytes]:
    return exported(log, recorded(log, EVIL))


def test_the_run_comes_back_identical(log: MemoryLog) -> None:
    run = recorded(log, EVIL)
    taken = jsonl.read(exported(log, run))
    other = MemoryLog()
    assert other.restore(taken.run, taken.events)
    assert taken.cut is None
    assert other.run(run.run_id) == replace(run, owner=None, fence=0, imported=True)
    assert other.read(run.run_id) == log.read(run.run_id)
    assert exported(other, run) == exported(log, run)
    assert not log.restore(taken.run, taken.events)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.text(st.characters(codec="utf-8"))
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@settings(max_examples=60)
@given(
    message=st.text(st.characters(codec="utf-8"), max_size=20),
    latency=st.none() | st.floats(0, 1e9),
    value=json_values,
)
def test_any_event_comes_back_identical(message: str, latency: float | None, value: object) -> None:
    log = MemoryLog()
    made = [
        Draft(event="step_progress", message=message, latency=latency, data={"value": value}),
        Draft(event=EventKind.WORKFLOW_CANCELLED),
    ]
    run = recorded(log, message, made)
    assert list(jsonl.read(exported(log, run)).events) == log.read(run.run_id)


def test_events_alone_are_a_run_as_well(log: MemoryLog, lines: list[bytes]) -> None:
    taken = jsonl.read(lines[1:])
    assert taken.run.input == EVIL
    assert taken.run.run_id == json.loads(lines[1])["run_id"]


def test_blank_lines_and_a_byte_order_mark_are_nothing(lines: list[bytes]) -> None:
    spaced = [b"\xef\xbb\xbf" + lines[0], b"\r\n", *lines[1:], b"  \n"]
    assert jsonl.read(spaced) == jsonl.read(lines)


@pytest.mark.parametrize("keep", [0, 1, 5, -1])
def test_a_file_without_its_end_is_taken_up_to_the_break(lines: list[bytes], keep: int) -> None:
    whole = jsonl.read(lines)
    short = lines[: 2 + keep] if keep >= 0 else lines[:keep]
    taken = jsonl.read(short)
    count = len(short) - 1
    assert f"after event {count}" in (taken.cut or "")
    assert taken.run.run_id != whole.run.run_id
    log = MemoryLog()
    assert log.restore(taken.run, taken.events)
    run = log.run(taken.run.run_id)
    assert run is not None
    assert (run.status, run.head) == ("interrupted", count + 1)
    assert [e.message for e in taken.events[:-1]] == [e.message for e in whole.events[:count]]


@pytest.mark.parametrize("cut", [1, 20, -3])
def test_a_last_line_that_breaks_off_is_named(lines: list[bytes], cut: int) -> None:
    taken = jsonl.read([*lines[:4], lines[4][:cut]])
    assert "line 5: it is not JSON" in (taken.cut or "")
    assert len(taken.events) == 4


@settings(max_examples=80)
@given(st.data())
def test_a_file_cut_anywhere_is_refused_or_a_beginning(data: st.DataObject) -> None:
    log = MemoryLog()
    run = recorded(log)
    text = b"".join(exported(log, run))
    cut = data.draw(st.integers(0, len(text) - 2))
    try:
        taken = jsonl.read(text[:cut].splitlines(keepends=True))
    except FileRefused:
        return
    assert taken.cut is not None
    whole = log.read(run.run_id)
    told = [e.model_copy(update={"run_id": run.run_id}) for e in taken.events[:-1]]
    assert told == whole[: len(told)]


def changed(line: bytes, **fields: object) -> bytes:
    return json.dumps({**json.loads(line), **fields}).encode()


def test_what_is_wrong_is_refused_with_its_line(lines: list[bytes]) -> None:
    first, *events = lines
    run = json.loads(first)["run"]
    cases = {
        "no events": [[], [first], [b"\n"]],
        "Line 1: this is no export": [[b'{"some": "json"}'], [b"{}"]],
        "Line 1: it is not JSON": [[b"PNG\x00"], [b"<html>"], [first[:30]]],
        "Line 1: it is not UTF-8": [[b"\xff\xfe"]],
        "Line 1: it is not a JSON object": [[b"[1, 2]"]],
        "Line 1: version 2 is not known": [[changed(first, version=2)]],
        'Line 1: "run_id" should': [[changed(first, run={**run, "run_id": "../../x"})]],
        'Line 1: "created" is missing': [[changed(first, run={"run_id": "x", "input": ""})]],
        "Line 1: a time is none": [
            [changed(first, run={**run, "created": "2026-99-01T00:00:00.000000Z"})]
        ],
        "Line 3: it is not JSON": [[first, events[0], b"{oops", *events[2:]]],
        "Line 3: event 2 is expected, not 3": [[first, events[0], *events[2:]]],
        "Line 3: event 2 is expected, not 1": [[first, events[0], *events]],
        "Line 3: it is of another run": [[first, events[0], changed(events[1], run_id="x")]],
        'Line 3: "seq" should be': [[first, events[0], changed(events[1], seq="2")]],
        'Line 3: "ts" is no time': [
            [first, events[0], changed(events[1], ts="2026-13-01T00:00:00.000000Z")]
        ],
        f"Line {len(lines) + 1}: there is more": [
            [*lines, changed(events[-1], seq=len(lines))],
        ],
        f"Line {len(lines) + 1}: it is not JSON": [[*lines, b"{"]],
    }
    for expected, files in cases.items():
        for file in files:
            with pytest.raises(FileRefused) as refusal:
                jsonl.read(file)
            assert expected in refusal.value.message, (expected, refusal.value.message)


def test_a_line_without_end_is_refused(lines: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LONGEST_LINE", 100)
    with pytest.raises(FileRefused, match="Line 1: it is longer than 100 bytes"):
        jsonl.read(lines)


def test_a_running_run_comes_in_as_interrupted(log: MemoryLog) -> None:
    run = recorded(log, "q", drafts()[:4])
    taken = jsonl.read(exported(log, run))
    assert taken.events[-1].data == {"code": "interrupted"}
    assert taken.events[-1].message == "The file is not whole (it ends after event 4)."
