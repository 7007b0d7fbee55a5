"""How measures lie in the table ``measures`` of a SQLite log."""

from collections.abc import Sequence

from ryx_dash.log.driver import Connection, query
from ryx_dash.log.measures import Measure, Measuring
from ryx_dash.log.records import key
from ryx_dash.log.schema import SEQ_BITS
from ryx_dash.protocol.analysis import Kind
from ryx_dash.protocol.events import Event, EventKind, outcome

TELLING = """kind <> 'step_progress' AND (kind <> 'llm_token' OR NOT EXISTS (
    SELECT 1 FROM events AS one WHERE one.key = events.key - 1 AND one.kind = 'llm_token'))"""
"""The events that measures are made of, and few others: of a stream of tokens, the first."""

_LAST_SEQ = (1 << SEQ_BITS) - 1

_OPEN = """
SELECT key, kind, name, begun, call_id, first FROM measures
WHERE open AND kind = ? AND key > ? AND key <= ? ORDER BY key
"""
_PUT = "INSERT OR REPLACE INTO measures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def save_measures(db: Connection, rid: int, events: Sequence[Event]) -> None:
    """Note what the next events of a run say, within the caller's transaction."""
    begun = _open(db, rid, "step")
    if any(_ends_calls(event) for event in events):  # many may be open, and few are ended
        begun += _open(db, rid, "tool")
    measuring = Measuring(begun)
    for event in events:
        measuring.add(event)
    db.executemany(_PUT, [_row(rid, measure) for measure in measuring.changed])


def _ends_calls(event: Event) -> bool:
    return event.event == EventKind.TOOL_RESULT or outcome(event) is not None


def _open(db: Connection, rid: int, kind: Kind) -> list[Measure]:
    rows = query(db, _OPEN, kind, key(rid, 0), key(rid, _LAST_SEQ))
    return [
        Measure(
            seq=place & _LAST_SEQ, kind=kind, name=name, begun=begun, call_id=call_id, first=first
        )
        for place, kind, name, begun, call_id, first in rows
    ]


def _row(rid: int, measure: Measure) -> tuple[object, ...]:
    return (
        key(rid, measure.seq),
        measure.kind,
        measure.name,
        measure.call_id,
        measure.begun,
        int(measure.open),
        measure.first,
        measure.ok,
        measure.latency,
        measure.model,
        measure.waited,
        measure.speed,
    )
