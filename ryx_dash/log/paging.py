"""Pages of one run's events out of SQLite, as quick at a million of them as at a thousand.

Counting and skipping is what costs: both go by tallies (:mod:`log.tallies`), another order by
indexes (:mod:`log.sorting`), a text by its own (:mod:`log.index`).
"""

from collections.abc import Sequence
from dataclasses import replace

from ryx_dash.log.base import MOST_HITS, RowFilter, RowPage
from ryx_dash.log.driver import Condition, Connection, select
from ryx_dash.log.index import newest_hits
from ryx_dash.log.records import Stored, key, pick_events
from ryx_dash.log.rules import bounds, window
from ryx_dash.log.sorting import Sort, Sorted, order
from ryx_dash.log.tallies import Tallies, between, shape, shapes
from ryx_dash.log.words import wanted


class Pages:
    """The events of one run that pass a filter."""

    def __init__(self, db: Connection, stored: Stored, where: RowFilter) -> None:
        first, last = bounds(stored.run.head, where.after, where.upto)
        self._db = db
        self._run = stored.run
        self._where = where
        self._after = key(stored.rid, first)
        self._upto = key(stored.rid, last)
        self._phrases = wanted(where.text)

    def page(self, sort: Sort, offset: int, limit: int) -> RowPage:
        """The page; see :meth:`log.base.EventLog.rows`."""
        if self._phrases:
            return self._hits(sort, offset, limit)
        if self._where.call_id is not None:
            return self._of_call(sort, offset, limit)
        tallies = Tallies(self._db, self._where, self._after, self._upto)
        stretches = tallies.stretches()
        total = sum(stretch.events for stretch in stretches)
        first, end = window(total, offset, limit)
        if sort and sort[0][0] != "seq":
            keys = self._sorted(sort, total).keys(first, end) if first < end else []
        elif sort and sort[0][1] == "desc":
            keys = tallies.keys(stretches, total - end, end - first)[::-1]
        else:
            keys = tallies.keys(stretches, first, end - first)
        return self._page(keys, total)

    def _sorted(self, sort: Sort, total: int) -> Sorted:
        where, after, upto = self._where, self._after, self._upto
        return Sorted(self._db, where, after, upto, sort, total, self._run.head)

    def _of_call(self, sort: Sort, offset: int, limit: int) -> RowPage:
        of_call = between("key", self._after, self._upto) & self._narrower()
        keys = [row[0] for row in select(self._db, "key", "events", of_call, order(sort))]
        first, end = window(len(keys), offset, limit)
        return self._page(keys[first:end], len(keys))

    def _page(self, keys: Sequence[int], total: int) -> RowPage:
        events = pick_events(self._db, self._run.run_id, keys)
        return RowPage(events=tuple(events), total=total)

    def _hits(self, sort: Sort, offset: int, limit: int) -> RowPage:
        """A page of what a text is found in, the newest :data:`MOST_HITS`."""
        where = self._where
        of_call = where.call_id is not None
        narrow = bool(where.steps or where.levels or of_call)
        found = newest_hits(
            self._db,
            (self._after, self._upto),
            self._phrases,
            tokens=where.tokens,
            most=MOST_HITS + 1,
            also=self._narrower() if narrow else None,
            events="events" if of_call else shapes(where),
        )
        keys, cut = found[MOST_HITS - 1 :: -1], len(found) > MOST_HITS
        first, end = window(len(keys), offset, limit)
        if sort:
            keys = self._in_order(keys, sort)
        return replace(self._page(keys[first:end], len(keys)), cut=cut)

    def _in_order(self, keys: Sequence[int], sort: Sort) -> list[int]:
        marks = ", ".join("?" * len(keys))
        where = Condition(f"key IN ({marks})", tuple(keys))
        return [row[0] for row in select(self._db, "key", "events", where, order(sort))]

    def _narrower(self) -> Condition:
        condition = shape(self._where)
        if self._where.call_id is not None:
            condition &= Condition("call_id = ?", (self._where.call_id,))
        return condition
