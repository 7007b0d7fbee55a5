"""How runs and events lie in the tables of a SQLite log."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import apsw
from pydantic_core import PydanticSerializationError, from_json, to_json

from ryx_dash.errors import LogDamaged, LogError, SequenceConflict
from ryx_dash.log import rules
from ryx_dash.log.base import Run
from ryx_dash.log.driver import Connection, query
from ryx_dash.log.index import CommitWords, EventWords
from ryx_dash.log.rules import call_id, plain
from ryx_dash.log.schema import BLOCK_BITS, SEQ_BITS, SPAN_BITS
from ryx_dash.log.schema import key as key
from ryx_dash.log.words import event_words
from ryx_dash.protocol.events import Event, EventKind, level
from ryx_dash.protocol.steps import RunStatus

_SELECT_RUN = """
SELECT rid, lease_until, run_id, input, model, status, created, started, ended, head, owner, fence,
       cancel_requested, intent, model_used, step, calls, tools, imported,
       iif(status = 'queued', (SELECT count(*) FROM runs AS line
                               WHERE line.status = 'queued' AND line.rid <= runs.rid), 0),
       crc
FROM runs
"""
_INSERT_RUN = """
INSERT INTO runs (rid, run_id, input, model, status, created, started, imported,
                  head, fence, lease_until, cancel_requested, crc)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?)
"""
_NEXT_RID = """
SELECT 1 + max(coalesce((SELECT max(rid) FROM runs), 0),
               coalesce((SELECT max(rid) FROM forgotten), 0))
"""
_ADVANCE_RUN = """
UPDATE runs SET head = ?, owner = ?, fence = ?, cancel_requested = ?, lease_until = ?, crc = ?,
                step = ?, calls = ?
WHERE rid = ?
"""
_CHANGE_RUN = """
UPDATE runs SET status = ?, started = ?, ended = ?, intent = ?, model_used = ?, tools = ?,
                latency = ?
WHERE rid = ?
"""
_SELECT_EVENTS = """
SELECT key, ts, kind, step, node, message, latency, data, crc
FROM events WHERE key > ? AND key <= ?
"""
_PICK_EVENTS = """
SELECT key, ts, kind, step, node, message, latency, data, crc
FROM events WHERE key IN (SELECT value FROM json_each(?))
"""
_INSERT_EVENT = """
INSERT INTO events (key, ts, kind, step, level, node, message, latency, call_id, data, crc)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_TALLY = """
INSERT INTO tallies (block, step, level, token, events) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET events = events + excluded.events
"""
_ADD_TO_SPAN = """
INSERT INTO spans (span, step, level, token, events) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET events = events + excluded.events
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A run, its number, and until when (by the log's clock) its lease is good."""

    rid: int
    run: Run
    lease_until: float = 0.0


def find_run(db: Connection, run_id: str) -> Stored | None:
    """A run by its id."""
    found = select_runs(db, "WHERE run_id = ?", plain(run_id))
    return found[0] if found else None


def select_runs(db: Connection, which: str, *args: Any) -> list[Stored]:
    """The runs that the rest of a statement, with its values, asks for."""
    return list(iterate_runs(db, which, *args))


def iterate_runs(db: Connection, which: str, *args: Any) -> Iterator[Stored]:
    """The same, each read when it is taken."""
    return map(_stored, db.execute(f"{_SELECT_RUN} {which}", args))


def insert_run(db: Connection, run: Run) -> int:
    """Store a new run, without events yet; returns its number, higher than all others."""
    [[rid]] = query(db, _NEXT_RID)
    values = (run.run_id, run.input, run.model, run.status, run.created, run.started)
    query(db, _INSERT_RUN, rid, *values, run.imported, _run_crc(run))
    CommitWords.of_input(rid, run.input).save(db)
    return int(rid)


def update_run(db: Connection, stored: Stored, before: Run | None = None) -> None:
    """Store what can change about a run. ``before``: what is stored of it, if that is known; then
    the indexes over all runs are touched only when they change."""
    run = stored.run
    values = (run.head, run.owner, run.fence, run.cancel_requested, stored.lease_until)
    query(db, _ADVANCE_RUN, *values, _run_crc(run), run.step, run.calls, stored.rid)
    if before is None or _indexed(run) != _indexed(before):
        query(db, _CHANGE_RUN, *_indexed(run), run.latency, stored.rid)


def _indexed(run: Run) -> tuple[Any, ...]:
    values = (run.status, run.started, run.ended, run.intent, run.model_used)
    return (*values, _joined(run.tools))


def _run_crc(run: Run) -> int:
    """A checksum over all that is stored of a run but its lease and what its events say."""
    texts = (run.run_id, run.input, run.model, run.status, run.created, run.started, run.ended)
    numbers = (run.head, run.owner, run.fence, int(run.cancel_requested))
    return crc32("\0".join(map(str, (*texts, *numbers))).encode(errors="surrogatepass"))


def _joined(names: Sequence[str]) -> str:
    """Names as a text in which ``\\n<name>\\n`` is found if and only if the name is there."""
    return "".join(f"\n{name}" for name in names) + "\n" if names else ""


def _stored(row: Sequence[Any]) -> Stored:
    try:
        run = _run(row)
        if row[20] in (None, _run_crc(run)):  # none: by a program that wrote no checksums
            return Stored(rid=row[0], lease_until=row[1], run=run)
    except ValueError:
        pass  # a status that there is not
    raise LogDamaged(
        f"The event log is damaged at run {row[2]!r}: stop Ryx Dash and run `ryx-dash set-aside`, "
        "or put back a copy of the log."
    )


