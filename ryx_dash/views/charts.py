"""The charts of the analytics page as Plotly figures. Each mark carries the address behind it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from math import floor, log10
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from ryx_dash.projection.charts import bucket_words, steps_in_order
from ryx_dash.projection.listed import step_label
from ryx_dash.projection.text import format_count, format_latency, one_line
from ryx_dash.protocol.analysis import (
    BUCKETS,
    Answered,
    Part,
    PartKind,
    Period,
    Spread,
    Worked,
    success_rate,
)
from ryx_dash.protocol.steps import RunStatus
from ryx_dash.views.marks import mark
from ryx_dash.views.theme import template, tokens

Link = Callable[..., str]
"""The address of the runs behind a mark: the page's own filters, narrowed by parameters."""

Figure = dict[str, Any]

ROW = 26
"""Height of a row in pixels."""

LABEL = 20
"""Characters of a row's name: of a longer one the beginning and the end. Hovering tells it."""

NAME = 100
"""Characters of a name that hovering tells."""

MOST = 20
"""Rows of a chart: those with most behind them. The table has all."""

STATUS_COLOURS = {
    RunStatus.SUCCESS: "success",
    RunStatus.FAILED: "failed",
    RunStatus.CANCELLED: "quiet",
    RunStatus.INTERRUPTED: "faint",
    RunStatus.RUNNING: "running",
    RunStatus.QUEUED: "pending",
}
"""The statuses in the order in which they are stacked, and their colours."""

_DOTS = (
    ("p50", "circle", "brand", 10),
    ("p95", "diamond", "text", 9),
    ("p99", "line-ns-open", "text-2", 12),
)
_TICKS = (0.1, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)


def runs(periods: Sequence[Period], zone: ZoneInfo, link: Link) -> Figure:
    """Runs by when they were asked for, stacked by status, and the share that succeeded."""
    begins = [_local(period.since, zone) for period in periods]
    lengths = [
        _local(period.until, zone) - begin for period, begin in zip(periods, begins, strict=True)
    ]
    said = [f"{begin:%Y-%m-%d %H:%M}" for begin in begins]
    bars = [
        _stack(status, periods, begins, lengths, said, link)
        for status in STATUS_COLOURS
        if any(period.runs.get(status) for period in periods)
    ]
    rates = [success_rate(period.runs) for period in periods]
    rate = go.Scatter(
        x=[begin + length / 2 for begin, length in zip(begins, lengths, strict=True)],
        y=[None if rate is None else 100 * rate for rate in rates],
        yaxis="y2",
        mode="lines+markers",
        line={"color": tokens()["brand"], "width": 1.5},
        marker={"size": 5},
        connectgaps=True,
        customdata=[[link(period)] for period in periods],
        hovertext=[
            f"{when} · {100 * (rate or 0):.1f} % succeeded"
            for when, rate in zip(said, rates, strict=True)
        ],
        hoverinfo="text",
        name="succeeded, %",
    )
    layout = _layout(220, legend=True) | {
        "barmode": "stack",
        "bargap": 0.08,
        "xaxis": {
            "type": "date",
            "range": [begins[0], begins[-1] + lengths[-1]],
            "nticks": 6,
            "tickangle": 0,
        },
        "yaxis": _counts([sum(period.runs.values()) for period in periods]),
        "yaxis2": {
            "overlaying": "y",
            "side": "right",
            "range": [0, 105],
            "tickvals": [0, 50, 100],
            "ticktext": ["0 %", "50 %", "100 %"],
            "showgrid": False,
            "fixedrange": True,
            "tickfont": {"color": tokens()["text-2"], "size": 12},
        },
        "margin": {"l": 44, "r": 56, "t": 30, "b": 40},
    }
    return _figure([*bars, rate], layout)


