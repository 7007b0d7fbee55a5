"""Pages of one run's events out of SQLite, quick at a million of them.

Counting and skipping is what costs. So each commit also counts its events by block of ``seq``,
step, level and whether they are tokens (the table ``tallies``): a page sums up a run in a
thousand small rows and looks through the one or two blocks that hold it. Text, a call and
another order than ``seq`` go through an index or a sort.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ryx_dash.log.base import MOST_HITS, RowFilter, RowPage, SortField
from ryx_dash.log.driver import Condition, Connection, select
from ryx_dash.log.index import newest_hits
from ryx_dash.log.records import Stored, key, pick_events
from ryx_dash.log.rules import bounds, window
from ryx_dash.log.schema import BLOCK_BITS
from ryx_dash.log.words import wanted

Sort = Sequence[tuple[SortField, Literal["asc", "desc"]]]

_BLOCK = 1 << BLOCK_BITS

_STREAMED = "kind = 'llm_token'"

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


@dataclass(frozen=True, slots=True)
class Stretch:
    """The keys ``after < key <= upto``, of which ``events`` pass the filter."""

    after: int
    upto: int
    events: int


class Pages:
    """The events of one run that pass a filter."""

    def __init__(self, db: Connection, stored: Stored, where: RowFilter) -> None:
        first, last = bounds(stored.run.head, where.after, where.upto)
        self._db = db
        self._run_id = stored.run.run_id
        self._where = where
        self._after = key(stored.rid, first)
        self._upto = key(stored.rid, last)
        self._phrases = wanted(where.text)

    def page(self, sort: Sort, offset: int, limit: int) -> RowPage:
        """The page; see :meth:`log.base.EventLog.rows`."""
        if self._phrases:
            return self._hits(sort, offset, limit)
        if self._where.call_id is not None:
            return self._by_query(self._count(), sort, offset, limit)
        stretches = list(self._stretches())
        total = sum(stretch.events for stretch in stretches)
        if sort and sort[0][0] != "seq":
            return self._by_query(total, sort, offset, limit)
        first, end = window(total, offset, limit)
        if sort and sort[0][1] == "desc":
            keys = self._keys(stretches, total - end, end - first)[::-1]
        else:
            keys = self._keys(stretches, first, end - first)
        return self._page(keys, total)

    def _by_query(self, total: int, sort: Sort, offset: int, limit: int) -> RowPage:
        first, end = window(total, offset, limit)
        rows = self._query(f"{_order(sort)} LIMIT {end - first} OFFSET {first}")
        return self._page([row[0] for row in rows], total)

    def _page(self, keys: Sequence[int], total: int) -> RowPage:
        events = pick_events(self._db, self._run_id, keys)
        return RowPage(events=tuple(events), total=total)

    # -- through an index ---------------------------------------------------------------------

    def _hits(self, sort: Sort, offset: int, limit: int) -> RowPage:
        """A page of what a text is found in, the newest :data:`MOST_HITS`."""
        bounds = self._after, self._upto
        where = self._where
        narrow = bool(where.steps or where.levels or where.call_id is not None)
        found = newest_hits(
            self._db,
            bounds,
            self._phrases,
            tokens=where.tokens,
            most=MOST_HITS + 1,
            also=self._narrower() if narrow else None,
        )
        keys, cut = found[MOST_HITS - 1 :: -1], len(found) > MOST_HITS
        first, end = window(len(keys), offset, limit)
        if sort:
            keys = self._sorted(keys, sort)
        return replace(self._page(keys[first:end], len(keys)), cut=cut)

    def _sorted(self, keys: Sequence[int], sort: Sort) -> list[int]:
        marks = ", ".join("?" * len(keys))
        where = Condition(f"key IN ({marks})", tuple(keys))
        return [row[0] for row in select(self._db, "key", "events", where, _order(sort))]

    def _count(self) -> int:
        return int(self._query(what="count(*)")[0][0])

    def _query(self, then: str = "", what: str = "key") -> list[tuple[Any, ...]]:
        condition = _between("key", self._after, self._upto) & self._narrower()
        return select(self._db, what, "events", condition, then)

    def _narrower(self) -> Condition:
        condition = self._shape(_STREAMED)
        if self._where.call_id is not None:
            condition &= Condition("call_id = ?", (self._where.call_id,))
        return condition

    # -- through the tallies ------------------------------------------------------------------

    def _stretches(self) -> Iterator[Stretch]:
        """The range in parts that are counted: a torn block, whole blocks, a torn block."""
        if self._everything:
            yield Stretch(self._after, self._upto, self._upto - self._after)
            return
        first = -(-(self._after + 1) // _BLOCK)
        end = (self._upto + 1) // _BLOCK
        if first >= end:
            yield self._counted(self._after, self._upto)
            return
        yield self._counted(self._after, first * _BLOCK - 1)
        for block, events in self._tallied(first, end):
            yield Stretch(block * _BLOCK - 1, (block + 1) * _BLOCK - 1, events)
        yield self._counted(end * _BLOCK - 1, self._upto)

    @property
    def _everything(self) -> bool:
        return self._where.tokens and not self._where.steps and not self._where.levels

    def _tallied(self, first: int, end: int) -> list[tuple[Any, ...]]:
        where = _between("block", first - 1, end - 1) & self._shape("token")
        then = "GROUP BY block ORDER BY block"
        return select(self._db, "block, sum(events)", "tallies", where, then)

    def _counted(self, after: int, upto: int) -> Stretch:
        where = _between("key", after, upto) & self._shape(_STREAMED)
        [[events]] = select(self._db, "count(*)", "events", where)
        return Stretch(after, upto, events)

    def _keys(self, stretches: Sequence[Stretch], skip: int, limit: int) -> list[int]:
        keys: list[int] = []
        for stretch in stretches:
            if len(keys) == limit:
                break
            if skip < stretch.events:
                keys += self._keys_in(stretch, skip, limit - len(keys))
            skip = max(skip - stretch.events, 0)
        return keys

    def _keys_in(self, stretch: Stretch, skip: int, limit: int) -> list[int]:
        if stretch.events == stretch.upto - stretch.after:  # all pass: nothing to look for
            first = stretch.after + 1 + skip
            return list(range(first, min(first + limit, stretch.upto + 1)))
        where = _between("key", stretch.after, stretch.upto) & self._shape(_STREAMED)
        then = f"ORDER BY key LIMIT {limit} OFFSET {skip}"
        rows = select(self._db, "key", "events", where, then)
        return [row[0] for row in rows]

    def _shape(self, is_token: str) -> Condition:
        """What events and their tallies are both filtered by."""
        condition = Condition() if self._where.tokens else Condition(f"NOT ({is_token})")
        for column, values in (("step", self._where.steps), ("level", self._where.levels)):
            if values:
                marks = ", ".join("?" * len(values))
                condition &= Condition(f"{column} IN ({marks})", tuple(sorted(values)))
        return condition


def _order(sort: Sort) -> str:
    return f"ORDER BY {', '.join([*(_ORDER[by] for by in sort), 'key'])}"


def _between(column: str, after: int, upto: int) -> Condition:
    return Condition(f"{column} > ? AND {column} <= ?", (after, upto))
