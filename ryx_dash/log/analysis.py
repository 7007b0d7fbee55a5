"""What many runs have in common, out of SQLite: one look at each run, and one at each measure.

Percentiles are exact (SQLite's own ``percentile``), so nothing is rounded into buckets first.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ryx_dash.log.base import Cut, RunFilter
from ryx_dash.log.counting import SLOWEST, slow
from ryx_dash.log.driver import Condition, Connection, query, select
from ryx_dash.log.listing import condition, runs_with_text
from ryx_dash.log.records import select_runs
from ryx_dash.log.schema import SEQ_BITS
from ryx_dash.log.tables import ANSWERED_BY
from ryx_dash.log.words import wanted
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
)
from ryx_dash.protocol.steps import RunStatus


def analyse(db: Connection, where: RunFilter, cut: Cut) -> Analysis:
    """See :meth:`log.base.EventLog.analyse`."""
    which = _which(db, where)
    edges = cut(_span(db, which))
    return Analysis(
        runs=_statuses(select(db, "status, count(*)", "runs", which, "GROUP BY status")),
        latency=_latency(db, which),
        periods=_periods(db, which, edges),
        steps=_worked(db, which, "step"),
        tools=_worked(db, which, "tool"),
        models=_answered(db, which),
        slowest=_slowest(db, which),
    )


def _span(db: Connection, which: Condition) -> tuple[str, str] | None:
    [[first, last]] = select(db, "min(created), max(created)", "runs", which)
    return None if first is None else (first, last)


def _which(db: Connection, where: RunFilter) -> Condition:
    """The filter for the columns of ``runs``. What has a text is looked up once.

    The ``+`` keeps SQLite from going through all of them once for each period.
    """
    if not wanted(where.text):
        return condition(where)
    found = json.dumps(runs_with_text(db, where))
    return Condition("+rid IN (SELECT value FROM json_each(?))", (found,))


def _statuses(rows: Sequence[Sequence[Any]]) -> dict[RunStatus, int]:
    return {RunStatus(status): count for status, count in rows}


def _latency(db: Connection, which: Condition) -> Spread:
    [row] = select(db, _spread("latency"), "runs", which)
    return Spread(*row)


def _periods(db: Connection, which: Condition, edges: Sequence[str]) -> tuple[Period, ...]:
    """Each period walks its own part of the index of ages."""
    rows = query(
        db,
        f"""
        SELECT edge.key, status, count(*) FROM json_each(?) AS edge CROSS JOIN runs
        ON created >= edge.value ->> 0 AND created < edge.value ->> 1
        WHERE {which.sql} GROUP BY edge.key, status
        """,  # noqa: S608 - a condition, whose values are bound
        json.dumps(list(pairwise(edges))),
        *which.args,
    )
    found: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for place, status, count in rows:
        found[place].append((status, count))
    return tuple(
        Period(since=since, until=until, runs=_statuses(found[place]))
        for place, (since, until) in enumerate(pairwise(edges))
    )


def _worked(db: Connection, which: Condition, kind: Kind) -> tuple[Worked, ...]:
    cuts = ", ".join(f"total(latency < {edge})" for edge in BUCKETS)
    rows = select(
        db,
        f"name, count(*), total(NOT ok), {_spread('latency')}, {cuts}",
        "measures",
        Condition("kind = ? AND ok IS NOT NULL", (kind,)) & _among(which),
        "GROUP BY name ORDER BY name",
    )
    return tuple(
        Worked(
            name=row[0],
            count=row[1],
            failed=int(row[2]),
            latency=Spread(*row[3:7]),
            buckets=tuple(int(b - a) for a, b in pairwise([0, *row[7:], row[3]])),
        )
        for row in rows
    )


def _answered(db: Connection, which: Condition) -> tuple[Answered, ...]:
    rows = select(
        db,
        f"{ANSWERED_BY}, count(*), {_spread('waited')}, {_spread('speed')}",
        f"measures CROSS JOIN runs AS answering ON rid = key >> {SEQ_BITS}",
        Condition("measures.model IS NOT NULL") & _among(which),
        "GROUP BY 1 ORDER BY 1",
    )
    return tuple(
        Answered(model=row[0], count=row[1], first=Spread(*row[2:6]), speed=Spread(*row[6:10]))
        for row in rows
    )


def _slowest(db: Connection, which: Condition) -> tuple[Slow, ...]:
    order = f"ORDER BY latency DESC, created DESC, rid DESC LIMIT {SLOWEST}"
    which &= Condition("latency IS NOT NULL")
    return tuple(
        slow(stored.run) for stored in select_runs(db, f"WHERE {which.sql} {order}", *which.args)
    )


def _among(which: Condition) -> Condition:
    """Measures of runs that pass; those of a run that is being taken out are there a while."""
    return Condition(f"key >> {SEQ_BITS} IN (SELECT rid FROM runs WHERE {which.sql})", which.args)  # noqa: S608


def _spread(column: str) -> str:
    """The columns of a :class:`Spread`."""
    percentiles = (f"percentile({column}, {percent})" for percent in PERCENTILES)
    return ", ".join([f"count({column})", *percentiles])
