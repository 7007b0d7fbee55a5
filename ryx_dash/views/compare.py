"""Two runs side by side: where they part, their steps, tools and answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dash import html

from ryx_dash.projection.compare import CallPair, Divergence, StepPair
from ryx_dash.projection.diff import Piece
from ryx_dash.projection.listed import moment, step_label
from ryx_dash.projection.state import NodeState, RunState, ToolCall
from ryx_dash.projection.text import format_count, format_latency, one_line
from ryx_dash.protocol.events import Event
from ryx_dash.views import drawing
from ryx_dash.views.marks import badge
from ryx_dash.views.outputs import pretty

ARGUMENT_LIMIT = 300
"""Characters of an argument that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that the page shows. ``parted`` is ``None`` if the runs do not part, or not among the
    first ``compared`` events of each, tokens aside; all were compared if that is ``None``."""

    a: RunState
    b: RunState
    parted: Divergence | None
    compared: int | None
    steps: tuple[StepPair, ...]
    calls: tuple[CallPair, ...]
    answer: tuple[Piece, ...]


def body(shown: Comparison, *, zone: ZoneInfo, today: date) -> list[Any]:
    """The children of the page's body. Times are in ``zone``; on the day ``today`` without it."""
    return [
        html.Div(
            [_run(name, run, zone, today) for name, run in (("A", shown.a), ("B", shown.b))],
            className="compare-runs",
        ),
        _legend(shown),
        _parted(shown),
        _panel("Steps", _steps(shown)),
        _panel("Tools", [*_calls_left_out(shown), _calls(shown.calls)]),
        _panel("Answers", _answers(shown.answer)),
    ]


def missing(sentence: str) -> list[Any]:
    """Says why there is nothing to compare, and where there is."""
    return [
        html.P(sentence),
        html.P(html.A("Pick two runs in the list", href="/runs")),
    ]


def _run(name: str, state: RunState, zone: ZoneInfo, today: date) -> Any:
    facts = [
        state.model or "no model",
        format_latency(state.latency),
        f"{format_count(state.seq)} event{'' if state.seq == 1 else 's'}",
    ]
    return html.Section(
        [
            html.Div(
                [
                    html.Span([_swatch(name.lower()), name], className="compare-name"),
                    badge(state.status),
                ],
                className="compare-head",
            ),
            html.A(
                one_line(state.input, 300) or "(empty)",
                href=f"/runs/{state.run_id}",
                className="runs-query",
                dir="auto",
            ),
            html.Span(
                [*_started(state, zone, today), " · ".join(filter(None, facts))],
                className="data quiet",
            ),
            *(
                [html.P(one_line(state.failure, 300), className="compare-failure")]
                if state.failure
                else []
            ),
        ],
        className="panel compare-run",
        **{"data-run-id": state.run_id, "aria-label": f"Run {name}"},
    )


def _started(state: RunState, zone: ZoneInfo, today: date) -> list[Any]:
    if not state.started:
        return []
    clock = html.Time(
        f"{moment(state.started, zone, today)} {zone.key}",
        dateTime=state.started,
        title=f"{state.started} UTC",
    )
    return [clock, " · "]


def _legend(shown: Comparison) -> Any:
    """What the colours mean, and the marks that the page has; each is drawn as it is there."""
    told = {where for where, _ in shown.answer}
    pairs: tuple[StepPair | CallPair, ...] = (*shown.steps, *shown.calls)
    marks = (
        (_swatch("a"), "step of A, by time", True),
        (_swatch("b"), "step of B, by time", True),
        (
            html.Span(className="compare-edge"),
            "row differs",
            any(pair.differs for pair in pairs),
        ),
        (html.Mark("value"), "argument differs", any(call.arguments for call in shown.calls)),
        (html.Del("text"), "only in the answer of A", "a" in told),
        (html.Ins("text"), "only in the answer of B", "b" in told),
    )
    items = [html.Li([mark, text]) for mark, text, there in marks if there]
    return html.Ul(items, className="compare-legend", **{"aria-label": "Legend"})


def _swatch(run: str) -> Any:
    return html.Span(className="compare-swatch", **{"data-run": run})


def _parted(shown: Comparison) -> Any:
    text = [*_asked(shown.a, shown.b), *_where(shown), *_unfinished(shown)]
    attributes = {"data-parted": "false" if shown.parted is None else "true"}
    return html.P(text, id="compare-parted", className="compare-parted", **attributes)


def _asked(a: RunState, b: RunState) -> list[Any]:
    """What is to be known before anything else of the two."""
    if a.run_id == b.run_id:
        return ["A and B are the same run. "]
    return ["They were asked different queries. "] if a.input != b.input else []


def _where(shown: Comparison) -> list[Any]:
    parted = shown.parted
    if parted is None and shown.compared is not None:
        first = format_count(shown.compared)
        return [
            f"Both did the same, times aside, in their first {first} events without tokens. "
            "Later events were not compared."
        ]
    if parted is None:
        return ["Both did the same, times aside."]
    what = parted.a or parted.b
    place = step_label(what.step) if what is not None and what.step else "the run itself"
    fields = f": {', '.join(parted.fields[:5])}" if parted.fields else ""
    return [
        html.Strong(f"They first part in {place}{fields}. "),
        _event("A", parted.a, shown.a),
        " ",
        _event("B", parted.b, shown.b),
    ]


def _unfinished(shown: Comparison) -> list[Any]:
    """Of runs that go on, what was compared is not all that there will be."""
    going = [
        f" {name} is {state.status}"
        + (f": it was compared up to its event {format_count(state.seq)}." if state.seq else ".")
        for name, state in (("A", shown.a), ("B", shown.b))
        if not state.status.ended
    ]
    return [*going, " Reload to compare again."] if going else []


