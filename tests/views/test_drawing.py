"""Views that travel as text, and come out of the page's layout."""

import json

from dash import html

from ryx_dash.pages import live, runs
from ryx_dash.projection.fold import initial
from ryx_dash.views import drawing, ids, runline, steps
from tests.views.tree import find, one, text


def test_views_are_grouped_by_their_elements():
    clock = {drawing.of_clock(prop): view for prop, view in runline.clock(None).items()}
    found = json.loads(drawing.text({"position": "event 1 of 2", **clock}))
    assert found[ids.POSITION] == {"children": "event 1 of 2"}
    assert found[ids.RUN_CLOCK] == runline.clock(None)


def test_components_are_written_as_their_trees():
    items = steps.items(initial("r").steps)
    found = json.loads(drawing.text({"steps": items}))[ids.STEPS]["children"]
    assert [item["props"]["data-step"] for item in found] == [s.step for s in initial("r").steps]
    assert text(found) == text(items)


def test_the_page_draws_by_itself_what_it_begins_with():
    page = drawing.with_views(live.page("engine"))
    views = json.loads(one(page, id=ids.VIEWS)[drawing.PROPERTY])
    assert set(views) == drawing.ELEMENTS
    for element in drawing.ELEMENTS:
        assert one(page, id=element).get("children") is None
    assert "no run yet" in text(views[ids.RUN_FACTS]["children"])
    assert find(views[ids.HELP_LIST]["children"], type="Kbd")


def test_other_pages_draw_what_they_have():
    page = drawing.with_views(runs.page("engine"))
    assert set(json.loads(one(page, id=ids.VIEWS)[drawing.PROPERTY])) == {ids.HELP_LIST}


def test_what_an_event_says_stays_text():
    said = '</div><script>alert("x")</script>'
    found = json.loads(drawing.text({"facts": [html.Span(said, title=said)]}))
    [span] = found[ids.RUN_FACTS]["children"]
    assert span["props"] == {"children": said, "title": said}
