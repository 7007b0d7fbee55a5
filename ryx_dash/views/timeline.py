"""The timeline: what ran when, for how long, and what the end had to wait for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from operator import add
from typing import Any

import plotly.graph_objects as go
from dash import dcc, html

from ryx_dash.projection.axis import Axis, Gap
from ryx_dash.projection.critical import critical
from ryx_dash.projection.state import NodeState, RunState, Span
from ryx_dash.projection.text import between, format_count, format_latency, one_line
from ryx_dash.protocol.steps import STEPS, NodeStatus
from ryx_dash.views import ids
from ryx_dash.views.marks import mark
from ryx_dash.views.theme import NODE_COLOURS, template, tokens

LONGER = 3
"""So many times as long as an ended run the one before it is seen; two clicks show all of it."""

SIGN = 0.026
"""Part of the width that a sign of the words at a bar needs, on a phone too."""

MOST = 400
"""Spans that are drawn, the newest of them: more than anybody can tell apart."""

ROW = 24
"""Height of a row in pixels."""

WAIT = 500
"""Milliseconds in line that are worth a row."""

NODES = frozenset(step.node for step in STEPS)
"""The steps that the protocol names."""

QUEUE = "queue"
"""The row of the time before the run began."""

LABEL = 16
"""Characters of a row's name."""


def tabs() -> Any:
    """The choice between the graph and the timeline."""
    return html.Div(
        [
            _tab(ids.TAB_GRAPH, "Graph", "graph-body", selected=True),
            _tab(ids.TAB_TIMELINE, "Timeline", "timeline-box", selected=False),
        ],
        className="tabs",
        role="tablist",
        **{"aria-label": "Workflow as"},
    )


def fold_button() -> Any:
    """In the panel's head, where the graph has its buttons."""
    return html.Button(
        "fold gaps",
        id=ids.TIMELINE_FOLD,
        className="button small",
        title="Cut times in which nothing ran to one second",
        **{"aria-pressed": "false"},
    )


def box() -> Any:
    """The place of the timeline, without it: it is made when it is to be seen for the first time.

    A page that has a ``dcc.Graph`` loads 5 MB of plotly before anything else goes on.
    """
    return html.Div(
        [
            html.Div(
                [
                    _key("outlined", "critical path", "What the end of the run had to wait for"),
                    _key("hollow", "waiting for the model", "Asked, and no token has come yet"),
                    _key("diamond", "first token", "The model begins to answer"),
                    _key("ghost", "previous run", "The newest earlier run of the same query"),
                ],
                className="timeline-keys",
            ),
            html.Div(
                html.P("The timeline of a run is drawn here.", className="state quiet"),
                id=ids.TIMELINE_PLACE,
                className="timeline-place",
            ),
        ],
        id="timeline-box",
        className="panel-body timeline-box",
        tabIndex="0",
    )


def graph(drawn: dict[str, Any]) -> Any:
    """The timeline itself, with its first figure."""
    return dcc.Graph(
        id=ids.TIMELINE,
        figure=drawn,
        config={"displayModeBar": False, "doubleClick": "autosize"},
        responsive=True,
        style=style(drawn),
        className="timeline",
    )


