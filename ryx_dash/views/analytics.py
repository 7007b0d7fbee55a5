"""The analytics page: figures in words, charts, and each chart as a table."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dash import dcc, html

from ryx_dash.projection.charts import Column, table
from ryx_dash.projection.listed import moment, step_label
from ryx_dash.projection.text import format_count, format_latency, one_line
from ryx_dash.protocol.analysis import Analysis, Kind, Part, Slow, success_rate
from ryx_dash.protocol.steps import RunStatus
from ryx_dash.views import analytics_ids as ids
from ryx_dash.views import charts, drawing
from ryx_dash.views.charts import Figure, Link
from ryx_dash.views.marks import badge
from ryx_dash.views.runs import misunderstood

SPANS = {"24h": "24 h", "7d": "7 days", "30d": "30 days", "all": "all"}
"""The spans to choose from, by their parameter in the address."""

SPANS_IN_WORDS = {
    "24h": "in these 24 hours",
    "7d": "in these 7 days",
    "30d": "in these 30 days",
    "all": "in the log",
    "": "between these dates",
}

MOST = 100
"""Rows of a table: those with most behind them. Its file has all."""

QUESTION = 120
"""Characters of a question that a line shows."""

Address = Callable[[str], str]
"""Of a chart's name, the address of its file."""


def spans(chosen: str, addresses: Mapping[str, str]) -> list[Any]:
    """Links to the spans; ``chosen`` is one of :data:`SPANS`, or empty for dates of one's own."""
    return [
        dcc.Link(
            html.Span(words, **({"aria-current": "true"} if name == chosen else {})),
            href=addresses[name],
            className="button small",
        )
        for name, words in SPANS.items()
    ]


def nothing(span: str, *, narrowed: bool) -> list[Any]:
    """What the page shows when there are no runs."""
    which = " pass these filters" if narrowed else ""
    sentence = f"No runs{which} {SPANS_IN_WORDS[span]}."
    return [html.P(sentence, className="analytics-empty quiet")]


def note(part: Part | None, now: datetime, ignored: Sequence[tuple[str, str]] = ()) -> str:
    """The line beside the spans: what else narrows them, how fresh the figures are, and which
    parameters of the address could not be understood."""
    only = [f"only runs in which {one_line(part.words, 160)}"] if part else []
    fresh = " · ".join([*only, f"as of {now:%H:%M:%S}"])
    return ". ".join([fresh, *misunderstood(ignored)])


def failure(sentence: str) -> list[Any]:
    """What the page shows when the log fails."""
    return [html.P(sentence, className="analytics-empty", role="alert")]


def body(found: Analysis, *, zone: ZoneInfo, today: date, link: Link, files: Address) -> list[Any]:
    """All figures and charts. Times are in ``zone``; on the day ``today`` without the day."""
    return [
        _summary(found, link),
        _panel(
            "Runs over time",
            f"runs by start · share that succeeded, % · {zone.key}",
            ids.RUNS,
            charts.runs(found.periods, zone, link),
            _runs_table(found, zone, link),
            files("runs"),
            wide=True,
        ),
        _panel(
            "Step latency",
            "each step, logarithmic",
            ids.STEPS,
            charts.steps(found.steps, link),
            worked_table("steps", found, link),
            files("steps"),
        ),
        _panel(
            "Distribution of step latency",
            "% of a step's ends",
            ids.SPREAD,
            charts.spread(found.steps, link),
            worked_table("steps", found, link),
            files("steps"),
        ),
        _panel(
            "Tool calls",
            "calls that ended",
            ids.CALLS,
            charts.calls(found.tools, link),
            worked_table("tools", found, link),
            files("tools"),
        ),
        _panel(
            "Tool latency",
            "each tool, logarithmic",
            ids.TOOLS,
            charts.tools(found.tools, link),
            worked_table("tools", found, link),
            files("tools"),
        ),
        _panel(
            "Time to first token",
            "each model, logarithmic",
            ids.FIRST,
            charts.first_token(found.models, link),
            _models_table(found, link),
            files("models"),
        ),
        _panel(
            "Speed of answers",
            "each model, tokens/s",
            ids.SPEED,
            charts.speed(found.models, link),
            _models_table(found, link),
            files("models"),
        ),
        _slowest(found.slowest, zone, today, files("slowest")),
    ]


# -- figures in words -------------------------------------------------------------------------


def _summary(found: Analysis, link: Link) -> Any:
    rate = success_rate(found.runs)
    took = found.latency
    failed = found.runs.get(RunStatus.FAILED, 0)
    figures = [
        ("runs", format_count(found.total), link()),
        ("succeeded", "–" if rate is None else f"{100 * rate:.1f} %", link(status="success")),
        ("failed", format_count(failed), link(status="failed")),
        *(
            (f"duration {name}", format_latency(value) or "–", _longer(value, link))
            for name, value in (("p50", took.p50), ("p95", took.p95), ("p99", took.p99))
        ),
    ]
    return html.Dl(
        [
            html.Div([html.Dt(name), html.Dd(html.A(value, href=href))])
            for name, value, href in figures
        ],
        className="analytics-figures",
    )


def _longer(value: float | None, link: Link) -> str:
    return link() if value is None else link(took=f"{int(value)}-")


# -- charts -----------------------------------------------------------------------------------