def _stack(
    status: RunStatus,
    periods: Sequence[Period],
    begins: Sequence[datetime],
    lengths: Sequence[timedelta],
    said: Sequence[str],
    link: Link,
) -> go.Bar:
    icon, word = mark(status)
    counts = [period.runs.get(status, 0) for period in periods]
    return go.Bar(
        x=list(begins),
        y=counts,
        offset=0,
        width=[0.92 * length.total_seconds() * 1000 for length in lengths],
        marker={"color": tokens()[STATUS_COLOURS[status]], "opacity": 0.8, "line": {"width": 0}},
        customdata=[[link(period, status=status.value)] for period in periods],
        hovertext=[
            f"{when} · {icon} {format_count(count)} {word}"
            for when, count in zip(said, counts, strict=True)
        ],
        hoverinfo="text",
        name=f"{icon} {word}",
    )


def steps(found: tuple[Worked, ...], link: Link) -> Figure:
    """The percentiles of each step's latency."""
    rows = [
        (step_label(one.name), one.latency, _slower("step", one.name, link))
        for one in drawn_steps(found)
    ]
    return _dots(rows, "ms")


def tools(found: tuple[Worked, ...], link: Link) -> Figure:
    """The percentiles of each tool's latency."""
    rows = [(one.name, one.latency, _slower("tool", one.name, link)) for one in most_called(found)]
    return _dots(rows, "ms")


def first_token(found: tuple[Answered, ...], link: Link) -> Figure:
    """The percentiles of each model's time to the first token."""
    rows = [(_named(m), m.first, _slower("first", m.model, link)) for m in most_asked(found)]
    return _dots(rows, "ms")


def speed(found: tuple[Answered, ...], link: Link) -> Figure:
    """The percentiles of each model's speed."""
    rows = [(_named(m), m.speed, _slower("speed", m.model, link)) for m in most_asked(found)]
    return _dots(rows, "tokens/s")


def spread(found: tuple[Worked, ...], link: Link) -> Figure:
    """How each step's latencies are distributed: the share of them in each bucket."""
    rows = [one for one in drawn_steps(found) if one.latency.count]
    used = [place for place in range(len(BUCKETS) + 1) if any(one.buckets[place] for one in rows)]
    places = range(min(used, default=0), max(used, default=0) + 1)
    shares = [[100 * one.buckets[place] / one.latency.count for place in places] for one in rows]
    names = [_plain(step_label(one.name)) for one in rows]
    words = [bucket_words(place) for place in places]
    colours = tokens()
    heat = go.Heatmap(
        x=list(places),
        y=list(range(len(rows))),
        z=shares,
        zmin=0,
        zmax=200,  # so that the strongest shade is still dark enough to be written on
        colorscale=[[0, colours["panel"]], [0.001, colours["raised"]], [1, colours["brand"]]],
        showscale=False,
        xgap=2,
        ygap=2,
        text=[[f"{share:.0f}" if share >= 0.5 else "" for share in row] for row in shares],
        texttemplate="%{text}",
        textfont={"family": colours["mono"], "size": 11, "color": colours["text"]},
        customdata=[[link(part=_bucket(one, place)) for place in places] for one in rows],
        hovertext=[
            [
                f"{name} · {word} · {share:.1f} % · {format_count(one.buckets[place])}"
                for word, share, place in zip(words, row, places, strict=True)
            ]
            for one, name, row in zip(rows, names, shares, strict=True)
        ],
        hoverinfo="text",
    )
    layout = _layout(ROW * len(rows) + 36) | {
        "yaxis": _rows_axis([step_label(one.name) for one in rows]),
        "xaxis": {
            "tickvals": [place - 0.5 for place in places if place % 2],  # every power of ten
            "ticktext": [_tick(BUCKETS[place - 1]) for place in places if place % 2],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "tickangle": 0,
        },
        "margin": {"l": _room(step_label(one.name) for one in rows), "r": 20, "t": 4, "b": 28},
    }
    return _figure([heat], layout)


