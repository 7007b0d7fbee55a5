from zoneinfo import ZoneInfo

import pytest

from ryx_dash.projection.state import RunState
from ryx_dash.views import ids, scrubber
from tests.views.tree import find, one

OSLO = ZoneInfo("Europe/Oslo")
LAST = "2026-01-01T11:03:04.120000Z"


@pytest.mark.parametrize(
    ("seq", "head", "last", "words"),
    [
        (57, 1_480, LAST, "event 57 of 1,480 · 12:03:04.120"),
        (57, 57, "yesterday", "event 57 of 57 · yesterday"),
        (0, 3, None, "before event 1 of 3"),
        (0, 0, None, "no events"),
    ],
)
def test_the_position_in_words(seq, head, last, words):
    assert scrubber.position(RunState(run_id="r", seq=seq, last=last), head, OSLO) == words


def test_the_bar_has_its_place_before_any_event():
    bar = scrubber.bar()
    assert one(bar, type="Label", htmlFor=ids.SCRUBBER)
    assert one(bar, id=ids.SCRUBBER_PLACE)
    assert one(bar, id=ids.TRAVEL_LIVE)["data-away"] == "no"
    speeds = one(bar, id=ids.TRAVEL_SPEED)["options"]
    assert [speed["label"] for speed in speeds] == ["1×", "4×", "16×"]
    assert all(button["title"] for button in find(bar, type="Button"))
