"""A run as one file: what stands in it, without a browser."""

import json
import re
from html.parser import HTMLParser

from ryx_dash.log.memory import MemoryLog
from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.projection.state import WINDOW
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE, LLM, RAG
from ryx_dash.views import states, tools
from ryx_dash.views.document import TOGETHER, document
from ryx_dash.views.markup import markup
from tests.archive.runs import EVIL, recorded

URL = re.compile(r"""(?:src|href|url\(|@import)\s*=?\s*["']?(?:https?:)?//""")


def made(text=EVIL):
    log = MemoryLog()
    run = recorded(log, text)
    events = log.read(run.run_id)
    return "".join(document(run.run_id, run.input, events)), events


def first_of(page):
    return json.loads(
        re.search(r'<script type="application/json" id="first">(.*?)</script>', page, re.S)[1]
    )


def events_of(page):
    parts = re.findall(r'<script type="application/json" class="events">(.*?)</script>', page, re.S)
    return [event for part in parts for event in json.loads(part)]


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
    assert tags(page).count("script") == 3
    assert "img" not in tags(page)
    for event in events_of(page):
        notes = [event.get(name, "") for name in ("final", "note", "toolsNote")]
        for html in [*event.get("calls", {}).values(), *notes]:
            assert not {"script", "img"} & set(tags(html))


def test_it_needs_nothing_from_elsewhere():
    page, _ = made()
    assert not URL.search(page)
    assert "default-src 'none'" in page
    assert not {"link", "iframe", "object", "form"} & set(tags(page))


def test_every_place_of_the_page_is_filled_once():
    page, events = made("@@first@@ @@script@@")
    assert page.count('class="events">') == 1
    assert [event["seq"] for event in events_of(page)] == [event.seq for event in events]


def put(known, changes):
    return {key: value for key, value in (known | changes).items() if value is not None}


def check_each_prefix(page, events, *, skip=0):
    """What the file's script puts together is what the fold gives, after every event."""
    first = first_of(page)
    nodes, spans, calls, text = first["nodes"], first["spans"], first["calls"], first["grow"]
    said = {"final": None} | first
    assert first["seq"] == skip
    for n, event in enumerate(events_of(page), skip + 1):
        nodes = put(nodes, event.get("nodes", {}))
        spans = put(spans, event.get("spans", {}))
        calls = put(calls, event.get("calls", {}))
        text = event.get("text", text) + event.get("grow", "")
        said |= {name: event[name] for name in said if name in event}
        state = fold_all(initial(events[0].run_id), events[:n])
        assert {key: node[0] for key, node in nodes.items()} == {
            node.node: str(node.status) for node in state.nodes
        }
        assert {(span[0], span[1], span[2], span[4] is None) for span in spans.values()} == {
            (span.node, str(span.status), span.attempt, span.end is None) for span in state.spans
        }
        assert list(calls) == [call.call_id for call in state.calls]
        assert calls == {call.call_id: markup(tools.card(call)) for call in state.calls}
        assert said["made"] == state.calls_made
        assert said["run"][0] == state.status
        assert said["note"] == markup(states.beside_answer(state))
        assert said["toolsNote"] == markup(states.no_tools(state))
        assert (said["final"] is not None) is state.final
        assert state.final or text == state.answer


def test_each_prefix_is_as_the_fold_gives_it():
    page, events = made()
    check_each_prefix(page, events)
    last = events_of(page)[-1]["final"]
    assert "<strong>7421</strong>" in last
    assert "notes.md:3" in last


def test_tries_and_a_call_that_gave_way_to_newer_ones():
    log = MemoryLog()
    calls = [
        step_event(kind, EXECUTE, "", data={"call_id": f"c{n}", "tool": "scan", "success": True})
        for n in range(WINDOW.calls + 3)
        for kind in (EventKind.TOOL_CALL, EventKind.TOOL_RESULT)
    ]
    tries = [
        step_event(EventKind.STEP_START, RAG, "again", data={"attempt": n}) for n in range(1, 4)
    ]
    end = Draft(event=EventKind.WORKFLOW_ERROR, message="It broke.", step=RAG.name)
    run = recorded(log, "q", [*calls, *tries, end])
    events = log.read(run.run_id)
    page = "".join(document(run.run_id, run.input, events))
    check_each_prefix(page, events)
    assert events_of(page)[2 * WINDOW.calls]["calls"]["c0"] is None


def test_an_answer_that_begins_anew():
    log = MemoryLog()
    token = [step_event(EventKind.LLM_TOKEN, LLM, "", data={"text": text}) for text in "abc"]
    again = [step_event(EventKind.STEP_START, LLM, "", data={"attempt": n}) for n in (1, 2)]
    run = recorded(log, "q", [again[0], *token, again[1], *token[1:]])
    events = log.read(run.run_id)
    check_each_prefix("".join(document(run.run_id, run.input, events)), events)


def test_a_file_may_begin_in_the_midst_of_its_run():
    _, events = made()
    page = "".join(document(events[0].run_id, "q", events, skip=20))
    assert "first 20 events of this run are not in this file" in page
    assert len(events_of(page)) == len(events) - 20
    check_each_prefix(page, events, skip=20)


def test_events_come_in_parts_that_a_browser_can_read():
    log = MemoryLog()
    made = [Draft(event="step_progress", message=str(n)) for n in range(TOGETHER + 1)]
    run = recorded(log, "q", made)
    page = "".join(document(run.run_id, run.input, log.read(run.run_id)))
    assert page.count('class="events">') == 2
    assert len(events_of(page)) == TOGETHER + 1


def test_a_run_without_events_has_its_eight_steps():
    page = "".join(document("r", "", []))
    assert len(first_of(page)["nodes"]) == 8
    assert events_of(page) == []
