"""Events and what they mean for their run."""

import pickle
import re
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from ryx_dash.protocol.events import Draft, Event, EventKind, level, now, outcome, step_event
from ryx_dash.protocol.steps import LLM, RunStatus

TS = "2026-01-01T00:00:00.000000Z"


def test_now_is_utc_with_microseconds_and_sorts_as_text() -> None:
    before, text, after = now(), now(), now()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
    assert before <= text <= after
    assert abs((datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds()) < 60


def test_an_event_is_named_by_its_run_and_place() -> None:
    draft = step_event(EventKind.STEP_START, LLM, "Asking", latency=1.5, data={"a": 1})
    event = draft.at("r1", 7, TS)
    assert event.id == "r1:7"
    assert (event.step, event.node) == ("llm_response", "llm")
    assert (event.message, event.latency, event.data) == ("Asking", 1.5, {"a": 1})
    assert event == Event.model_validate(event.model_dump())


def test_a_step_event_without_data_has_an_empty_object() -> None:
    assert step_event(EventKind.STEP_START, LLM, "").data == {}


@pytest.mark.parametrize(
    ("kind", "data", "status"),
    [
        ("workflow_complete", {}, RunStatus.SUCCESS),
        ("workflow_error", {}, RunStatus.FAILED),
        ("workflow_error", {"code": "timeout"}, RunStatus.FAILED),
        ("workflow_error", {"code": "interrupted"}, RunStatus.INTERRUPTED),
        ("workflow_cancelled", {"code": "interrupted"}, RunStatus.CANCELLED),
        ("step_error", {"code": "interrupted"}, None),
        ("workflow_start", {}, None),
        ("something_new", {}, None),
    ],
)
def test_outcome(kind: str, data: dict[str, str], status: RunStatus | None) -> None:
    assert outcome(Draft(event=kind, data=data)) is status


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("workflow_start", {}, "info"),
        ("step_start", {}, "running"),
        ("step_progress", {"done": 1}, "running"),
        ("step_progress", {"warning": True}, "warning"),
        ("step_complete", {}, "success"),
        ("step_error", {}, "error"),
        ("tool_call", {}, "running"),
        ("tool_result", {"success": True}, "success"),
        ("tool_result", {"success": False}, "error"),
        ("tool_result", {}, "error"),
        ("llm_token", {}, "info"),
        ("workflow_complete", {}, "success"),
        ("workflow_error", {}, "error"),
        ("workflow_cancelled", {}, "warning"),
        ("error", {}, "error"),
        ("something_new", {"warning": True}, "info"),
    ],
)
def test_level(kind: str, data: dict[str, object], expected: str) -> None:
    assert level(kind, data) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"seq": 0},
        {"run_id": ""},
        {"run_id": "x" * 65},
        {"ts": "2026-01-01"},
        {"latency": float("nan")},
        {"data": []},
    ],
)
def test_an_event_refuses(wrong: dict[str, object]) -> None:
    fields = {"run_id": "r", "seq": 1, "ts": TS, "event": "step_start"} | wrong
    with pytest.raises(ValidationError):
        Event.model_validate(fields)


def test_a_draft_refuses_unknown_fields() -> None:
    with pytest.raises(ValidationError):
        Draft.model_validate({"event": "step_start", "latncy": 1})


def test_a_trusted_event_is_like_any_other() -> None:
    fields = {
        "run_id": "r",
        "seq": 3,
        "ts": "2026-01-01T00:00:00.000000Z",
        "event": "step_start",
        "step": "s",
        "node": "n",
        "message": "m",
        "latency": 1.5,
        "data": {"a": 1},
    }
    trusted, checked = Event.trusted(**fields), Event(**fields)
    assert trusted == checked
    assert trusted.id == "r:3"
    assert trusted.model_dump() == checked.model_dump()
    assert trusted.model_copy(update={"seq": 4}).seq == 4
    assert pickle.loads(pickle.dumps(trusted)) == checked
