"""A run as one HTML file that opens from disk, offline, and can be scrubbed to any event.

The states are folded here, by the same fold as everywhere, and written down as what each event
changed; the script in the file only puts them in place. Whatever an event says is text in JSON
that cannot leave its script element, or markup that :mod:`views.markup` has escaped.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from dash import html

from ryx_dash.projection.fold import fold_all, fold_each, initial
from ryx_dash.projection.rows import row
from ryx_dash.projection.state import NodeState, Panel, RunState, Span, ToolCall
from ryx_dash.projection.text import format_count, format_latency, one_line
from ryx_dash.protocol.events import Event
from ryx_dash.protocol.steps import RunStatus
from ryx_dash.settings import assets_dir
from ryx_dash.views import answer, states, tools
from ryx_dash.views.marks import MARKS
from ryx_dash.views.markup import markup

STYLES = ("10-tokens.css", "20-page.css", "30-controls.css", "40-panels.css")

TITLE_LIMIT = 160
"""Characters of a question in the head; a longer one can be opened there."""

TOGETHER = 1_000
"""Events in one script element: there is a longest text that a browser can read."""

_UTC = ZoneInfo("UTC")
_HERE = Path(__file__).parent

Changes = dict[str, Any]
Part = TypeVar("Part", NodeState, Span, ToolCall)


def document(
    run_id: str, question: str, events: Iterable[Event], *, about: str = "", skip: int = 0
) -> Iterator[str]:
    """The file's text in parts, which hold a thousand events at most.

    ``about`` says in a few words what else is known of the run. The first ``skip`` events are
    folded, but are not in it: it begins after them.
    """
    told = iter(events)
    title = one_line(question, TITLE_LIMIT) or "(empty)"
    begun = fold_all(initial(run_id), islice(told, skip))
    parts: Mapping[str, Iterable[str]] = {
        "title": [escape(one_line(question, 80) or run_id)],
        "question": [escape(title)],
        "whole": [escape(question) if question.strip() not in ("", title) else ""],
        "facts": [escape(" · ".join(filter(None, (run_id, about))))],
        "style": [*((assets_dir() / name).read_text("utf-8") for name in STYLES), _own("css")],
        "left_out": [_left_out(skip)],
        "first": [_json(_first(begun))],
        "events": _scripts(map(_json, _told(begun, told))),
        "script": [_own("js")],
    }
    # One pass, so that a text that looks like a place for another one is left alone.
    for odd, piece in enumerate(_own("html").split("@@")):
        yield from parts[piece] if odd % 2 else [piece]


def _own(kind: str) -> str:
    return (_HERE / f"document.{kind}").read_text("utf-8")


def _scripts(texts: Iterator[str]) -> Iterator[str]:
    while some := list(islice(texts, TOGETHER)):
        yield f'<script type="application/json" class="events">[{",".join(some)}]</script>\n'


def _left_out(skipped: int) -> str:
    said = (
        f"The first {format_count(skipped)} events of this run are not in this file, which would "
        "be too large for a browser. Its export as JSON lines has them all."
    )
    return markup(html.P(said, className="left-out")) if skipped else ""


def _first(state: RunState) -> Changes:
    """The run where the file begins."""
    return {
        "marks": {name: [mark.icon, mark.word] for name, mark in MARKS.items()},
        "seq": state.seq,
        "nodes": _others((), state.nodes, "node", _node),
        "spans": _others((), state.spans, "opened", _span),
        "calls": _others((), state.calls, "call_id", _call),
        "made": state.calls_made,
        "run": _run(state),
        **_answer(initial(state.run_id), state),
        **_notes(state),
    }


def _told(before: RunState, events: Iterable[Event]) -> Iterator[Changes]:
    """Of each event its row in the log, what it carries, and what it changed."""
    notes = _notes(before)
    for event, after in fold_each(before, events):
        new = _notes(after) if _is_changed(before, after, "run", "graph", "tools", "answer") else {}
        said = {name: text for name, text in new.items() if text != notes[name]}
        yield _row(event) | _changes(before, after) | said
        before, notes = after, notes | said


def _row(event: Event) -> Changes:
    shown = row(event, _UTC)
    names = ("seq", "utc", "step", "level", "icon", "message", "latency", "kind")
    told = {name: shown[name] for name in names} | {"ms": _ms(event.ts), "data": event.data}
    cut = event.message and event.message != shown["message"]
    return told | ({"whole": event.message} if cut else {})


def _changes(before: RunState, after: RunState) -> Changes:
    """What is another after an event than before, by panel; nothing of a panel that stayed."""
    found: Changes = {}
    if _is_changed(before, after, "graph", "topology"):
        found["nodes"] = _others(before.nodes, after.nodes, "node", _node)
    if _is_changed(before, after, "timeline"):
        found["spans"] = _others(before.spans, after.spans, "opened", _span)
    if _is_changed(before, after, "tools"):
        found["calls"] = _others(before.calls, after.calls, "call_id", _call)
        found["made"] = after.calls_made
    if _is_changed(before, after, "answer"):
        found |= _answer(before, after)
    if _run(after) != _run(before):
        found["run"] = _run(after)
    return found


def _is_changed(before: RunState, after: RunState, *panels: Panel) -> bool:
    return any(after.changed.get(panel) != before.changed.get(panel) for panel in panels)


def _others(
    before: Iterable[Part], after: Iterable[Part], name: str, tell: Callable[[Part], Any]
) -> Changes:
    """What is told of parts that are new or other than before, by their ``name``; ``None`` of
    those that are gone."""
    known = {getattr(part, name): part for part in before}
    found = {}
    for part in after:
        key = getattr(part, name)
        old = known.pop(key, None)
        if old is not part and old != part:
            found[key] = tell(part)
    return found | dict.fromkeys(known)


def _node(node: NodeState) -> list[str]:
    label = one_line(node.label, 80)
    return [str(node.status), format_latency(node.latency), label, node.step, node.parent or ""]


def _span(span: Span) -> list[Any]:
    times = [ts and _ms(ts) for ts in (span.start, span.end, span.first)]
    return [span.node, str(span.status), span.attempt, *times]


def _call(call: ToolCall) -> str:
    return markup(tools.card(call))


def _run(state: RunState) -> list[str]:
    return [str(state.status), format_latency(state.latency)]


def _answer(before: RunState, after: RunState) -> Changes:
    if after.final:
        shown = answer.answer(after.answer, final=True, citations=after.citations)
        cited = html.Div(answer.sources(after.citations), className="sources")
        return {"final": markup([*shown, cited])}
    if after.answer.startswith(before.answer):
        return {"grow": after.answer[len(before.answer) :]}
    return {"text": after.answer}


def _notes(state: RunState) -> dict[str, str]:
    """What is said beside the answer, and above the cards."""
    begun = state.status is not RunStatus.QUEUED
    return {
        "note": markup(states.beside_answer(state) if begun else states.queued(0)),
        "toolsNote": markup(states.no_tools(state)),
    }


def _ms(ts: str) -> float:
    try:
        return datetime.fromisoformat(ts).timestamp() * 1000
    except (ValueError, OverflowError):
        return 0.0


def _json(value: Any) -> str:
    """JSON that holds nothing which could end the script element that it stands in."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
