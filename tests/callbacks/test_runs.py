"""The list of runs out of a log in memory."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import dash
import pytest
from dash import no_update
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.callbacks import runs
from ryx_dash.callbacks.runs import (
    INPUTS,
    OUTPUTS,
    PAGE_SIZE,
    _if_new,
    answer_list,
    delete_runs,
    parse_picked,
)
from ryx_dash.callbacks.runs_query import PARAMETERS, RunsQuery, parse_query
from ryx_dash.log.base import NewRun, RunFilter
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.steps import RunStatus
from tests.log.samples import claimed, event, started
from tests.views.tree import find, one, text

NOTHING = {"message": None, "search": "", "zone": "UTC", "shown": None}
UTC = ZoneInfo("UTC")


@pytest.fixture
def log():
    return MemoryLog()


def finished(log, question, message="", **data):
    log.start(NewRun(input=question))
    run = log.claim("me", at_once=99, lease_seconds=1e6)
    step = event(run.run_id, 1, "step_start", message, **data)
    return log.append(run.lease, [step, event(run.run_id, 2, "workflow_complete")])


def ask(log, **asked):
    """The views, the table as the tree that the page is to draw."""
    views = answer_list(log, {**NOTHING, **asked})
    return views | ({"table": json.loads(views["table"])} if "table" in views else {})


def queries(views):
    return [text(link) for link in find(views["table"], className="runs-query")]


def frame(n=3, head=7):
    return {"data": json.dumps({"n": n, "run": "*", "head": head})}


def test_every_view_goes_to_an_output(log):
    assert set(ask(log)) <= set(OUTPUTS)
    assert set(NOTHING) == set(INPUTS)


def test_the_callbacks_can_be_registered(log):
    app = dash.Dash("test")
    runs.register(app, log)
    assert len(app.callback_map or app._callback_list) >= 1


def test_all_runs_newest_first(log):
    finished(log, "one")
    finished(log, "two")
    views = ask(log)
    assert queries(views) == ["two", "one"]
    assert views["clear"] is True
    assert views["note"].startswith("2 runs")


def test_a_frame_is_acknowledged_up_to_where_the_log_was(log):
    views = ask(log, message=frame())
    assert json.loads(views["send"])["m"] == [{"type": "shown", "n": 3, "run": None, "seq": 7}]
    assert "send" not in ask(log)


def test_what_looks_the_same_is_not_sent_again(log):
    run = finished(log, "one")
    first = ask(log)
    assert "table" not in ask(log, shown=first["shown"], message=frame())
    assert "table" in ask(log, shown=first["shown"], zone="Asia/Tokyo")
    assert "table" in ask(log, shown=first["shown"], search="?q=one")
    log.delete(run.run_id)
    assert queries(ask(log, shown=first["shown"])) == []


def test_the_address_filters(log):
    finished(log, "one")
    started(log, "two")
    views = ask(log, search="?status=success")
    assert queries(views) == ["one"]
    assert views["clear"] is False
    assert views["note"].startswith("1 of 2 runs · filters hide 1 ")


def test_other_pages_of_a_filtered_list_are_not_taken_for_hidden(log):
    for number in range(PAGE_SIZE + 1):
        finished(log, f"word {number}")
    started(log, "other")
    first = ask(log, search="?status=success")
    assert first["note"].startswith("50 of 52 runs on this page · filters hide others ")
    last = log.runs(limit=PAGE_SIZE, where=RunFilter(statuses=frozenset({RunStatus.SUCCESS})))
    older = ask(log, search=f"?status=success&before={last.next}")
    assert older["note"].startswith("1 of 52 runs on this page · filters hide others ")


def test_what_cannot_be_understood_is_said_and_can_be_cleared(log):
    finished(log, "one")
    views = ask(log, search="?since=abc&status=bogus&q=%20")
    assert queries(views) == ["one"]
    assert "not applied: status=bogus, since=abc." in views["note"]
    assert views["clear"] is False


def test_a_search_shows_the_event_that_it_found(log):
    finished(log, "one", "the kettle is blue")
    finished(log, "two", output={"place": "kitchen kettle"})
    finished(log, "Where is my kettle?", "no hit is shown")
    table = ask(log, search="?q=kettle")["table"]
    assert [text(hit) for hit in find(table, className="runs-hit")] == [
        "Input · event 1 kitchen kettle",
        "Input · event 1 the kettle is blue",
    ]
    assert len(find(table, type="Mark")) == 3


def test_pages_follow_each_other_and_keep_the_filters(log, monkeypatch):
    monkeypatch.setattr(runs, "PAGE_SIZE", 2)
    made = [finished(log, f"{n} tea") for n in range(5)]
    first = ask(log, search="?q=tea")
    [older] = first["pages"]
    assert older.href == f"/runs?q=tea&before={made[3].run_id}"
    second = ask(log, search=older.href.removeprefix("/runs"))
    assert queries(second) == ["2 tea", "1 tea"]
    assert second["pages"][0].href == "/runs?q=tea"


def test_the_page_after_a_deleted_run_is_the_first(log):
    finished(log, "one")
    assert queries(ask(log, search="?before=deleted")) == ["one"]


def test_a_log_that_cannot_be_read_is_said(log):
    log.close()
    assert ask(log, message=frame()) == {"note": "The event log is closed."}


def test_choices_are_what_the_log_knows(log):
    run = claimed(log)
    log.append(run.lease, [event(run.run_id, 1, "tool_call", tool="read_file")])
    found = runs.choices(log)
    assert [choice["value"] for choice in found["tool"]] == ["all", "read_file"]
    assert len(found["model"]) == len(found["intent"]) == 1


def test_deleting_leaves_what_goes_on(log):
    done, active = finished(log, "one"), claimed(log)
    left, said = delete_runs(log, (done.run_id, active.run_id, "gone already"))
    assert left == [active.run_id]
    assert said.startswith("Deleted 2 runs. Run ")
    assert "cancel it first" in said
    assert log.run(done.run_id) is None
    assert delete_runs(log, ()) == ([], "")


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=9))
def test_picked_runs_are_read_with_distrust(value):
    assert all(isinstance(name, str) for name in parse_picked(value))


def test_picked_runs_are_read():
    assert parse_picked(["a", "b", "a", "", None, "x" * 65]) == ("a", "b")


# -- the address -------------------------------------------------------------------------------


def test_an_address_is_read():
    query = parse_query(
        "?q=a+b&status=failed,cancelled&model=m&intent=i&tool=t"
        "&since=2026-01-02&until=2026-01-02&took=1000-&before=r",
        ZoneInfo("Europe/Berlin"),
    )
    assert query.where == RunFilter(
        text="a b",
        statuses=frozenset({RunStatus.FAILED, RunStatus.CANCELLED}),
        models=frozenset({"m"}),
        intents=frozenset({"i"}),
        tools=frozenset({"t"}),
        since="2026-01-01T23:00:00.000000Z",
        until="2026-01-02T23:00:00.000000Z",
        shortest=1_000.0,
    )
    assert [name for name, _ in query.given] == list(PARAMETERS)
    assert query.before == "r"


@pytest.mark.parametrize(
    "search",
    [
        *("", "?", "?status=odd", "?since=yesterday", "?until=9999-12-31", "?since=0001-01-01"),
        *("?took=5", "?took=-", "?took=a-b", "?unknown=1", "?q=+", None, 7, ["?q=x"]),
    ],
)
def test_what_cannot_be_understood_asks_for_nothing(search):
    query = parse_query(search, ZoneInfo("Pacific/Kiritimati"))
    assert replace(query, ignored=()) == RunsQuery(where=RunFilter())


@given(st.text(max_size=80))
def test_any_address_is_read(search):
    query = parse_query("?" + search, UTC)
    assert parse_query(query.page(None).removeprefix("/runs"), UTC).where == query.where


def test_what_does_not_fit_into_one_deletion_stays_picked(log, monkeypatch):
    monkeypatch.setattr(runs, "MOST_DELETED", 2)
    names = [finished(log, "one").run_id for _ in range(3)]
    assert delete_runs(log, tuple(names)) == (
        names[2:],
        "Deleted 2 runs. 1 more is still picked: delete again.",
    )
    assert [run.run_id for run in log.runs(limit=9).runs] == names[2:]


def test_a_list_that_is_open_overnight_is_drawn_with_the_day(log, monkeypatch):
    finished(log, "one")
    before = ask(log)
    assert "table" not in ask(log, shown=before["shown"])

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=1)

    monkeypatch.setattr(runs, "datetime", Tomorrow)
    after = ask(log, shown=before["shown"])
    assert "-" in text(one(after["table"], type="Time"))


def test_the_first_of_two_values_counts_as_on_the_page(log):
    finished(log, "one")
    assert queries(ask(log, search="?q=one&q=two")) == ["one"]
    assert queries(ask(log, search="?q=&q=two")) == ["one"]


@pytest.mark.parametrize("search", ["?q=%21%21", "?status=success,odd", "?since=2026-01-01T"])
def test_what_asks_for_nothing_is_said_to_be_not_applied(log, search):
    finished(log, "one")
    views = ask(log, search=search)
    assert queries(views) == ["one"]
    assert f"not applied: {unquote(search[1:])}." in views["note"]


def test_a_time_may_name_its_own_zone():
    tokyo = ZoneInfo("Asia/Tokyo")
    for value in ("2026-01-01T09:00", "2026-01-01T00:00Z", "2025-12-31T19:00-05:00"):
        assert parse_query(f"?since={value}", tokyo).where.since == "2026-01-01T00:00:00.000000Z"


def test_selects_are_left_alone_until_there_is_something_new():
    options = [{"label": "all", "value": "all"}, {"label": "m", "value": "m"}]
    assert _if_new(options, None) == options
    assert _if_new(options, [*options, {"label": "gone", "value": "gone"}]) is no_update
    assert _if_new(options, options[:1]) == options
