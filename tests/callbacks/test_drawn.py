"""What a page shows already is not sent again."""

from dash import html

from ryx_dash.callbacks.drawn import SMALL, Drawn, digest
from ryx_dash.callbacks.live import OUTPUTS
from ryx_dash.views.drawing import PLACES


def test_what_is_the_same_is_left_out():
    drawn = Drawn({})
    assert drawn.without_the_same({"note": "1 of 1"}) == {"note": "1 of 1"}
    assert drawn.without_the_same({"note": "1 of 1"}) == {}
    assert drawn.without_the_same({"note": "1 of 2"}) == {"note": "1 of 2"}


def test_what_is_big_is_never_left_out():
    drawn = Drawn({})
    views = {"rows": [{"seq": 1}]}
    assert drawn.without_the_same(views) == drawn.without_the_same(views) == views
    assert drawn.digests == {}


def test_the_page_keeps_the_digests():
    first = Drawn({})
    first.without_the_same({"cancel": True})
    assert not Drawn(first.digests).is_new("cancel", True)


def test_components_are_the_same_if_they_look_the_same():
    def tree(word):
        return [html.P(["a", html.Span(word, className="x")])]

    assert digest(tree("b")) == digest(tree("b")) != digest(tree("c"))
    assert digest("\ud800")  # a lone surrogate is no reason to fail


def test_only_outputs_are_named():
    assert {*OUTPUTS, *PLACES} >= SMALL
