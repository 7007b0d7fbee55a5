"""How many events of a run pass a filter, and where, without a look at each of them.

Each commit counts its events by step, level and whether they are tokens: in the table ``tallies``
by blocks of ``seq``, in ``spans`` by as many blocks as make a larger one. A range is a torn part,
whole blocks, whole spans, whole blocks and a torn part; only the torn parts are counted one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ryx_dash.log.base import RowFilter
from ryx_dash.log.driver import Condition, Connection, select
from ryx_dash.log.schema import BLOCK_BITS, SPAN_BITS
from ryx_dash.log.tables import IS_RARE, RARE

FEW = 1_000
"""Events of rare levels that are passed over one by one."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The keys ``after < key <= upto``, of which ``events`` pass the filter."""

    after: int
    upto: int
    events: int


@dataclass(frozen=True, slots=True)
class Tallies:
    """The events with ``after < key <= upto`` of the steps and levels of a filter, with or without
    tokens."""

    db: Connection
    where: RowFilter
    after: int
    upto: int

    def stretches(self) -> list[Stretch]:
        """The range in parts that are counted."""
        if self.where.tokens and not self.where.steps and not self.where.levels:
            return [Stretch(self.after, self.upto, self.upto - self.after)]
        return list(self._parts(self.after, self.upto))

    def keys(self, stretches: list[Stretch], skip: int, limit: int) -> list[int]:
        """The keys of the events that pass, the first ``skip`` left out, ``limit`` at most."""
        keys: list[int] = []
        for stretch in stretches:
            if len(keys) == limit:
                break
            if skip < stretch.events:
                keys += self._keys_in(stretch, skip, limit - len(keys))
            skip = max(skip - stretch.events, 0)
        return keys

    def values(self, column: str) -> list[str]:
        """The different steps or levels of the range, in order, and perhaps some more."""
        spans = between("span", (self.after >> SPAN_BITS) - 1, self.upto >> SPAN_BITS)
        then = f"ORDER BY {column}"
        return [row[0] for row in select(self.db, f"DISTINCT {column}", "spans", spans, then)]

    def _parts(self, after: int, upto: int, level: int = 0) -> Iterator[Stretch]:
        if level == 2:
            if after < upto:
                yield self._counted(after, upto)
            return
        tables = (("spans", "span", SPAN_BITS), ("tallies", "block", BLOCK_BITS))
        table, column, bits = tables[level]
        first, end = -(-(after + 1) >> bits), (upto + 1) >> bits
        if first >= end:
            yield from self._parts(after, upto, level + 1)
            return
        yield from self._parts(after, (first << bits) - 1, level + 1)
        where = between(column, first - 1, end - 1) & shape(self.where, "token")
        then = f"GROUP BY {column} ORDER BY {column}"
        for place, events in select(self.db, f"{column}, sum(events)", table, where, then):
            yield Stretch((place << bits) - 1, (place + 1 << bits) - 1, events)
        yield from self._parts((end << bits) - 1, upto, level + 1)

    def _counted(self, after: int, upto: int) -> Stretch:
        where = between("key", after, upto) & shape(self.where)
        [[events]] = select(self.db, "count(*)", shapes(self.where), where)
        return Stretch(after, upto, events)

    def _keys_in(self, stretch: Stretch, skip: int, limit: int) -> list[int]:
        size = stretch.upto - stretch.after
        if stretch.events == size:  # all pass: nothing to look for
            first = stretch.after + 1 + skip
            return list(range(first, min(first + limit, stretch.upto + 1)))
        known = is_rare(self.where) and stretch.events <= FEW
        if size == 1 << SPAN_BITS and not known:
            return self.keys(list(self._parts(stretch.after, stretch.upto, 1)), skip, limit)
        where = between("key", stretch.after, stretch.upto) & shape(self.where)
        then = f"ORDER BY key LIMIT {limit} OFFSET {skip}"
        return [row[0] for row in select(self.db, "key", shapes(self.where), where, then)]


def is_rare(where: RowFilter) -> bool:
    """Whether only events pass of which an index knows each."""
    return bool(where.levels) and where.levels.issubset(RARE)


def shapes(where: RowFilter) -> str:
    """The events by what a filter looks at; their payloads are not among it."""
    return f"events INDEXED BY {'events_by_level' if is_rare(where) else 'events_by_shape'}"


def shape(where: RowFilter, streamed: str = "kind = 'llm_token'") -> Condition:
    """What events are filtered by, and their tallies, which say otherwise what is ``streamed``."""
    condition = Condition(IS_RARE) if is_rare(where) else Condition()
    if not where.tokens:
        condition &= Condition(f"NOT ({streamed})")
    for column, values in (("step", where.steps), ("level", where.levels)):
        if values:
            marks = ", ".join("?" * len(values))
            condition &= Condition(f"{column} IN ({marks})", tuple(sorted(values)))
    return condition


def between(column: str, after: int, upto: int) -> Condition:
    """The range ``after < column <= upto``."""
    return Condition(f"{column} > ? AND {column} <= ?", (after, upto))
