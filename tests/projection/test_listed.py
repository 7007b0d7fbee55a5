from datetime import date
from zoneinfo import ZoneInfo

import pytest

from ryx_dash.projection.listed import moment, step_label, tool_names

NOON = "2026-01-02T12:00:05.000000Z"


@pytest.mark.parametrize(
    ("zone", "today", "expected"),
    [
        ("UTC", date(2026, 1, 2), "12:00:05"),
        ("UTC", date(2026, 1, 3), "2026-01-02 12:00"),
        ("Asia/Tokyo", date(2026, 1, 2), "21:00:05"),
        ("Pacific/Kiritimati", date(2026, 1, 2), "2026-01-03 02:00"),
    ],
)
def test_times_are_the_viewers(zone, today, expected):
    assert moment(NOON, ZoneInfo(zone), today) == expected


@pytest.mark.parametrize("text", ["", "soon", "9999-12-31T23:59:59.000000Z"])
def test_what_is_no_time_is_empty(text):
    assert moment(text, ZoneInfo("Pacific/Kiritimati"), date(2026, 1, 1)) == ""


def test_names():
    assert step_label("llm_response") == "Response"
    assert step_label("own_step") == "own_step"
    assert tool_names([]) == ""
    assert tool_names(["a", "b"]) == "a, b"
    assert tool_names(["a", "b", "c", "d"]) == "a, b +2"
