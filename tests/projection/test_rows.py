"""One event as the monitor's table shows it."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from ryx_dash.projection.rows import ICONS, day, row

from .events import draft, drafts, events, ts

UTC = ZoneInfo("UTC")


def shown(kind: str, step: str = "", **fields: Any) -> dict[str, Any]:
    return row(events(draft(kind, step, **fields))[0], UTC)


def test_a_row() -> None:
    event = draft(
        "tool_result",
        "tool_execution",
        message="Found 3\nhits",
        latency=1.234,
        data={"call_id": "c", "success": True},
    ).at("r", 7, "2026-01-01T12:03:04.120900Z")
    assert row(event, ZoneInfo("Europe/Zurich")) == {
        "id": 7,
        "seq": 7,
        "time": "13:03:04.120",
        "utc": "2026-01-01T12:03:04.120900Z",
        "step": "tool_execution",
        "node": "execute",
        "level": "success",
        "icon": "✓",
        "message": "Found 3 hits",
        "latency": "1.2 ms",
        "kind": "tool_result",
        "call_id": "c",
    }


@pytest.mark.parametrize(
    ("kind", "data", "icon"),
    [
        ("workflow_start", {}, "ℹ"),
        ("step_complete", {}, "✓"),
        ("step_progress", {"warning": True}, "⚠"),
        ("step_error", {}, "✗"),
        ("step_start", {}, "⋯"),
        ("something_new", {}, "ℹ"),
    ],
)
def test_icons(kind: str, data: dict[str, Any], icon: str) -> None:
    assert shown(kind, data=data)["icon"] == icon


def test_a_zone_with_daylight_saving() -> None:
    event = draft("x").at("r", 1, "2026-07-01T23:30:00.000000Z")
    assert row(event, ZoneInfo("Europe/Zurich"))["time"] == "01:30:00.000"
    assert row(event, ZoneInfo("Asia/Kolkata"))["time"] == "05:00:00.000"


@pytest.mark.parametrize("text", ["2026-99-01T00:00:00.000000Z", "0001-01-01T00:00:00.000000Z"])
def test_a_time_that_cannot_be_told_is_shown_as_it_is(text: str) -> None:
    assert row(draft("x").at("r", 1, text), ZoneInfo("America/New_York"))["time"] == text


def test_a_token_shows_its_text() -> None:
    assert shown("llm_token", data={"text": "Hel\n"})["message"] == "Hel"
    assert shown("llm_token", data={"text": "x"}, message="m")["message"] == "m"
    assert shown("llm_token", data={"text": 5})["message"] == ""
    assert shown("step_start", data={"text": "x"})["message"] == ""


def test_a_megabyte_is_cut() -> None:
    assert len(shown("x", message="é" * 1_000_000)["message"]) == 500


def test_without_latency_and_call() -> None:
    assert (shown("x")["latency"], shown("x", data={"call_id": 5})["call_id"]) == ("", "")


@given(drafts)
def test_any_event_is_a_row_of_flat_json(item: Any) -> None:
    cells = row(item.at("r", 1, ts(1)), UTC)
    assert json.loads(json.dumps(cells)) == cells
    assert all(isinstance(cell, str | int) for cell in cells.values())
    assert cells["icon"] in ICONS.values()


def test_the_day_is_that_of_the_zone() -> None:
    assert day("2026-01-31T23:30:00.000000Z", ZoneInfo("Europe/Berlin")) == "2026-02-01"
    assert day("yesterday", UTC) == day(None, UTC) == ""
