"""The events of a run in another order than ``seq``, without sorting all of them.

Latencies and messages of all events but tokens have an index each, which is walked until the page
is full; steps and levels have few values, whose events follow each other in order. What neither
helps, a page far back or a filter that lets hardly anything pass, is sorted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ryx_dash.log.base import RowFilter, SortField
from ryx_dash.log.driver import Condition, Connection, select
from ryx_dash.log.schema import SEQ_BITS
from ryx_dash.log.tallies import Tallies, between, shape

Sort = Sequence[tuple[SortField, Literal["asc", "desc"]]]

MOST_VALUES = 50
"""Steps that are gone through one by one."""

DEAR = 20
"""How many sorted events cost what one does that is looked at through an index."""

_ORDER: dict[tuple[str, str], str] = {
    (name, direction): f"{column} {direction} NULLS LAST"
    for name, column in (
        ("seq", "key"),
        ("step", "step"),
        ("level", "level"),
        ("message", "message"),
        ("latency", "latency"),
    )
    for direction in ("asc", "desc")
}


def order(sort: Sort) -> str:
    """The clause for SQLite; equal events are in the order of ``seq``."""
    return f"ORDER BY {', '.join([*(_ORDER[by] for by in sort), 'key'])}"


@dataclass(frozen=True, slots=True)
class Sorted:
    """The events with ``after < key <= upto`` that pass a filter without text and call, in the
    order ``sort``. ``total``: how many pass; ``head``: how many events the run has."""

    db: Connection
    where: RowFilter
    after: int
    upto: int
    sort: Sort
    total: int
    head: int

    def keys(self, first: int, end: int) -> list[int]:
        """The keys of the places ``first`` to ``end``, the end left out."""
        name = self.sort[0][0]
        if name in ("step", "level") and len(self.sort) == 1:
            values = Tallies(self.db, self.where, self.after, self.upto).values(name)
            if len(values) <= MOST_VALUES:
                return self._by_value(name, values, first, end)
        elif not self.where.tokens and self._is_walked(end):
            if name == "latency":
                return self._by_latency(first, end)
            if name == "message":
                return self._select(self._all, first, end, "events_by_message")
        return self._select(self._all, first, end)

    @property
    def _all(self) -> Condition:
        return between("key", self.after, self.upto) & shape(self.where)

    def _is_walked(self, end: int) -> bool:
        """Whether an index of the whole run gives the page sooner than sorting the range does."""
        return DEAR * end * self.head < self.total * (self.upto - self.after)

    def _by_latency(self, first: int, end: int) -> list[int]:
        timed = self._all & Condition("latency IS NOT NULL")
        keys = self._select(timed, 0, end, "events_by_latency")
        if len(keys) < end:  # those without a latency come last
            skip = max(first - len(keys), 0)
            most = end - max(first, len(keys))
            keys += [-1] * skip
            rest = self._all & Condition("latency IS NULL")
            keys += self._select(rest, skip, skip + most, sort=self.sort[1:])
        return keys[first:end]

    def _by_value(self, name: str, values: list[str], first: int, end: int) -> list[int]:
        keys: list[int] = []
        if self.sort[0][1] == "desc":
            values = values[::-1]
        for value in values:
            one = self._of_value(name, value)
            if one is None:
                continue
            stretches = one.stretches()
            events = sum(stretch.events for stretch in stretches)
            if first < events:
                keys += one.keys(stretches, max(first, 0), min(end, events) - max(first, 0))
            first, end = first - events, end - events
            if end <= 0:
                break
        return keys

    def _of_value(self, name: str, value: str) -> Tallies | None:
        chosen = self.where.steps if name == "step" else self.where.levels
        if chosen and value not in chosen:
            return None
        only = frozenset({value})
        if name == "step":
            return Tallies(self.db, replace(self.where, steps=only), self.after, self.upto)
        return Tallies(self.db, replace(self.where, levels=only), self.after, self.upto)

    def _select(
        self,
        where: Condition,
        first: int,
        end: int,
        index: str | None = None,
        sort: Sort | None = None,
    ) -> list[int]:
        source = "events"
        if index is not None:
            source = f"events INDEXED BY {index}"
            where &= Condition(f"key >> {SEQ_BITS} = ?", (self.upto >> SEQ_BITS,))
            where &= Condition("kind <> 'llm_token'")  # as the index says it
        then = f"{order(self.sort if sort is None else sort)} LIMIT {end - first} OFFSET {first}"
        return [row[0] for row in select(self.db, "key", source, where, then)]
