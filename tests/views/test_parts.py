"""The small views: header, form, monitor, marks."""

import warnings

import pytest

from ryx_dash.projection.fold import initial
from ryx_dash.projection.rows import ICONS
from ryx_dash.projection.state import NodeState, RunState
from ryx_dash.protocol.executor import Model
from ryx_dash.protocol.steps import STEPS, NodeStatus, RunStatus
from ryx_dash.views import ids, monitor
from ryx_dash.views.form import form, format_bytes, model_options
from ryx_dash.views.header import header, model_in_use
from ryx_dash.views.marks import LEVELS, MARKS, badge, mark
from tests.views.tree import find, one, text


def test_every_id_is_used_once():
    names = [value for name, value in vars(ids).items() if name.isupper()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("status", [*RunStatus, *NodeStatus])
def test_every_status_has_its_icon_and_word(status):
    assert status.value in MARKS
    assert text(badge(status)) == "".join(mark(status))


def test_an_unheard_of_status_is_unknown():
    assert mark("vanished").word == "unknown"


def test_a_badge_without_a_word_says_it_to_a_screen_reader():
    assert text(one(badge("failed", word=False), className="sr-only")) == "failed"


def test_levels_have_the_icons_of_the_rows():
    assert {name: shown.icon for name, shown in LEVELS.items()} == ICONS


def test_the_header_says_who_runs_the_workflows():
    shown = header("embedded engine")
    assert "embedded engine" in text(shown)
    assert one(shown, id=ids.CONNECTION_STATUS)["data-status"] == "connecting"
    assert one(shown, id=ids.RECONNECT)["hidden"] is True


def test_the_model_in_use():
    chosen = NodeState(
        node="model", step="model_selection", label="Model", status=NodeStatus.SUCCESS
    )
    assert model_in_use(None) == "no model yet"
    assert model_in_use(initial("r")) == "no model yet"
    assert model_in_use(RunState(run_id="r", nodes=(chosen,))) == "without a model"
    assert model_in_use(RunState(run_id="r", model="qwen2.5:3b")) == "qwen2.5:3b"


def test_models_come_installed_first_with_their_size():
    models = [
        Model(id="a", name="a", size=4_700_000_000, available=True),
        Model(id="b", name="b", size=None, available=False),
        Model(id="c", name="c", size=None, available=True),
    ]
    assert [(o["label"], o["value"]) for o in model_options(models)] == [
        ("Auto", "auto"),
        ("a (4.7 GB)", "a"),
        ("c", "c"),
        ("b (not installed)", "b"),
    ]


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (999_600, "1.0 MB"), (5e16, "50000 TB")],
)
def test_sizes(size, words):
    assert format_bytes(size) == words


def test_the_form_can_be_used_with_the_keyboard_alone():
    shown = form()
    labels = {label["htmlFor"] for label in find(shown, type="Label")}
    assert labels == {ids.QUERY, ids.MODEL}
    assert one(shown, id=ids.CANCEL)["hidden"] is True
    assert one(shown, id=ids.QUEUE_COUNT)["data-count"] == "0"


def test_the_table_is_made_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = monitor.table().to_plotly_json()
    assert table["props"]["page_size"] == 50
    assert table["props"]["page_action"] == table["props"]["sort_action"] == "custom"


def test_the_filters_offer_every_step_and_level():
    shown = monitor.panel()
    steps = [o["value"] for o in one(shown, id=ids.FILTER_STEPS)["options"]]
    assert steps == [monitor.ALL, *(step.name for step in STEPS)]
    assert [o["value"] for o in one(shown, id=ids.FILTER_LEVEL)["options"]][1:] == list(ICONS)


@pytest.mark.parametrize(
    ("shown", "total", "pages", "words"),
    [
        (0, 0, 1, "No events yet."),
        (0, 148, 1, "0 of 148 shown."),
        (12, 148, 1, "12 of 148 shown · times in Europe/Berlin"),
        (9_923, 9_965, 199, "9,923 of 9,965 shown · page 3 of 199 · times in Europe/Berlin"),
    ],
)
def test_the_note_under_the_table(shown, total, pages, words):
    assert monitor.note(shown, total, page=2, pages=pages, zone="Europe/Berlin") == words


def test_the_note_names_the_day_of_the_newest_event():
    note = monitor.note(1, 1, page=0, pages=1, zone="UTC", day="2026-01-31")
    assert note == "1 of 1 shown · 2026-01-31 · times in UTC"