def _panel(
    title: str,
    unit: str,
    key: str,
    figure: Figure,
    rows: Any,
    file: str,
    *,
    wide: bool = False,
) -> Any:
    """A chart with its title, its unit, its file, and its table for whoever sees no chart."""
    known = any(_points(trace) for trace in figure["data"])
    drawn = dcc.Graph(
        id=key,
        figure=figure,
        config={"displayModeBar": False, "showTips": False},
        responsive=True,
        style={"height": f"{figure['layout']['height']}px"},
        className="analytics-chart",
    )
    return html.Section(
        [
            _head(title, unit, file),
            html.Div(
                html.Div(drawn, role="img", **{"aria-label": f"{title}, {unit}. The table has it."})
                if known
                else html.P("Nothing was measured.", className="quiet analytics-none")
            ),
            html.Details(
                [
                    html.Summary("table", title="The same numbers as a table"),
                    drawing.content(rows, className="analytics-scroll", tabIndex="0"),
                ],
                className="analytics-table",
            ),
        ],
        className="panel wide" if wide else "panel",
        **{"aria-label": title},
    )


def _points(trace: Any) -> bool:
    values = trace.get("z", trace.get("y"))
    return values is not None and len(values) > 0


def _head(title: str, unit: str, file: str) -> Any:
    download = html.A(
        "CSV", href=file, className="button small", title="The table as a file", download=""
    )
    return html.Div(
        [
            html.H2(title),
            html.Span(unit, className="quiet analytics-unit"),
            html.Span(download, className="end"),
        ],
        className="panel-head",
    )


# -- tables -----------------------------------------------------------------------------------


def _runs_table(found: Analysis, zone: ZoneInfo, link: Link) -> Any:
    shown = table("runs", found)
    addresses = [link(period) for period in found.periods]
    return _table(shown.columns, list(zip(addresses, shown.rows, strict=True)), zone)


def worked_table(chart: str, found: Analysis, link: Link) -> Any:
    """The table of all steps, or of all tools."""
    shown = table(chart, found)
    kind: Kind = "step" if chart == "steps" else "tool"
    lines = [
        (link(part=str(Part(kind=kind, name=row[0]))), (_name(kind, row[0]), *row[1:]))
        for row in shown.rows
    ]
    return _table(shown.columns, lines)


def _name(kind: Kind, name: str) -> str:
    return step_label(name) if kind == "step" else name


def _models_table(found: Analysis, link: Link) -> Any:
    shown = table("models", found)
    parts = [Part(kind="first", name=one.model) for one in found.models]
    addresses = [link(part=str(part)) for part in parts]
    return _table(shown.columns, list(zip(addresses, shown.rows, strict=True)))


def _table(
    columns: Sequence[Column],
    found: Sequence[tuple[str, tuple[Any, ...]]],
    zone: ZoneInfo | None = None,
) -> Any:
    """A table whose rows begin with a link to the runs behind them: addresses, and the cells.

    Of very many the :data:`MOST` with the largest second cell, in the order in which they came.
    """
    shown = found
    if len(found) > MOST:
        largest = sorted(range(len(found)), key=lambda n: found[n][1][1], reverse=True)[:MOST]
        shown = [found[n] for n in sorted(largest)]
    note = (
        f"the {len(shown)} with most behind them, of {format_count(len(found))}: the file has all"
    )
    head = [html.Th(_column(column), scope="col") for column in columns]
    lines = [
        html.Tr(
            [
                html.Th(html.A(_cell(row[0], columns[0], zone), href=address), scope="row"),
                *(
                    html.Td(_cell(value, column, zone))
                    for value, column in zip(row[1:], columns[1:], strict=True)
                ),
            ]
        )
        for address, row in shown
    ]
    drawn = html.Table([html.Thead(html.Tr(head)), html.Tbody(lines)])
    return (
        [drawn, html.P(note, className="quiet analytics-rest")] if shown is not found else [drawn]
    )


def _column(column: Column) -> str:
    unit = column.unit if column.unit in ("ms", "%", "tokens/s") else ""
    return f"{column.name}, {unit}" if unit and unit not in column.name else column.name


def _cell(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    if value is None:
        return "–"
    if column.unit == "UTC" and zone is not None:
        return moment(value, zone, date.min)
    if isinstance(value, str):
        return one_line(value, QUESTION)
    return f"{value:,.1f}" if isinstance(value, float) else format_count(value)


def _slowest(found: Sequence[Slow], zone: ZoneInfo, today: date, file: str) -> Any:
    lines = [
        html.Tr(
            [
                html.Td(format_latency(run.latency), className="number"),
                html.Td(badge(run.status)),
                html.Td(
                    html.A(
                        one_line(run.input, QUESTION) or "(empty)",
                        href=f"/runs/{run.run_id}",
                        dir="auto",
                    ),
                    className="analytics-query",
                ),
                html.Td(one_line(run.model, 40), className="quiet"),
                html.Td(
                    html.Time(
                        moment(run.created, zone, today),
                        dateTime=run.created,
                        title=f"{run.created} UTC",
                    )
                ),
            ]
        )
        for run in found
    ]
    names = ("Duration", "Status", "Query", "Model", "Asked")
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in names]))
    rows: Any = html.Table([head, html.Tbody(lines)], className="analytics-slowest")
    if not found:
        rows = html.P("No run has ended.", className="quiet analytics-none")
    return html.Section(
        [
            _head("Slowest runs", f"from start to end · {zone.key}", file),
            drawing.content(rows, className="analytics-scroll"),
        ],
        className="panel wide",
        **{"aria-label": "Slowest runs"},
    )
