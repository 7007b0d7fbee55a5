"""The monitor: a page of the run's events, and what chooses them."""

import warnings
from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import dash_table, html

from ryx_dash.projection.rows import ICONS
from ryx_dash.projection.text import format_count, one_line
from ryx_dash.protocol.steps import STEPS
from ryx_dash.views import ids
from ryx_dash.views.fields import text_field
from ryx_dash.views.marks import LEVELS

PAGE_SIZE = 50
"""Rows on a page; the events beyond it stay in the log."""

ALL = "all"
"""What a filter's select says when a person goes back to everything."""

SELECT = "select small"

COLUMNS = (
    ("time", "Time"),
    ("step", "Step"),
    ("node", "Node"),
    ("icon", "✓"),
    ("message", "Message"),
    ("latency", "Latency"),
)


def panel() -> Any:
    """The panel with its filters and the empty table."""
    return html.Section(
        [
            html.Div([html.H2("Monitor"), _filters(), _buttons()], className="panel-head"),
            html.Div(
                html.Div(table(), id=ids.MONITOR_SCROLL, className="monitor-scroll"),
                className="panel-body monitor-body",
            ),
            html.Div(
                [
                    html.Span(
                        "No events yet.", id=ids.TABLE_NOTE, className="quiet", role="status"
                    ),
                    html.Button(
                        "clear filters",
                        id=ids.FILTER_RESET,
                        className="button small",
                        hidden=True,
                        n_clicks=0,
                    ),
                ],
                className="panel-foot",
            ),
        ],
        id="monitor-panel",
        className="panel",
        **{"aria-label": "Monitor"},
    )


def table() -> Any:
    """The table itself; the one place that knows which component it is.

    Its widths and colours are in ``assets/40-panels.css``: what the component is told of styles it
    works out anew for each cell of each frame.
    """
    with warnings.catch_warnings():
        # Dash 5 removes the DataTable, and says so whenever one is made; `dash<5` is pinned.
        warnings.filterwarnings(
            "ignore", message=r"\s*The dash_table\.DataTable", category=DeprecationWarning
        )
        return dash_table.DataTable(
            id=ids.TABLE,
            columns=[{"id": key, "name": name} for key, name in COLUMNS],
            data=[],
            page_action="custom",
            page_current=0,
            page_count=1,
            page_size=PAGE_SIZE,
            sort_action="custom",
            sort_mode="single",
            sort_by=[],
            cell_selectable=False,
            style_as_list_view=True,
        )


def note(
    shown: int,
    total: int,
    *,
    page: int,
    pages: int,
    zone: str,
    day: str = "",
    cut: bool = False,
    only: str = "",
) -> str:
    """The sentence under the table. ``shown`` of ``total`` events pass the filters; if ``cut``,
    older ones would too.

    ``page`` counts from 0; ``zone`` names the time zone of the first column, ``day`` the day of the
    newest event; ``only`` is the selected step or call whose events alone are shown.
    """
    if total == 0:
        return "No events yet."
    selected = [f"only {one_line(only, 60)}"] if only else []
    if shown == 0:
        return f"{' · '.join([f'0 of {format_count(total)} shown', *selected])}."
    newest = "the newest " if cut else ""
    parts = [f"{newest}{format_count(shown)} of {format_count(total)} shown", *selected]
    if pages > 1:
        parts.append(f"page {format_count(page + 1)} of {format_count(pages)}")
    if day:
        parts.append(day)
    return " · ".join([*parts, f"times in {zone}"])


def _filters() -> Any:
    steps = {step.name: step.name for step in STEPS}
    levels = {name: f"{ICONS[name]} {shown.word}" for name, shown in LEVELS.items()}
    return html.Div(
        [
            html.Label("Step", htmlFor=ids.FILTER_STEPS, className="sr-only"),
            _select(ids.FILTER_STEPS, "all steps", steps),
            html.Label("Status", htmlFor=ids.FILTER_LEVEL, className="sr-only"),
            _select(ids.FILTER_LEVEL, "all statuses", levels),
            html.Label("Search", htmlFor=ids.FILTER_TEXT, className="sr-only"),
            text_field(ids.FILTER_TEXT, "search", 200, kind="search"),
            dbc.Checkbox(
                id=ids.FILTER_TOKENS, label="tokens", value=False, className="filter-tokens"
            ),
        ],
        className="filters",
        role="search",
        **{"aria-label": "Filter events"},
    )


def _select(key: str, nothing: str, choices: Mapping[str, str]) -> Any:
    """A native select. Its empty value shows ``nothing``, which can also be chosen again."""
    options = [{"label": nothing, "value": ALL}]
    options += [{"label": label, "value": value} for value, label in choices.items()]
    return dbc.Select(id=key, options=options, value="", placeholder=nothing, className=SELECT)


def _buttons() -> Any:
    return html.Div(
        [
            _toggle(ids.PAUSE, "‖ pause", "Freeze the view; the run goes on", pressed=False),
            _toggle(ids.FOLLOW, "⇣ follow", "Stay at the newest event", pressed=True),
            html.Button(
                "clear",
                id=ids.CLEAR,
                className="button small",
                title="Clear the monitor's view; the log keeps every event",
                n_clicks=0,
            ),
        ],
        className="end",
    )


def _toggle(key: str, text: str, title: str, *, pressed: bool) -> Any:
    state = {"aria-pressed": "true" if pressed else "false"}
    return html.Button(text, id=key, className="button small", title=title, n_clicks=0, **state)
