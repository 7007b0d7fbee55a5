"""A log that lives as long as its process: for tests, and for a look without a trace.

It is the plain model of what :class:`log.sqlite.SqliteLog` does, so it favours the obvious over
the fast: a filtered page looks at every event of the run.
"""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic_core import to_json

from ryx_dash.errors import LogError
from ryx_dash.log import rules
from ryx_dash.log.base import (
    EVERY_RUN,
    MOST_HITS,
    Counts,
    Cut,
    EventLog,
    Facets,
    Keep,
    Lease,
    NewRun,
    RowFilter,
    RowPage,
    Run,
    RunFilter,
    RunPage,
    Snapshot,
    SortField,
)
from ryx_dash.log.counting import answered_by, counted
from ryx_dash.log.measures import Measure, measured
from ryx_dash.log.words import contains, event_words, wanted, words
from ryx_dash.protocol.analysis import Analysis, Part
from ryx_dash.protocol.events import Draft, Event, EventKind, level
from ryx_dash.protocol.steps import RunStatus


@dataclass(slots=True)
class _Record:
    """A run, its place among all runs, its events, and until when its lease is good."""

    place: int
    run: Run
    events: list[Event] = field(default_factory=list)
    lease_until: float = 0.0
    snapshots: dict[int, Snapshot] = field(default_factory=dict)