def figure(
    state: RunState,
    *,
    created: str = "",
    folded: bool = False,
    selected: str | None = None,
    ghost: RunState | None = None,
    zoom: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """The Plotly figure of a run at its position.

    ``created`` is when it was asked for: the time before its start is drawn as a wait. What still
    runs is drawn up to the newest event. ``ghost`` is a run to compare with, ``zoom`` the seconds
    that a person chose to see.
    """
    wait = _queue(state, created)
    started = state.started or ""
    origin = created if wait else started
    last = state.last or origin
    rows = _rows(state, wait)
    spans = _with_rows(state.spans, rows)
    axis = Axis(origin, [*wait, *spans], last, folded=folded)
    behind = (
        [_ghost(ghost, _twins(ghost, state), axis(started), folded)] if ghost is not None else []
    )
    bars = _bars(spans, axis, last, selected)
    before = max((end for bar in behind for end in map(add, bar.base, bar.x)), default=0.0)
    traces = [
        *behind,
        _queued(wait, axis),
        bars,
        _streams(spans, axis, last),
        _tokens(spans, axis),
    ]
    seen = zoom or (0, _seen(bars, before, axis, last, final=state.final))
    cut = _cut(len(spans), state.spans_begun)
    layout = _layout(len(rows)) | {
        "xaxis": _times(axis, seen),
        "yaxis": _names(rows),
        "shapes": [_fold_shape(gap, axis) for gap in axis.gaps],
        "annotations": [*(_fold_note(gap, axis, axis(last)) for gap in axis.gaps), *cut],
    }
    return dict(go.Figure(data=traces, layout=layout).to_plotly_json())


# -- rows -------------------------------------------------------------------------------------


def _rows(state: RunState, wait: Sequence[Span]) -> list[tuple[str, str]]:
    """Id and name of each row: the wait, then every step, each with its calls below it."""
    drawn = {span.node for span in state.spans[-MOST:]}
    rows = [(span.node, span.label) for span in wait]
    for step in _steps(state, drawn):
        rows.append((step.node, one_line(step.label, LABEL)))
        calls = (n for n in state.nodes if n.parent == step.node and n.node in drawn)
        rows += [(call.node, f"· {one_line(call.label, LABEL - 2)}") for call in calls]
    return rows


def _steps(state: RunState, drawn: Set[str]) -> Sequence[NodeState]:
    """The steps that have rows: those of the protocol not, where a run has only others."""
    others = [step for step in state.steps if step.node not in NODES]
    foreign = drawn and all(step.node not in drawn for step in state.steps if step not in others)
    return others if others and foreign else state.steps


def _with_rows(spans: Sequence[Span], rows: Sequence[tuple[str, str]]) -> list[Span]:
    """The spans that are drawn: a state has forgotten the names of some older calls."""
    known = {row for row, _ in rows}
    return [span for span in spans[-MOST:] if span.node in known]


def _twins(ghost: RunState, state: RunState) -> dict[str, str]:
    """The rows of another run's nodes: of a step its own, of a call that of the call of the same
    tool with the same number. Ids of calls are another run's, and say nothing here."""
    rows = {name: node for node, name in _numbered(state)}
    return {node: rows[name] for node, name in _numbered(ghost) if name in rows}


def _numbered(state: RunState) -> Iterator[tuple[str, tuple[str, str, int]]]:
    """Each node with its step, its name, and how many have had both before."""
    seen: Counter[tuple[str, str]] = Counter()
    for node in state.nodes:
        kind = (node.parent, node.label) if node.parent else (node.node, "")
        yield node.node, (*kind, seen[kind])
        seen[kind] += 1


def _queue(state: RunState, created: str) -> list[Span]:
    """The wait in line as a span, if it was one."""
    if not created or not state.started or (between(created, state.started) or 0) < WAIT:
        return []
    return [Span(node=QUEUE, step="", label="Queue", opened=0, start=created, end=state.started)]


# -- traces -----------------------------------------------------------------------------------


def _bars(spans: Sequence[Span], axis: Axis, last: str, selected: str | None) -> go.Bar:
    colours = tokens()
    path = critical(spans, last)
    newest = {span.node: span.opened for span in spans}.values()
    edges = [_edge(span, path, selected) for span in spans]
    return go.Bar(
        orientation="h",
        y=[span.node for span in spans],
        base=[axis(span.start) for span in spans],
        x=[axis(span.end or last) - axis(span.start) for span in spans],
        customdata=[[span.node, span.opened] for span in spans],
        marker={
            "color": [colours[NODE_COLOURS.get(str(span.status), "quiet")] for span in spans],
            "opacity": 0.85,
            "line": {
                "color": [colours[name] for name, _ in edges],
                "width": [width for _, width in edges],
            },
        },
        text=[_total(span, spans, last) if span.opened in newest else "" for span in spans],
        textposition="outside",
        textfont={"color": colours["text-2"], "size": 11, "family": colours["mono"]},
        cliponaxis=False,
        width=0.6,
        hovertext=[_hover(span, last) for span in spans],
        hoverinfo="text",
        name="spans",
    )


def _edge(span: Span, path: frozenset[int], selected: str | None) -> tuple[str, float]:
    """Colour and width of a bar's outline. A width of one keeps the shortest bar visible."""
    if span.node == selected:
        return "brand", 2.5
    if span.opened in path:
        return "text", 1.5
    return NODE_COLOURS.get(str(span.status), "quiet"), 1.0


def _streams(spans: Sequence[Span], axis: Axis, last: str) -> go.Bar:
    """What is hollow: the model has been asked, and has said nothing yet."""
    waits = [span for span in spans if span.first or (span.node == "llm" and span.closed is None)]
    ends = [axis(span.first or span.end or last) for span in waits]
    return go.Bar(
        orientation="h",
        y=[span.node for span in waits],
        base=[axis(span.start) for span in waits],
        x=[end - axis(span.start) for span, end in zip(waits, ends, strict=True)],
        marker={"color": tokens()["panel"], "opacity": 0.75},
        width=0.44,
        hoverinfo="skip",
        name="waiting for the first token",
    )


def _tokens(spans: Sequence[Span], axis: Axis) -> go.Scatter:
    streamed = [(span, span.first) for span in spans if span.first]
    return go.Scatter(
        mode="markers",
        y=[span.node for span, _ in streamed],
        x=[axis(first) for _, first in streamed],
        customdata=[[span.node, span.opened] for span, _ in streamed],
        marker={"symbol": "diamond", "size": 9, "color": tokens()["text"]},
        hovertext=[
            f"first token after {format_latency(between(span.start, first))}"
            for span, first in streamed
        ],
        hoverinfo="text",
        name="first token",
    )


def _queued(wait: Sequence[Span], axis: Axis) -> go.Bar:
    return go.Bar(
        orientation="h",
        y=[span.node for span in wait],
        base=[axis(span.start) for span in wait],
        x=[axis(span.end or "") - axis(span.start) for span in wait],
        marker={"color": tokens()["quiet"], "opacity": 0.4},
        width=0.6,
        hovertext=[f"waited in line {_took(span, '')}" for span in wait],
        hoverinfo="text",
        name="waiting",
    )


def _ghost(ghost: RunState, rows: Mapping[str, str], start: float, folded: bool) -> go.Bar:
    """Another run behind this one, from the same beginning at ``start``; ``rows`` by its nodes."""
    spans = [span for span in ghost.spans[-MOST:] if span.node in rows]
    last = ghost.last or ""
    axis = Axis(ghost.started or "", ghost.spans, last, folded=folded)
    return go.Bar(
        orientation="h",
        y=[rows[span.node] for span in spans],
        base=[start + axis(span.start) for span in spans],
        x=[axis(span.end or last) - axis(span.start) for span in spans],
        marker={"color": tokens()["faint"], "opacity": 0.35},
        width=0.92,
        hovertext=[f"previous run: {_hover(span, last)}" for span in spans],
        hoverinfo="text",
        name="previous run",
    )


def _took(span: Span, last: str) -> str:
    return format_latency(between(span.start, span.end or last))


def _total(span: Span, spans: Sequence[Span], last: str) -> str:
    """How long all tries of a step took together, and how many there were."""
    tries = [one for one in spans if one.node == span.node]
    took = format_latency(sum(between(one.start, one.end or last) or 0.0 for one in tries))
    return took if len(tries) == 1 else f"{took} · {format_count(len(tries))}×"


def _hover(span: Span, last: str) -> str:
    tries = f" · try {span.attempt}" if span.attempt > 1 else ""
    word = mark(span.status if span.closed else NodeStatus.RUNNING).word
    return f"{_plain(span.label)} · {word} · {_took(span, last)}{tries}"


def _plain(text: str) -> str:
    """Plotly reads tags in texts; a name has none."""
    return one_line(text, 80).replace("<", "‹").replace(">", "›")


# -- layout -----------------------------------------------------------------------------------


def _layout(rows: int) -> dict[str, Any]:
    return {
        "template": template(),
        "barmode": "overlay",
        "showlegend": False,
        "dragmode": "zoom",
        "hovermode": "closest",
        "height": ROW * rows + 36,
        "margin": {"l": 120, "r": 12, "t": 28, "b": 8},
    }


def _times(axis: Axis, seen: tuple[float, float]) -> dict[str, Any]:
    """The axis of times, above the rows: there it is seen however many there are."""
    ticks = axis.ticks(*seen)
    return {
        "range": list(seen),
        "side": "top",
        "tickmode": "array",
        "tickvals": [place for place, _ in ticks],
        "ticktext": [text for _, text in ticks],
        "zeroline": False,
    }


def _seen(bars: go.Bar, before: float, axis: Axis, last: str, *, final: bool) -> float:
    """The second up to which is seen at first: all of the run with the words at its ``bars``, and
    of the run before, which ends ``before``, too much rather than nothing; but not so much that
    this one is a line beside it."""
    own = max([axis(last), *map(add, bars.base, bars.x)])
    words = zip(bars.base, bars.x, bars.text, strict=True)
    reach = [(base + length) / (1 - SIGN * (len(text) + 1)) for base, length, text in words]
    if final and own:
        before = min(before, own * LONGER)
    return max([own, before * 1.1, *reach]) or 1


def style(figure: Mapping[str, Any]) -> dict[str, str]:
    """The graph fills its place, and scrolls where its rows would be too thin."""
    return {"minHeight": f"{figure['layout']['height']}px"}


def _names(rows: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": [row for row, _ in rows],
        "tickmode": "array",
        "tickvals": [row for row, _ in rows],
        "ticktext": [_plain(name) for _, name in rows],
        "range": [len(rows) - 0.5, -0.5],
        "fixedrange": True,
        "showgrid": False,
        "ticks": "outside",  # between a name and a bar that begins at once
        "ticklen": 4,
        "tickcolor": tokens()["panel"],
    }


def _fold_shape(gap: Gap, axis: Axis) -> dict[str, Any]:
    return {
        "type": "rect",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "x0": axis.drawn(gap.start),
        "x1": axis.drawn(gap.end),
        "fillcolor": tokens()["raised"],
        "opacity": 0.6,
        "line": {"width": 0},
        "layer": "below",
    }


def _fold_note(gap: Gap, axis: Axis, end: float) -> dict[str, Any]:
    """How long the gap was, upright: it is narrow. A run goes from the top to the bottom: there is
    room below its first half and above its second."""
    length = format_latency(1000 * (gap.end - gap.start))
    middle = (axis.drawn(gap.start) + axis.drawn(gap.end)) / 2
    late = middle > end / 2
    return {
        "x": middle,
        "y": int(late),
        "yref": "paper",
        "yanchor": "top" if late else "bottom",
        "textangle": -90,
        "text": f"⋯ {length}",
        "hovertext": f"nothing ran for {length}",
        "showarrow": False,
        "font": {"color": tokens()["text-2"], "size": 11},
    }


def _cut(drawn: int, count: int) -> list[dict[str, Any]]:
    if drawn >= count:
        return []
    text = f"the newest {format_count(drawn)} of {format_count(count)}"
    quiet = {"color": tokens()["text-2"], "size": 11}
    place = {"x": 1, "xref": "paper", "xanchor": "right", "y": 1, "yref": "paper"}
    return [{**place, "yanchor": "top", "text": text, "showarrow": False, "font": quiet}]


def _key(kind: str, words: str, meaning: str) -> Any:
    return html.Span(words, className="key", title=meaning, **{"data-kind": kind})


def _tab(key: str, text: str, panel: str, *, selected: bool) -> Any:
    return html.Button(
        text,
        id=key,
        className="tab",
        role="tab",
        **{"aria-selected": "true" if selected else "false", "aria-controls": panel},
    )