def calls(found: tuple[Worked, ...], link: Link) -> Figure:
    """How often each tool was called, and how often it failed."""
    rows = most_called(found)
    names = [_plain(one.name) for one in rows]
    bars = [
        _calls(RunStatus.SUCCESS, names, [one.count - one.failed for one in rows], rows, link),
        _calls(RunStatus.FAILED, names, [one.failed for one in rows], rows, link),
    ]
    layout = _layout(ROW * len(rows) + 60, legend=True) | {
        "barmode": "stack",
        "yaxis": _rows_axis([one.name for one in rows]),
        "xaxis": _counts([one.count for one in rows]),
        "margin": {"l": _room(one.name for one in rows), "r": 16, "t": 30, "b": 28},
    }
    return _figure(bars, layout)


def _calls(
    status: RunStatus, names: list[str], counts: list[int], rows: Sequence[Worked], link: Link
) -> go.Bar:
    icon, word = mark(status)
    ok = status is RunStatus.SUCCESS
    parts = [Part(kind="tool", name=one.name, ok=ok) for one in rows]
    return go.Bar(
        orientation="h",
        y=list(range(len(names))),
        x=counts,
        width=0.6,
        marker={"color": tokens()[STATUS_COLOURS[status]], "opacity": 0.8, "line": {"width": 0}},
        customdata=[[link(part=str(part))] for part in parts],
        hovertext=[
            f"{name} · {icon} {format_count(count)} {word}"
            for name, count in zip(names, counts, strict=True)
        ],
        hoverinfo="text",
        name=f"{icon} {word}",
    )


def drawn_steps(found: Iterable[Worked]) -> list[Worked]:
    """The steps that are drawn, in their order."""
    return steps_in_order(tuple(most_called(found)))


def most_called(found: Iterable[Worked]) -> list[Worked]:
    """The steps or tools that are drawn, the most called first."""
    return sorted(found, key=lambda one: (-one.count, one.name))[:MOST]


def most_asked(found: Iterable[Answered]) -> list[Answered]:
    """The models that are drawn, the most asked first."""
    return sorted(found, key=lambda one: (-one.count, one.model))[:MOST]


# -- percentiles as dots ----------------------------------------------------------------------


def _dots(rows: Sequence[tuple[str, Spread, Callable[[float], str]]], unit: str) -> Figure:
    """A row for each name, a dot for each percentile; latencies on a logarithmic axis."""
    known = [(name, one, link) for name, one, link in rows if one.count]
    values = [value for _, one, _ in known for value in (one.p50, one.p99) if value is not None]
    lines = go.Scatter(
        mode="lines",
        x=[x for _, one, _ in known for x in (_drawn(one.p50, unit), _drawn(one.p99, unit), None)],
        y=[y for place in range(len(known)) for y in (place, place, None)],
        line={"color": tokens()["faint"], "width": 2},
        hoverinfo="skip",
        showlegend=False,
    )
    layout = _layout(ROW * len(known) + 60, legend=True) | {
        "yaxis": _rows_axis([name for name, _, _ in known]) | {"showgrid": True},
        "xaxis": _scale(values, unit),
        "margin": {"l": _room(name for name, _, _ in known), "r": 16, "t": 30, "b": 28},
    }
    return _figure([lines, *(_percentile(name, known, unit) for name, *_ in _DOTS)], layout)


def _percentile(
    which: str, rows: Sequence[tuple[str, Spread, Callable[[float], str]]], unit: str
) -> go.Scatter:
    _, symbol, colour, size = next(dot for dot in _DOTS if dot[0] == which)
    values = [getattr(one, which) for _, one, _ in rows]
    return go.Scatter(
        mode="markers",
        x=[_drawn(value, unit) for value in values],
        y=list(range(len(rows))),
        marker={
            "symbol": symbol,
            "size": size,
            "color": tokens()[colour],
            "line": {"width": 2 if symbol.endswith("open") else 0, "color": tokens()[colour]},
        },
        customdata=[[link(value)] for (_, _, link), value in zip(rows, values, strict=True)],
        hovertext=[
            f"{_plain(name)} · {which} {said(value, unit)} of {format_count(one.count)}"
            for (name, one, _), value in zip(rows, values, strict=True)
        ],
        hoverinfo="text",
        name=which,
    )


def said(value: float | None, unit: str) -> str:
    """A measure with its unit."""
    if value is None:
        return ""
    return format_latency(value) if unit == "ms" else f"{value:,.1f} {unit}"


