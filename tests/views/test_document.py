"""A run as one file: what stands in it, without a browser."""

import json
import re
from html.parser import HTMLParser

from ryx_dash.log.memory import MemoryLog
from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.views.document import document
from tests.archive.runs import ANSWER, EVIL, recorded

URL = re.compile(r"""(?:src|href|url\(|@import)\s*=?\s*["']?(?:https?:)?//""")


def made(text=EVIL):
    log = MemoryLog()
    run = recorded(log, text)
    events = log.read(run.run_id)
    return document(run.run_id, run.input, events), events


def data_of(page):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1]
    )


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)


def tags(page):
    reader = Tags()
    reader.feed(page)
    return reader.tags


def test_nothing_that_an_event_says_is_markup():
    page, _ = made()
    assert tags(page).count("script") == 2
    assert "img" not in tags(page)
    for frame in data_of(page)["frames"]:
        for html in [card for _, card in frame.get("calls", [])] + [frame.get("final", "")]:
            assert not {"script", "img"} & set(tags(html))


def test_it_needs_nothing_from_elsewhere():
    page, _ = made()
    assert not URL.search(page)
    assert "default-src 'none'" in page
    assert not {"link", "iframe", "object", "form"} & set(tags(page))


def test_every_place_of_the_page_is_filled_once():
    page, events = made("@@data@@ @@script@@")
    assert page.count('"frames":') == 1
    assert len(data_of(page)["frames"]) == len(data_of(page)["rows"]) == len(events)


def test_each_prefix_is_as_the_fold_gives_it():
    page, events = made()
    data = data_of(page)
    nodes, text, cards, run = dict(data["first"]), "", {}, ["queued", ""]
    for n, frame in enumerate(data["frames"], 1):
        nodes |= frame.get("nodes", {})
        text = frame.get("text", text) + frame.get("grow", "")
        cards |= dict(map(tuple, frame.get("calls", [])))
        run = frame.get("run", run)
        state = fold_all(initial(events[0].run_id), events[:n])
        assert {key: face[0] for key, face in nodes.items()} == {
            node.node: str(node.status) for node in state.nodes
        }
        assert state.final or text == state.answer
        assert len(cards) == len(state.calls)
        assert run[0] == state.status
    assert "<strong>7421</strong>" in data["frames"][-1]["final"]
    assert ANSWER.split("\n")[0].replace("**", "").startswith("It is 7421")


def test_a_run_without_events_has_its_eight_steps():
    page = document("r", "", [])
    assert page.count('<li class="step"') == 8
    assert data_of(page)["frames"] == []
