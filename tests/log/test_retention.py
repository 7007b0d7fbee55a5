"""Which runs are kept, and that nothing of the others is left."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ryx_dash.log import retention
from ryx_dash.log.base import EventLog, Keep, RowFilter, Run
from ryx_dash.log.driver import scalar
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.events import now
from tests.log.samples import claimed, ended, event, grown, started

FUTURE = "2999-01-01T00:00:00.000000Z"
PAST = "2001-01-01T00:00:00.000000Z"


def forget(log: EventLog, **keep: object) -> None:
    keep.setdefault("ended_before", FUTURE)
    while log.forget(Keep(**keep)):  # type: ignore[arg-type]
        pass


def ids(log: EventLog) -> list[str]:
    return [run.run_id for run in log.runs().runs]


def test_all_are_kept_unless_something_else_is_said(log: EventLog) -> None:
    runs = [ended(log).run_id for _ in range(5)]
    forget(log)
    assert ids(log) == runs[::-1]
    assert log.forget(Keep(ended_before=FUTURE)) is False


@pytest.mark.parametrize("keep", [1, 2, 5, 6])
def test_the_newest_are_kept(log: EventLog, keep: int) -> None:
    runs = [ended(log).run_id for _ in range(5)]
    forget(log, runs=keep)
    assert ids(log) == runs[::-1][:keep]


def test_what_ended_long_ago_goes_but_for_the_newest(log: EventLog) -> None:
    runs = [ended(log).run_id for _ in range(3)]
    forget(log, since=PAST)
    assert ids(log) == runs[::-1]
    forget(log, since=FUTURE)
    assert ids(log) == [runs[-1]]


def test_runs_that_wait_or_go_on_are_never_touched(log: EventLog) -> None:
    running, waiting = claimed(log).run_id, started(log).run_id
    newest = [log.cancel(started(log).run_id).run_id for _ in range(3)][-1]
    forget(log, runs=1, since=FUTURE)
    assert ids(log) == [newest, waiting, running]


def test_what_has_just_ended_stays_for_a_while(log: EventLog) -> None:
    runs = [ended(log).run_id for _ in range(3)]
    forget(log, runs=1, since=FUTURE, ended_before=PAST)
    assert ids(log) == runs[::-1]


def test_nothing_is_left_of_a_run_that_is_forgotten(log: EventLog) -> None:
    run = ended(log)
    kept = ended(log)
    forget(log, runs=1)
    assert log.run(run.run_id) is None
    assert log.head(run.run_id) == 0
    assert log.read(run.run_id) == []
    assert log.rows(run.run_id, RowFilter(upto=9)).total == 0
    assert len(log.read(kept.run_id)) == 2
    assert log.latest() == kept


def test_its_commands_go_with_it(log: EventLog) -> None:
    first = started(log, command_id="c1")
    log.cancel(first.run_id)
    ended(log)
    forget(log, runs=1)
    assert started(log, command_id="c1").run_id != first.run_id


def test_new_runs_are_listed_after_old_ones_that_went(log: EventLog) -> None:
    for _ in range(4):
        ended(log)
    forget(log, runs=2)
    newer = [ended(log).run_id for _ in range(2)]
    assert ids(log)[:2] == newer[::-1]
    page = log.runs(limit=1)
    assert log.runs(limit=1, before=page.next).runs[0].run_id == newer[0]


def long_run(log: EventLog, length: int) -> Run:
    run = claimed(log)
    for first in range(1, length, 500):
        events = [event(run.run_id, n, message=f"word{n}") for n in range(first, first + 500)]
        run = log.append(run.lease, events)
    return grown(log, run, "workflow_complete")


def test_a_long_run_goes_in_small_steps_and_its_room_is_used_again(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        sizes = []
        for _ in range(8):
            gone = long_run(log, 3_000)
            kept = long_run(log, 500)
            forget(log, runs=1)
            assert log.run(gone.run_id) is None
            where = RowFilter(upto=kept.head, text="word5")
            assert log.rows(kept.run_id, where, limit=1).events[0].message == "word5"
            with log._connections.read() as db:
                sizes.append(scalar(db, "PRAGMA page_count"))
        assert sizes[-1] <= 2 * sizes[0]  # eight times it would be without
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM forgotten").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM events").fetchone() == (kept.head,)
        assert db.execute("SELECT sum(events) FROM tallies").fetchone() == (kept.head,)


def test_the_index_of_words_stays_sound(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        long_run(log, 2_000)
        long_run(log, 500)
        forget(log, runs=1)
        with log._connections.write() as db:
            db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
            [[left]] = db.execute(
                "SELECT count(*) FROM words WHERE words MATCH '40000·word700'"
            ).fetchall()
        assert left == 0


def test_a_stop_half_way_is_taken_up_by_the_next(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        gone = long_run(log, 2 * retention.EVENTS)
        ended(log)
        for _ in range(2):
            assert log.forget(Keep(runs=1, ended_before=FUTURE))
        assert log.run(gone.run_id) is None
    with closing(SqliteLog(path)) as log:
        forget(log)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM events").fetchone() == (2,)


def test_damaged_events_go_too(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        ended(log)
        ended(log)
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE events SET message = 'other' WHERE key < (2 << 32)")
        forget(log, runs=1)
        assert len(ids(log)) == 1
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM events").fetchone() == (2,)


def test_the_samples_end_in_the_past() -> None:
    assert PAST < now() < FUTURE
