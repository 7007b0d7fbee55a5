"""The list of runs: its controls, its lines, and what can be done with picked ones."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import dash_bootstrap_components as dbc
from dash import dcc, html

from ryx_dash.projection.listed import Hit, ListedRun, Parts, moment, step_label, tool_names
from ryx_dash.projection.text import format_count, format_latency, one_line
from ryx_dash.protocol.steps import RunStatus
from ryx_dash.views import list_ids as ids
from ryx_dash.views.fields import text_field
from ryx_dash.views.marks import badge, mark
from ryx_dash.views.monitor import ALL

COLUMNS = ("", "Status", "Query", "Model", "Started", "Duration", "Events", "Tools", "Step")

TOOK = {
    "-1000": "under 1 s",
    "1000-10000": "1–10 s",
    "10000-60000": "10–60 s",
    "60000-": "over 1 min",
}
"""Durations to choose from, by their parameter in the address."""


def controls(*more: Any) -> Any:
    """Search, filters, ``more`` of a page's own, and named views."""
    statuses = [(status.value, " ".join(mark(status))) for status in RunStatus]
    return html.Section(
        [
            html.Label("Search", htmlFor=ids.TEXT, className="sr-only"),
            text_field(ids.TEXT, "search queries, messages, payloads", 200, kind="search"),
            _select(ids.STATUS, "Status", "all statuses", statuses),
            _select(ids.MODEL, "Model", "all models"),
            _select(ids.INTENT, "Intent", "all intents"),
            _select(ids.TOOL, "Tool", "all tools"),
            _select(ids.TOOK, "Duration", "any duration", TOOK.items()),
            html.Label("From day", htmlFor=ids.SINCE, className="sr-only"),
            text_field(ids.SINCE, "from 2026-01-31", 16),
            html.Label("To day", htmlFor=ids.UNTIL, className="sr-only"),
            text_field(ids.UNTIL, "to 2026-01-31", 16),
            html.Span([*more, *_views()], className="runs-views"),
        ],
        className="runs-controls",
        role="search",
        **{"aria-label": "Filter runs"},
    )


def actions() -> Any:
    """What can be done with picked runs; hidden while there are none."""
    formats = [_export(name) for name in ("jsonl", "csv", "html")]
    return html.Div(
        [
            html.Span("", id=ids.COUNT, className="data", role="status"),
            html.A(
                "compare",
                id=ids.COMPARE,
                className="button small",
                title="Pick two runs to compare them",
            ),
            html.Span(["export", *formats], id=ids.EXPORT, className="exports"),
            _button(ids.DELETE, "delete"),
            html.Span(
                [
                    html.Span("Delete these runs for good?", id=ids.CONFIRM_TEXT),
                    html.Button(
                        "Delete", id=ids.CONFIRM_YES, className="button danger small", n_clicks=0
                    ),
                    _button(ids.CONFIRM_NO, "keep"),
                ],
                id=ids.CONFIRM,
                className="confirm",
                role="alert",
                hidden=True,
            ),
            _button(ids.UNPICK, "unpick"),
        ],
        id=ids.ACTIONS,
        className="runs-actions",
        hidden=True,
    )


def options(nothing: str, values: Sequence[str]) -> list[dict[str, str]]:
    """Options of a select; the first one goes back to everything."""
    return _choices(nothing, ((value, value) for value in values))


def table(
    lines: Sequence[ListedRun], *, zone: ZoneInfo, today: date, narrowed: bool = False
) -> list[Any]:
    """The children of the table. Times are in ``zone``; on the day ``today`` without the day.

    ``narrowed``: filters may hide runs. The client-side layer marks what is picked.
    """
    head = [html.Th(name or _pick_all(), scope="col", className=_column(name)) for name in COLUMNS]
    rows = [_row(line, zone, today) for line in lines]
    nothing = [] if rows else [html.Caption(_nothing(narrowed=narrowed))]
    return [*nothing, html.Thead(html.Tr(head)), html.Tbody(rows)]


def _nothing(*, narrowed: bool) -> list[Any]:
    if narrowed:
        return ["No run passes these filters."]
    ask = html.A("Ask something", href="/")
    return ["No runs yet. ", ask, ", or import a file that was exported."]


def note(
    count: int,
    *,
    zone: str,
    total: int,
    filtered: bool = False,
    alone: bool = True,
    part: str = "",
    ignored: Sequence[tuple[str, str]] = (),
) -> str:
    """The sentences under the table, for a page of ``count`` runs.

    ``total`` runs are in the log. ``filtered``: something narrows the list. ``alone``: there is no
    other page. ``part`` is in words what must have happened in them, a filter that has no control;
    ``ignored`` are parameters of the address that could not be understood.
    """
    tell = _filtered if filtered and total else _all
    zoned = [f"times in {zone}"] if count else []
    which = " · ".join([*tell(count, total, alone=alone), *zoned])
    sentences = [f"{which}.", *misunderstood(ignored)]
    if part:
        sentences.insert(1, f"Only runs in which {one_line(part, 160)}.")
    return " ".join(sentences)


def misunderstood(ignored: Sequence[tuple[str, str]]) -> list[str]:
    """A sentence on the filters that were not applied, if there are any."""
    told = ", ".join(f"{name}={one_line(value, 40)}" for name, value in ignored)
    return [f"Not understood, so not applied: {told}."] if told else []


