"""What many runs have in common, counted event by event: what the log in memory does.

The plain form of what :mod:`log.analysis` asks of SQLite.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ryx_dash.log.base import Run
from ryx_dash.log.measures import Measure, measured
from ryx_dash.protocol.analysis import (
    BUCKETS,
    PERCENTILES,
    Analysis,
    Answered,
    Kind,
    Period,
    Slow,
    Spread,
    Worked,
    percentile,
)
from ryx_dash.protocol.events import Event

SLOWEST = 10
"""How many of the slowest runs are told."""

Measures = Sequence[tuple[Run, Measure]]


def counted(found: Sequence[tuple[Run, Sequence[Event]]], edges: Sequence[str]) -> Analysis:
    """The analysis of runs with their events, the newest run first."""
    runs = [run for run, _ in found]
    measures = [(run, m) for run, events in found for m in measured(events) if m.ok is not None]
    slowest = sorted((run for run in runs if run.latency is not None), key=_latency, reverse=True)
    return Analysis(
        runs=Counter(run.status for run in runs),
        latency=spread(run.latency for run in runs),
        periods=tuple(
            Period(
                since=since,
                until=until,
                runs=Counter(run.status for run in runs if since <= run.created < until),
            )
            for since, until in pairwise(edges)
        ),
        steps=_worked(measures, "step"),
        tools=_worked(measures, "tool"),
        models=_answered(measures),
        slowest=tuple(slow(run) for run in slowest[:SLOWEST]),
    )


def spread(values: Iterable[float | None]) -> Spread:
    """How values lie; ``None`` is no value."""
    known = sorted(value for value in values if value is not None)
    return Spread(len(known), *(percentile(known, percent) for percent in PERCENTILES))


def slow(run: Run) -> Slow:
    """A run that took long."""
    return Slow(
        run_id=run.run_id,
        input=run.input,
        status=run.status,
        created=run.created,
        latency=run.latency or 0.0,
        model=run.model_used or run.model or "",
    )


def answered_by(run: Run, measure: Measure) -> str:
    """The model that wrote an answer; empty if unknown."""
    return measure.model or run.model_used or run.model or ""


def _latency(run: Run) -> float:
    return run.latency or 0.0


def _worked(measures: Measures, kind: Kind) -> tuple[Worked, ...]:
    by_name: defaultdict[str, list[Measure]] = defaultdict(list)
    for _, measure in measures:
        if measure.kind == kind:
            by_name[measure.name].append(measure)
    return tuple(_one_worked(name, by_name[name]) for name in sorted(by_name))


def _one_worked(name: str, measures: Sequence[Measure]) -> Worked:
    latencies = [measure.latency for measure in measures]
    buckets = Counter(bisect_right(BUCKETS, took) for took in latencies if took is not None)
    return Worked(
        name=name,
        count=len(measures),
        failed=sum(not measure.ok for measure in measures),
        latency=spread(latencies),
        buckets=tuple(buckets[place] for place in range(len(BUCKETS) + 1)),
    )


def _answered(measures: Measures) -> tuple[Answered, ...]:
    by_model: defaultdict[str, list[Measure]] = defaultdict(list)
    for run, measure in measures:
        if measure.model is not None:
            by_model[answered_by(run, measure)].append(measure)
    return tuple(
        Answered(
            model=model,
            count=len(answers),
            first=spread(answer.waited for answer in answers),
            speed=spread(answer.speed for answer in answers),
        )
        for model, answers in sorted(by_model.items())
    )