def _event(name: str, event: Event | None, state: RunState) -> Any:
    if event is None:
        text = "has ended before that" if state.status.ended else "has not come that far"
        return html.Span(f"{name} {text}.", className="quiet")
    said = one_line(event.message, 120)
    text = f"{name} · event {format_count(event.seq)} · {event.event}{f' · {said}' if said else ''}"
    return html.A(text, href=f"/runs/{state.run_id}?seq={event.seq}", className="data", dir="auto")


def _steps(shown: Comparison) -> Any:
    span = max(_span(shown.a), _span(shown.b), 1.0)
    rows = [
        html.Tr(
            [
                html.Th([pair.label, *_fields(pair)], scope="row"),
                html.Td(_status(pair.a)),
                html.Td(_status(pair.b)),
                html.Td(
                    [_bar(pair.a, shown.a, span, "a"), _bar(pair.b, shown.b, span, "b")],
                    className="compare-bars",
                ),
                html.Td(_latency(pair.a), className="number"),
                html.Td(_latency(pair.b), className="number"),
                html.Td(_change(pair), className="number"),
            ],
            **{"data-differs": "true" if pair.differs else "false"},
        )
        for pair in shown.steps
    ]
    return _table(("Step", "A", "B", "Time from the start", "A took", "B took", "B − A"), rows)


def _fields(pair: StepPair) -> list[Any]:
    """What differs in what the step gave, if it gave something in both runs."""
    if not (pair.a and pair.b and pair.a.data and pair.b.data and pair.fields):
        return []
    return [html.Span(one_line(", ".join(pair.fields), 80), className="compare-fields")]


def _calls_left_out(shown: Comparison) -> list[Any]:
    if all(len(state.calls) == state.calls_made for state in (shown.a, shown.b)):
        return []
    most = format_count(max(len(shown.a.calls), len(shown.b.calls)))
    return [html.P(f"The newest {most} calls of each run.", className="quiet")]


def _calls(calls: Sequence[CallPair]) -> Any:
    if not calls:
        return html.P("Neither run called a tool.", className="quiet")
    rows = [
        html.Tr(
            [
                html.Th([pair.tool, *_result(pair)], scope="row"),
                html.Td(_call(pair.a, pair.arguments)),
                html.Td(_call(pair.b, pair.arguments)),
            ],
            **{"data-differs": "true" if pair.differs else "false"},
        )
        for pair in calls
    ]
    return drawing.content(_table(("Tool", "A", "B"), rows, kind="compare-calls"))


def _result(pair: CallPair) -> list[Any]:
    return [html.Span("result", className="compare-fields")] if pair.result else []


def _call(call: ToolCall | None, differing: Sequence[str]) -> Any:
    if call is None:
        return html.Span("not called", className="quiet")
    arguments = [
        html.Div(
            [html.Span(f"{name} ", className="quiet"), _value(value, marked=name in differing)],
            className="compare-argument",
        )
        for name, value in call.args.items()
    ]
    head = [badge(call.status, word=False), html.Span(format_latency(call.latency))]
    return [html.Div(head, className="compare-call"), *arguments]


def _value(value: Any, *, marked: bool) -> Any:
    text = one_line(pretty(value), ARGUMENT_LIMIT)
    return html.Mark(text) if marked else html.Span(text)


def _answers(pieces: Sequence[Piece]) -> Any:
    if not pieces:
        return html.P("Neither run has an answer.", className="quiet")
    makers = {"a": html.Del, "b": html.Ins, "both": html.Span}
    drawn = [makers[where](text) for where, text in pieces]
    return drawing.content(drawn, className="prose compare-answer", dir="auto")


def _status(step: NodeState | None) -> Any:
    return html.Span("absent", className="quiet") if step is None else badge(step.status)


def _latency(step: NodeState | None) -> str:
    return "" if step is None else format_latency(step.latency)


def _change(pair: StepPair) -> str:
    if pair.a is None or pair.b is None or pair.a.latency is None or pair.b.latency is None:
        return ""
    change = round(pair.b.latency - pair.a.latency, 1)
    return f"{'+' if change > 0 else ''}{format_latency(change)}"


def _bar(step: NodeState | None, state: RunState, span: float, name: str) -> Any:
    """When the step ran, on the time axis that both runs share."""
    if step is None or step.started is None:
        return html.Div(className="compare-bar absent")
    first = min(_between(state.started, step.started) / span * 100, 99.5)
    length = min(max((step.latency or 0.0) / span * 100, 0.5), 100 - first)
    style = {"marginLeft": f"{first:.2f}%", "width": f"{length:.2f}%"}
    return html.Div(className="compare-bar", style=style, **{"data-run": name})


def _span(state: RunState) -> float:
    return _between(state.started, state.last or "")


def _between(start: str | None, end: str) -> float:
    """Milliseconds between two times; 0 if one is none."""
    try:
        delta = datetime.fromisoformat(end) - datetime.fromisoformat(start or "")
    except ValueError:
        return 0.0
    return max(delta.total_seconds() * 1000, 0.0)


def _panel(title: str, inside: Any) -> Any:
    return html.Section(
        [
            html.Div(html.H2(title), className="panel-head"),
            html.Div(inside, className="panel-body padded"),
        ],
        className="panel",
        **{"aria-label": title},
    )


def _table(names: Sequence[str], rows: Sequence[Any], *, kind: str = "compare-steps") -> Any:
    head = html.Tr([html.Th(name, scope="col") for name in names])
    return html.Table([html.Thead(head), html.Tbody(rows)], className=f"compare-table {kind}")