def _all(count: int, total: int, *, alone: bool) -> list[str]:
    if count == 0:
        return ["No runs yet" if alone else "No older runs"]
    return [_runs(count) if alone else f"{format_count(count)} of {_runs(total)} on this page"]


def _filtered(count: int, total: int, *, alone: bool) -> list[str]:
    if count == 0 and alone:
        return [f"No run passes these filters: 0 of {_runs(total)}"]
    shown = f"{format_count(count)} of {_runs(total)}"
    if alone:
        return [shown, _hidden(total - count)]
    return [f"{shown} on this page", "filters hide others"]


def _hidden(count: int) -> str:
    return f"filters hide {format_count(count)}" if count > 0 else "filters hide none"


def _runs(count: int) -> str:
    return f"{format_count(count)} run{'' if count == 1 else 's'}"


def pages(*, newest: str | None, older: str | None) -> list[Any]:
    """Links to other pages, by their addresses; ``None``: there is no such page."""
    links = (("newest", newest), ("older", older))
    return [dcc.Link(name, href=href, className="button small") for name, href in links if href]


def _row(line: ListedRun, zone: ZoneInfo, today: date) -> Any:
    address = f"/runs/{line.run_id}"
    began = line.started or line.created
    cells = (
        _pick("Pick this run", **{"data-run": line.run_id}),
        badge(line.status),
        [
            html.A(_text(line.input), href=address, className="runs-query", dir="auto"),
            *([_hit(line.hit, address)] if line.hit else []),
        ],
        [
            html.Span(line.model or "–", className="runs-model"),
            html.Span(line.intent, className="quiet runs-intent"),
        ],
        html.Time(
            moment(began, zone, today),
            dateTime=began,
            title=f"{_utc(began)}{', from a file' if line.imported else ''}",
        ),
        _duration(line),
        format_count(line.events),
        html.Span(
            [format_count(line.calls), html.Span(tool_names(line.tools), className="quiet")],
            title=", ".join(line.tools) or None,
            className="runs-tools",
        ),
        html.Span(step_label(line.step), title=line.step or None),
    )
    return html.Tr(
        [html.Td(cell, className=_column(name)) for name, cell in zip(COLUMNS, cells, strict=True)],
        **{"data-run-id": line.run_id, "data-status": str(line.status)},
    )


def _utc(ts: str) -> str:
    """A time of an event for people: ``2026-01-01 00:00:00.000000 UTC``."""
    return ts.replace("T", " ").replace("Z", " UTC")


def _pick(label: str, **attributes: str) -> Any:
    return html.Button(
        className="pick",
        role="checkbox",
        **{"aria-checked": "false", "aria-label": label, **attributes},
    )


def _pick_all() -> list[Any]:
    return [
        _pick("Pick all runs on this page"),
        html.Span("all on this page", className="pick-all"),
    ]


def _text(parts: Parts) -> list[Any]:
    """Text with what was looked for marked."""
    return [html.Mark(text) if hit else text for text, hit in parts] or ["(empty)"]


def _hit(hit: Hit, address: str) -> Any:
    where = f"{step_label(hit.step) or 'run'} · event {format_count(hit.seq)}"
    return html.A(
        [html.Span(where, className="quiet"), " ", html.Span(_text(hit.parts), dir="auto")],
        href=f"{address}?seq={hit.seq}",
        className="runs-hit",
    )


def _duration(line: ListedRun) -> Any:
    if line.status is RunStatus.RUNNING and line.started:
        return html.Span("", className="ticking", **{"data-started": line.started})
    return format_latency(line.latency)


def _column(name: str) -> str:
    return f"col-{name.lower() or 'pick'}"


def _select(key: str, label: str, nothing: str, values: Iterable[tuple[str, str]] = ()) -> Any:
    """A native select. Its empty value shows ``nothing``, which can also be chosen again."""
    return html.Span(
        [
            html.Label(label, htmlFor=key, className="sr-only"),
            dbc.Select(
                id=key,
                options=_choices(nothing, values),
                value="",
                placeholder=nothing,
                className="select small",
            ),
        ],
        className="runs-select",
    )


def _choices(nothing: str, values: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    choices = [{"label": text, "value": value} for value, text in values]
    return [{"label": nothing, "value": ALL}, *choices]


def importing() -> Any:
    """The button that brings runs in from a file."""
    return html.Button(
        "import",
        id=ids.IMPORT,
        className="button small",
        title="Bring in runs that were exported as JSON lines; files can be dropped here",
        n_clicks=0,
    )


def _views() -> list[Any]:
    return [
        _select(ids.VIEW, "View", "views"),
        _button(ids.VIEW_SAVE, "save view"),
        _button(ids.VIEW_FORGET, "forget view", hidden=True),
        html.Span(
            dcc.Input(
                id=ids.VIEW_NAME,
                type="text",
                value="",
                placeholder="name, then Enter",
                maxLength=40,
                className="filter-text",
            ),
            id=ids.VIEW_FORM,
            hidden=True,
        ),
    ]


def _export(name: str) -> Any:
    attributes = {"data-export": name}
    return html.Button(name.upper(), className="button small", type="button", **attributes)


def _button(key: str, text: str, *, hidden: bool = False) -> Any:
    return html.Button(text, id=key, className="button small", n_clicks=0, hidden=hidden)
