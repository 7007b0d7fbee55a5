"""The charts of the analysis as tables: the same numbers for the eye, the ear and a file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ryx_dash.protocol.analysis import BUCKETS, Analysis, Spread, Worked, success_rate
from ryx_dash.protocol.steps import STEPS, RunStatus

Unit = str
"""``ms``, ``tokens/s``, ``%``, ``runs`` and the like count or measure; ``UTC`` is a time as events
carry it; an empty one is a text."""

_PLACES = {step.name: place for place, step in enumerate(STEPS)}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, and the unit of what stands in it."""

    name: str
    unit: Unit = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A chart in rows; ``None`` where nothing is known."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]


def steps_in_order(steps: tuple[Worked, ...]) -> list[Worked]:
    """The eight steps as they run, then those that only some backend has."""
    return sorted(steps, key=lambda step: (_PLACES.get(step.name, len(STEPS)), step.name))


def bucket_words(place: int) -> str:
    """What lies in a bucket of :data:`BUCKETS`.

    >>> bucket_words(0), bucket_words(2), bucket_words(10)
    ('<1 ms', '3–10 ms', '≥30 s')
    """
    if place == 0:
        return f"<{_edge(BUCKETS[0])}"
    if place == len(BUCKETS):
        return f"≥{_edge(BUCKETS[-1])}"
    low, high = _edge(BUCKETS[place - 1]), _edge(BUCKETS[place])
    number, _, unit = low.partition(" ")
    return f"{number if high.endswith(f' {unit}') else low}–{high}"


def _edge(ms: float) -> str:
    return f"{ms / 1000:g} s" if ms >= 1000 else f"{ms:g} ms"


def table(chart: str, analysis: Analysis) -> Table:
    """A chart, one of :data:`CHARTS`, as a table."""
    return CHARTS[chart](analysis)


def _runs(analysis: Analysis) -> Table:
    columns = [Column(status.value, "runs") for status in RunStatus]
    rows = [
        (
            period.since,
            period.until,
            *(period.runs.get(status, 0) for status in RunStatus),
            _percent(success_rate(period.runs)),
        )
        for period in analysis.periods
    ]
    ends = (Column("from", "UTC"), Column("until", "UTC"))
    return Table((*ends, *columns, Column("succeeded", "%")), tuple(rows))


def _steps(analysis: Analysis) -> Table:
    return _worked("step", "ends", tuple(steps_in_order(analysis.steps)))


def _tools(analysis: Analysis) -> Table:
    return _worked("tool", "calls", analysis.tools)


def _worked(what: str, counted: str, found: tuple[Worked, ...]) -> Table:
    buckets = [Column(bucket_words(place), counted) for place in range(len(BUCKETS) + 1)]
    columns = (Column(what), Column(counted, counted), Column("failed", counted))
    rows = tuple(
        (one.name, one.count, one.failed, *_spread(one.latency), *one.buckets) for one in found
    )
    return Table((*columns, *_percentiles("", "ms"), *buckets), rows)


def _models(analysis: Analysis) -> Table:
    first, speed = _percentiles("first token ", "ms"), _percentiles("speed ", "tokens/s")
    rows = tuple(
        (one.model or "unknown", one.count, *_spread(one.first), *_spread(one.speed))
        for one in analysis.models
    )
    return Table((Column("model"), Column("answers", "answers"), *first, *speed), rows)


def _slowest(analysis: Analysis) -> Table:
    columns = (
        *(Column("run"), Column("query"), Column("status"), Column("model")),
        *(Column("asked", "UTC"), Column("duration", "ms")),
    )
    rows = tuple(
        (run.run_id, run.input, run.status.value, run.model, run.created, run.latency)
        for run in analysis.slowest
    )
    return Table(columns, rows)


def _percentiles(before: str, unit: Unit) -> tuple[Column, ...]:
    return tuple(Column(f"{before}{name}", unit) for name in ("p50", "p95", "p99"))


def _spread(spread: Spread) -> tuple[float | None, ...]:
    values = (spread.p50, spread.p95, spread.p99)
    return tuple(None if value is None else round(value, 3) for value in values)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 2)


CHARTS: Mapping[str, Callable[[Analysis], Table]] = {
    "runs": _runs,
    "steps": _steps,
    "tools": _tools,
    "models": _models,
    "slowest": _slowest,
}
"""Every chart by its name."""
