from collections import Counter

import pytest
from flask import Flask

from ryx_dash.pages import runs
from ryx_dash.pages.live import page
from ryx_dash.pages.site import layout
from ryx_dash.views import ids, list_ids
from tests.views.tree import find, one, text, walk

PUBLIC = [
    "connection-status", "reconnect-button", "query-input", "model-select", "execute-button",
    "queue-count", "cancel-button", "clear-button", "run-status", "workflow-graph",
    "workflow-steps", "event-table", "event-count", "pause-button", "follow-toggle",
    "tool-results", "tool-count", "answer",
]  # fmt: skip


def at(referrer):
    headers = {} if referrer is None else {"Referer": referrer}
    with Flask("test").test_request_context("/_dash-layout", headers=headers):
        return layout()


def test_the_page_has_every_public_id_once():
    found = Counter(node["props"].get("id") for node in walk(page("x")) if "id" in node["props"])
    assert {name: found[name] for name in PUBLIC} == dict.fromkeys(PUBLIC, 1)
    assert max(found.values()) == 1


def test_the_page_has_every_id_that_callbacks_use():
    found = {node["props"].get("id") for node in (*walk(page("x")), *walk(at(None)))}
    # come with the first run, when it is opened, and from the client-side layer
    not_yet = {ids.RUN_SILENCE, ids.TIMELINE, ids.SCRUBBER}
    wanted = {value for name, value in vars(ids).items() if name.isupper()} - not_yet
    assert wanted <= found


@pytest.mark.parametrize(
    "referrer",
    [
        None,
        "http://host:8050/",
        "http://host/?token=x",
        "http://host/runs/r1",
        "http://host/runs/r1/",
    ],
)
def test_the_live_page_is_at(referrer):
    assert find(at(referrer), id=ids.PAGE)


@pytest.mark.parametrize("path", ["/nowhere", "/runs/a/b", "/runs/r1/x"])
def test_nothing_is_at(path):
    shown = at(f"http://host{path}")
    assert find(shown, id=ids.PAGE) == []
    assert f"no page at {path}." in text(shown)
    assert one(shown, type="A")["href"] == "/"


@pytest.mark.parametrize("path", ["/runs", "/runs/", "/runs?status=failed"])
def test_the_list_of_runs_is_at(path):
    assert find(at(f"http://host{path}"), id=list_ids.TABLE)


def test_the_list_has_every_id_that_callbacks_use_once():
    found = Counter(node["props"].get("id") for node in walk(runs.page("x")))
    wanted = {value for name, value in vars(list_ids).items() if name.isupper()}
    assert {name: found[name] for name in wanted} == dict.fromkeys(wanted, 1)


def test_each_page_leads_to_the_other_and_names_itself():
    for shown, here, other in ((page("x"), "Live", "/runs"), (runs.page("x"), "Runs", "/")):
        assert text(one(shown, aria_current="page")) == here
        assert other in {link["href"] for link in find(shown, className="crumb") if "href" in link}


def test_an_earlier_run_leads_to_the_live_page():
    assert one(page("x"), aria_current="page")["children"].href == "/"


def test_outside_of_a_request_it_is_the_live_page():
    assert find(layout(), id=ids.PAGE)


def test_the_page_says_who_runs_the_workflows():
    assert "ws://backend" in text(layout("ws://backend"))


def test_splitters_can_be_reached_with_the_keyboard():
    splitters = find(page("x"), className="splitter")
    assert {(s["data-axis"], s["data-var"]) for s in splitters} == {
        ("x", "--split-x"),
        ("y", "--split-y"),
    }
    assert all(s["tabIndex"] == "0" for s in splitters)