def _run(row: Sequence[Any]) -> Run:
    return Run(
        run_id=row[2],
        input=row[3],
        model=row[4],
        status=RunStatus(row[5]),
        created=row[6],
        started=row[7],
        ended=row[8],
        head=row[9],
        owner=row[10],
        fence=row[11],
        cancel_requested=bool(row[12]),
        intent=row[13],
        model_used=row[14],
        step=row[15],
        calls=row[16],
        tools=tuple(row[17].split("\n")[1:-1]),
        imported=bool(row[18]),
        position=row[19],
    )


def select_events(
    db: Connection,
    run_id: str,
    after: int,
    upto: int,
    which: str = "TRUE",
    *,
    most_text: int | None = None,
) -> list[Event]:
    """The events of a run with ``after < key <= upto``, in order; those that pass ``which``.

    ``most_text`` as in the log. Raises :class:`errors.LogDamaged` when they are not as they were
    stored.
    """
    found = db.execute(f"{_SELECT_EVENTS} AND {which} ORDER BY key", (after, upto))
    try:
        rows = found if most_text is None else rules.begin(found, _text, most_text)
        return _events(run_id, rows)
    finally:
        found.close(True)  # rows that nobody takes would keep the file as it is now


def _events(run_id: str, rows: Iterable[tuple[Any, ...]]) -> list[Event]:
    try:
        return [_event(run_id, row) for row in rows]
    except ValueError as error:
        raise LogDamaged(
            f"The event log is damaged in run {run_id} ({error}): its other runs can be read."
        ) from error


def _text(row: Sequence[Any]) -> int:
    return len(row[5]) + len(row[7])


def pick_events(db: Connection, run_id: str, keys: Sequence[int]) -> list[Event]:
    """The same for single keys, as far as there are such events."""
    rows = query(db, _PICK_EVENTS, to_json(list(keys)).decode())
    found = {event.seq: event for event in _events(run_id, rows)}
    seqs = (place & (1 << SEQ_BITS) - 1 for place in keys)
    return [found[seq] for seq in seqs if seq in found]


def _event(run_id: str, row: Sequence[Any]) -> Event:
    place, ts, kind, step, node, message, latency, data, crc = row
    if crc is not None and crc != _event_crc(place, ts, kind, step, node, message, latency, data):
        raise ValueError(f"event {place & (1 << SEQ_BITS) - 1} is not what was written")
    return Event.trusted(  # it was checked before it was stored
        run_id=run_id,
        seq=place & (1 << SEQ_BITS) - 1,
        ts=ts,
        event=kind,
        step=step,
        node=node,
        message=message,
        latency=latency,
        data=from_json(data),
    )


def _event_crc(place: int, ts: str, kind: str, step: str, node: str, *rest: Any) -> int:
    """A checksum over what is given out of an event; ``rest``: message, latency, data.

    SQLite notices a page that makes no sense, not a letter that has become another.
    """
    message, latency, data = rest
    texts = f"{place}\0{ts}\0{kind}\0{step}\0{node}\0{latency}\0{message}\0{data}"
    return crc32(texts.encode(errors="surrogatepass"))


class EventRows:
    """Events as rows. Worked out before the transaction, so that writers wait for less.

    Raises :class:`errors.LogError` for a payload that is no JSON.
    """

    def __init__(self, rid: int, events: Sequence[Event]) -> None:
        self._tallies: Counter[tuple[int, str, str, bool]] = Counter()
        self._events = [self._row(rid, event) for event in events]
        found = [(event, event_words(event)) for event in events]
        self._words = EventWords.of_words(rid, found)
        self._of_commit = CommitWords.of(rid, [(event.seq, words) for event, words in found])

    def save(self, db: Connection) -> None:
        """Insert the rows, within the caller's transaction."""
        try:
            db.executemany(_INSERT_EVENT, self._events)
        except apsw.ConstraintError as error:
            raise SequenceConflict(
                f"An event with the same place is there already: {error}."
            ) from error
        self._words.save(db)
        self._of_commit.save(db)
        db.executemany(_ADD_TALLY, [(*what, count) for what, count in self._tallies.items()])
        db.executemany(_ADD_TO_SPAN, [(*what, count) for what, count in self._in_spans().items()])

    def _in_spans(self) -> Counter[tuple[int, str, str, bool]]:
        spans: Counter[tuple[int, str, str, bool]] = Counter()
        for (block, step, mark, token), count in self._tallies.items():
            spans[block >> SPAN_BITS - BLOCK_BITS, step, mark, token] += count
        return spans

    def _row(self, rid: int, event: Event) -> tuple[Any, ...]:
        place = key(rid, event.seq)
        mark = level(event.event, event.data)
        self._tallies[
            place >> BLOCK_BITS, event.step, mark, event.event == EventKind.LLM_TOKEN
        ] += 1
        latency = None if event.latency is None else float(event.latency)
        data = _json(event)
        shown = (place, event.ts, event.event, event.step, event.node, event.message, latency, data)
        return (
            place,
            event.ts,
            event.event,
            event.step,
            mark,
            event.node,
            event.message,
            latency,
            call_id(event),
            data,
            _event_crc(*shown),
        )


def _json(event: Event) -> str:
    try:
        return to_json(event.data).decode()
    except PydanticSerializationError as error:
        raise LogError(f"Event {event.id} cannot be stored as JSON ({error}).") from None