def _drawn(value: float | None, unit: str) -> float | None:
    """Where a value is drawn: a logarithmic axis has no zero."""
    return value if value is None or unit != "ms" else max(value, _TICKS[0])


def _scale(values: Sequence[float], unit: str) -> dict[str, Any]:
    if unit != "ms":
        return {"rangemode": "tozero", "nticks": 5, "fixedrange": True}
    low = max(min(values, default=1.0), _TICKS[0]) * 0.8
    high = max(*values, low) * 1.25 if values else 10.0
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    if len(ticks) < 3:
        ticks = [m * tick for tick in _TICKS for m in (1, 2, 5) if low <= m * tick <= high]
    return {
        "type": "log",
        "range": [log10(low), log10(high)],
        "tickvals": ticks,
        "ticktext": [_tick(tick) for tick in ticks],
        "tickangle": 0,
        "fixedrange": True,
    }


def _tick(ms: float) -> str:
    return f"{ms / 1000:g} s" if ms >= 1000 else f"{ms:g} ms"


def _slower(kind: PartKind, name: str, link: Link) -> Callable[[float], str]:
    """The runs in which it was as much as a value, or more."""

    def runs(value: float) -> str:
        shortest = floor(value * 1000) / 1000
        return link(part=str(Part(kind=kind, name=name, shortest=shortest)))

    return runs


def _bucket(one: Worked, place: int) -> str:
    low = BUCKETS[place - 1] if place else None
    high = BUCKETS[place] if place < len(BUCKETS) else None
    return str(Part(kind="step", name=one.name, shortest=low, below=high))


def _named(one: Answered) -> str:
    return one.model or "unknown"


# -- what they share --------------------------------------------------------------------------


def _figure(traces: Sequence[Any], layout: dict[str, Any]) -> Figure:
    return dict(go.Figure(data=traces, layout=layout).to_plotly_json())


def _layout(height: int, *, legend: bool = False) -> dict[str, Any]:
    return {
        "template": template(),
        "height": max(height, 96),
        "showlegend": legend,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "font": {"size": 12, "color": tokens()["text-2"]},
            "traceorder": "normal",
            "itemclick": False,
            "itemdoubleclick": False,
        },
        "hovermode": "closest",
        "dragmode": False,
        "margin": {"l": 44, "r": 12, "t": 8, "b": 28},
    }


def _local(utc: str, zone: ZoneInfo) -> datetime:
    """A time as the clocks of ``zone`` showed it: Plotly knows no zones."""
    return datetime.fromisoformat(utc).astimezone(zone).replace(tzinfo=None)


def _rows_axis(names: Sequence[str]) -> dict[str, Any]:
    """An axis of rows, the first on top. Their places are numbers: names may look alike."""
    return {
        "tickvals": list(range(len(names))),
        "ticktext": [label(name) for name in names],
        "ticks": "",
        "range": [max(len(names), 1) - 0.5, -0.5],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def _counts(counts: Sequence[int]) -> dict[str, Any]:
    """An axis of whole numbers."""
    few = {"dtick": 1} if max(counts, default=0) < 5 else {"nticks": 5}
    return {"rangemode": "tozero", "fixedrange": True, **few}


def _room(names: Iterable[str]) -> int:
    """Pixels that the names of rows take."""
    return max(64, min(148, 20 + 7 * max((len(label(name)) for name in names), default=0)))


def label(name: str) -> str:
    """A row's name, cut in the middle: the ends of tools and models tell them apart.

    >>> label("mcp__filesystem__read_file")
    'mcp__fil…__read_file'
    """
    line = one_line(name, 4 * NAME)
    if len(line) > LABEL:
        line = f"{line[: LABEL - 12]}…{line[-11:]}"
    return _plain(line)


def _plain(text: str) -> str:
    """Plotly reads tags and entities in texts; a name has none."""
    line = one_line(text, NAME).replace("&", "&amp;")
    return line.replace("<", "‹").replace(">", "›")