class MemoryLog(EventLog):
    """An event log in memory. ``clock`` gives the seconds by which leases run out."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._identity = secrets.token_hex(16)
        self._lock = threading.RLock()
        self._records: dict[str, _Record] = {}
        self._commands: dict[str, str] = {}
        self._started = 0
        self._version = 0
        self._imports = 0
        self._closed = False

    @property
    def identity(self) -> str:
        return self._identity

    def start(self, new: NewRun) -> tuple[Run, bool]:
        with self._open():
            if new.command_id in self._commands:
                return self._shown(self._records[self._commands[new.command_id]]), False
            record = self._put(rules.queued(new))
            if new.command_id is not None:
                self._commands[new.command_id] = record.run.run_id
            self._version += 1
            return self._shown(record), True

    def claim(self, owner: str, *, at_once: int, lease_seconds: float) -> Run | None:
        with self._open():
            waiting = self._with_status(RunStatus.QUEUED)
            if not waiting or len(self._with_status(RunStatus.RUNNING)) >= at_once:
                return None
            waiting[0].lease_until = self._clock() + lease_seconds
            return self._extend(waiting[0], rules.claimed(waiting[0].run, owner), ())

    def renew(self, owner: str, *, lease_seconds: float) -> None:
        with self._open():
            for record in self._with_status(RunStatus.RUNNING):
                if record.run.owner == owner:
                    record.lease_until = self._clock() + lease_seconds
                    self._version += 1

    def expired(self) -> tuple[Run, ...]:
        with self._open():
            running = self._with_status(RunStatus.RUNNING)
            return tuple(record.run for record in running if record.lease_until <= self._clock())

    def interrupt(self, run_id: str, draft: Draft, *, only_expired: bool = True) -> Run:
        with self._open():
            record = self._known(run_id)
            events = rules.interruption(record.run, draft)
            renewed = only_expired and record.lease_until > self._clock()
            if record.run.status is not RunStatus.RUNNING or renewed:
                return self._shown(record)
            return self._extend(record, rules.fenced(record.run), events)

    def cancel(self, run_id: str) -> Run:
        with self._open():
            record = self._known(run_id)
            run = rules.cancelled(record.run)
            return self._extend(record, run, rules.cancellation(run))

    def forget(self, keep: Keep) -> bool:
        with self._open():
            records = list(self._records.values())
            surplus = 0 if keep.runs is None else max(len(records) - keep.runs, 0)
            gone = {
                record.run.run_id
                for place, record in enumerate(records[:-1])
                if rules.may_be_forgotten(record.run, keep)
                and (place < surplus or (record.run.ended or "") < (keep.since or ""))
            }
            for run_id in gone:
                del self._records[run_id]
            self._commands = {c: run for c, run in self._commands.items() if run not in gone}
            self._version += bool(gone)
            return False

    def run(self, run_id: str) -> Run | None:
        with self._open():
            record = self._records.get(run_id)
            return None if record is None else self._shown(record)

    def latest(self) -> Run | None:
        with self._open():
            own = (r for r in reversed(self._records.values()) if not r.run.imported)
            return next((self._shown(record) for record in own), None)

    def runs(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        status: RunStatus | None = None,
        q: str = "",
        where: RunFilter = EVERY_RUN,
    ) -> RunPage:
        with self._open():
            end = None if before is None else _age(self._known(before))
            wanted_text = rules.plain(q).casefold()
            found = [
                self._shown(record)
                for record in self._in_order()
                if (end is None or _age(record) < end)
                and (status is None or record.run.status is status)
                and wanted_text in record.run.input.casefold()
                and _passes(record, where)
            ]
            page = tuple(found[: max(limit, 0)])
            more = page and len(found) > len(page)
            return RunPage(runs=page, next=page[-1].run_id if more else None)

    def asked_before(self, run_id: str) -> Run | None:
        with self._open():
            this = self._known(run_id)
            same = (
                self._shown(record)
                for record in self._in_order()
                if _age(record) < _age(this) and record.run.input == this.run.input
            )
            return next(same, None) if this.run.input else None

    def facets(self) -> Facets:
        with self._open():
            runs = [record.run for record in self._records.values()]
        models = {run.model_used or run.model or "" for run in runs} - {""}
        intents = {run.intent for run in runs if run.intent}
        tools = {tool for run in runs for tool in run.tools}
        return Facets(
            models=tuple(sorted(models)),
            intents=tuple(sorted(intents)),
            tools=tuple(sorted(tools)),
        )

    def analyse(self, where: RunFilter, cut: Cut) -> Analysis:
        with self._open():
            found = [(r.run, r.events) for r in self._in_order() if _passes(r, where)]
        times = [run.created for run, _ in found]
        return counted(found, cut((min(times), max(times)) if times else None))

    def counts(self) -> Counts:
        with self._open():
            runs = Counter(record.run.status for record in self._records.values())
            events = sum(record.run.head for record in self._records.values())
        return Counts(runs=runs, events=events, size=0)

    def total(self) -> int:
        with self._open():
            return len(self._records)

    def restore(self, run: Run, events: Sequence[Event]) -> bool:
        with self._open():
            run = rules.restored(run, events)
            known = self._records.get(run.run_id)
            if known is not None:
                if rules.same_run(known.run, run) and known.events == list(events):
                    return False
                raise rules.exists(run.run_id)
            self._put(run).events.extend(events)
            self._version += 1
            self._imports += 1
            return True

    def delete(self, run_id: str) -> None:
        with self._open():
            rules.deletable(self._known(run_id).run)
            del self._records[run_id]
            self._commands = {c: name for c, name in self._commands.items() if name != run_id}
            self._version += 1

    def append(self, lease: Lease, events: Sequence[Event]) -> Run:
        with self._open():
            record = self._records.get(lease.run_id)
            if record is None:
                raise rules.lease_lost(lease)
            rules.check_append(record.run, lease, events)
            return self._extend(record, record.run, events)

    def head(self, run_id: str) -> int:
        with self._open():
            return len(self._events(run_id))

    def read(
        self,
        run_id: str,
        *,
        after: int = 0,
        upto: int | None = None,
        most_text: int | None = None,
    ) -> list[Event]:
        with self._open():
            events = self._between(run_id, after, upto)
        return events if most_text is None else list(rules.begin(events, _text, most_text))

    def rows(
        self,
        run_id: str,
        where: RowFilter,
        *,
        sort: Sequence[tuple[SortField, Literal["asc", "desc"]]] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> RowPage:
        with self._open():
            events = self._between(run_id, where.after, where.upto)
        found = list(_passing(events, where))
        cut = bool(wanted(where.text)) and len(found) > MOST_HITS
        found = found[-MOST_HITS:] if cut else found
        for name, direction in reversed(sort):
            _sort(found, name, descending=direction == "desc")
        first, end = rules.window(len(found), offset, limit)
        return RowPage(events=tuple(found[first:end]), total=len(found), cut=cut)

    def pick(self, run_id: str, seqs: Sequence[int]) -> list[Event]:
        with self._open():
            events = self._events(run_id)
            return [events[seq - 1] for seq in sorted(set(seqs)) if 0 < seq <= len(events)]

    def snapshot(self, run_id: str, *, format: int, upto: int) -> Snapshot | None:
        with self._open():
            record = self._records.get(run_id)
            kept = record.snapshots.values() if record else ()
            passing = (s for s in kept if s.format == format and s.seq <= upto)
            return max(passing, key=lambda snapshot: snapshot.seq, default=None)

    def keep_snapshots(self, run_id: str, snapshots: Sequence[Snapshot], *, imports: int) -> bool:
        with self._open():
            record = self._records.get(run_id) if imports == self._imports else None
            if record is None or any(s.seq > record.run.head for s in snapshots):
                return False
            record.snapshots |= {snapshot.seq: snapshot for snapshot in snapshots}
            return True

    def imports(self) -> int:
        with self._open():
            return self._imports

    def version(self) -> int:
        with self._open():
            return self._version

    def writable(self) -> str | None:
        return "The event log is closed." if self._closed else None

    def close(self) -> None:
        self._closed = True

    @contextmanager
    def _open(self) -> Iterator[None]:
        with self._lock:
            if self._closed:
                raise LogError("The event log is closed.")
            yield

    def _in_order(self) -> list[_Record]:
        """The newest first."""
        return sorted(self._records.values(), key=_age, reverse=True)

    def _put(self, run: Run) -> _Record:
        record = self._records[run.run_id] = _Record(place=self._started, run=run)
        self._started += 1
        return record

    def _known(self, run_id: str) -> _Record:
        record = self._records.get(run_id)
        if record is None:
            raise rules.unknown(run_id)
        return record

    def _with_status(self, status: RunStatus) -> list[_Record]:
        return [record for record in self._records.values() if record.run.status is status]

    def _shown(self, record: _Record) -> Run:
        if record.run.status is not RunStatus.QUEUED:
            return record.run
        return replace(record.run, position=self._with_status(RunStatus.QUEUED).index(record) + 1)

    def _extend(self, record: _Record, run: Run, events: Sequence[Event]) -> Run:
        record.run = rules.advanced(run, events)
        record.events.extend(events)
        self._version += 1
        return record.run

    def _events(self, run_id: str) -> list[Event]:
        record = self._records.get(run_id)
        return [] if record is None else record.events

    def _between(self, run_id: str, after: int, upto: int | None) -> list[Event]:
        events = self._events(run_id)
        first, last = rules.bounds(len(events), after, upto)
        return events[first:last]


def _age(record: _Record) -> tuple[str, int]:
    return record.run.created, record.place


def _text(event: Event) -> int:
    return len(event.message) + len(to_json(event.data).decode())


def _passes(record: _Record, where: RunFilter) -> bool:
    run = record.run
    return (
        (not where.statuses or run.status in where.statuses)
        and (not where.models or (run.model_used or run.model) in where.models)
        and (not where.intents or run.intent in where.intents)
        and (not where.tools or not where.tools.isdisjoint(run.tools))
        and (not where.since or run.created >= where.since)
        and (not where.until or run.created < where.until)
        and (where.shortest is None or (run.latency is not None and run.latency >= where.shortest))
        and (where.longest is None or (run.latency is not None and run.latency <= where.longest))
        and _tells(record, where.text)
        and (where.part is None or _had(record, where.part))
    )


def _had(record: _Record, part: Part) -> bool:
    return any(
        (part.shortest is None or (took is not None and took >= part.shortest))
        and (part.below is None or (took is not None and took < part.below))
        and part.ok in (None, measure.ok)
        for measure, took in _parts(record, part)
    )


def _parts(record: _Record, part: Part) -> Iterator[tuple[Measure, float | None]]:
    """The measures of a run that a part names, and what is measured there."""
    for measure in measured(record.events):
        if part.kind in ("first", "speed"):
            if measure.model is not None and answered_by(record.run, measure) == part.name:
                yield measure, measure.waited if part.kind == "first" else measure.speed
        elif (measure.kind, measure.name) == (part.kind, part.name) and measure.ok is not None:
            yield measure, measure.latency


def _tells(record: _Record, text: str) -> bool:
    phrases = wanted(text)
    places = [words(record.run.input), *map(event_words, record.events)] if phrases else [[]]
    return any(all(contains(found, phrase) for phrase in phrases) for found in places)


def _passing(events: Sequence[Event], where: RowFilter) -> Iterator[Event]:
    phrases = wanted(where.text)
    for event in events:
        if (
            (where.tokens or event.event != EventKind.LLM_TOKEN)
            and (not where.steps or event.step in where.steps)
            and (not where.levels or level(event.event, event.data) in where.levels)
            and (where.call_id is None or rules.call_id(event) == where.call_id)
        ):
            found = event_words(event) if phrases else []
            if all(contains(found, phrase) for phrase in phrases):
                yield event


def _sort(events: list[Event], name: SortField, *, descending: bool) -> None:
    """Sort in place, stably; what has no value comes last either way."""

    def key(event: Event) -> Any:
        if name == "level":
            return level(event.event, event.data)
        return getattr(event, name)

    nothing = [event for event in events if key(event) is None]
    events[:] = sorted(
        (event for event in events if key(event) is not None), key=key, reverse=descending
    )
    events.extend(nothing)
