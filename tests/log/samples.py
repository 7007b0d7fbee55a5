"""Runs and events to put into a log."""

from typing import Any

from ryx_dash.log.base import EventLog, NewRun, Run
from ryx_dash.protocol.events import Draft, Event, EventKind
from ryx_dash.protocol.steps import INPUT, Step

TS = "2026-01-01T00:00:00.000000Z"

BACK_TO_8 = """
DROP INDEX runs_by_question;
PRAGMA user_version = 8;
"""
"""What turns a new log into one as version 8 wrote it."""

BACK_TO_7 = f"""
{BACK_TO_8}
DROP TRIGGER run_added;
DROP TRIGGER run_removed;
DELETE FROM meta WHERE name = 'runs';
PRAGMA user_version = 7;
"""
"""What turns it into one as version 7 wrote it."""

BACK_TO_6 = f"""
{BACK_TO_7}
DROP INDEX events_by_level;
PRAGMA user_version = 6;
"""
"""What turns it into one as version 6 wrote it."""

BACK_TO_5 = f"""
{BACK_TO_6}
DROP TABLE run_tools;
DROP TABLE spans;
DROP INDEX runs_by_model;
DROP INDEX runs_by_intent;
DROP INDEX runs_by_latency;
DROP INDEX events_by_shape;
DROP INDEX events_by_latency;
DROP INDEX events_by_message;
INSERT INTO words (words) VALUES ('delete-all');
PRAGMA user_version = 5;
"""
"""What turns it into one as version 5 wrote it; its index of words was another one."""

BACK_TO_3 = f"""
{BACK_TO_5}
DROP TABLE measures;
DROP TABLE snapshots;
PRAGMA user_version = 3;
"""
"""What turns it into one as version 3 wrote it."""

BACK_TO_2 = f"""
{BACK_TO_3}
DROP TABLE run_words;
DROP INDEX runs_by_age;
DROP INDEX runs_by_status_and_age;
DROP INDEX own_runs;
DROP INDEX commands_by_run;
ALTER TABLE runs DROP COLUMN intent;
ALTER TABLE runs DROP COLUMN model_used;
ALTER TABLE runs DROP COLUMN step;
ALTER TABLE runs DROP COLUMN calls;
ALTER TABLE runs DROP COLUMN tools;
ALTER TABLE runs DROP COLUMN latency;
ALTER TABLE runs DROP COLUMN imported;
PRAGMA user_version = 2;
"""
"""What turns it into one as version 2 wrote it."""

BACK_TO_1 = """
ALTER TABLE runs DROP COLUMN crc;
ALTER TABLE events DROP COLUMN crc;
DROP TABLE forgotten;
PRAGMA user_version = 1;
"""
"""What then turns it into one as version 1 wrote it."""

LOST = Draft(
    event=EventKind.WORKFLOW_ERROR, message="The worker was lost.", data={"code": "interrupted"}
)


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


def event(
    run_id: str,
    seq: int,
    kind: str = EventKind.STEP_PROGRESS,
    message: str = "",
    *,
    step: Step | None = INPUT,
    latency: float | None = None,
    **data: Any,
) -> Event:
    return Event(
        run_id=run_id,
        seq=seq,
        ts=TS,
        event=kind,
        step=step.name if step else "",
        node=step.node if step else "",
        message=message,
        latency=latency,
        data=data,
    )


def started(log: EventLog, text: str = "what?", command_id: str | None = None) -> Run:
    return log.start(NewRun(input=text, command_id=command_id))[0]


def claimed(log: EventLog, *, owner: str = "worker", seconds: float = 10) -> Run:
    """A new run in the hands of ``owner``."""
    started(log)
    run = log.claim(owner, at_once=100, lease_seconds=seconds)
    assert run is not None
    return run


def grown(log: EventLog, run: Run, *kinds: str) -> Run:
    """The run with one more event of each kind."""
    events = [event(run.run_id, seq, kind) for seq, kind in enumerate(kinds, run.head + 1)]
    return log.append(run.lease, events)


def ended(log: EventLog, kind: str = EventKind.WORKFLOW_COMPLETE) -> Run:
    return grown(log, claimed(log), EventKind.WORKFLOW_START, kind)


def uncut(_: object) -> tuple[str, ...]:
    """Cuts what an analysis is of into no periods."""
    return ()
