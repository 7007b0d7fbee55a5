"""Snapshots beside runs: what both logs do with them, and what SQLite does besides."""

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from ryx_dash.log.base import EventLog, Run, Snapshot
from ryx_dash.log.driver import connect, query
from ryx_dash.log.sqlite import SqliteLog
from tests.log.samples import claimed, ended, grown


def kept(log: EventLog, run: Run, *seqs: int, form: int = 1, state: bytes = b"") -> bool:
    snapshots = [Snapshot(seq=s, format=form, state=state or b"at %d" % s) for s in seqs]
    return log.keep_snapshots(run.run_id, snapshots, imports=log.imports())


def test_the_newest_snapshot_before_a_place_is_found(log: EventLog) -> None:
    run = grown(log, claimed(log), *["step_progress"] * 9)
    other = grown(log, claimed(log), *["step_progress"] * 9)
    assert kept(log, run, 3, 6)
    assert kept(log, run, 8, form=2)

    def seq(upto: int, form: int = 1, of: Run = run) -> int | None:
        found = log.snapshot(of.run_id, format=form, upto=upto)
        return None if found is None else found.seq

    assert [seq(upto) for upto in (2, 3, 5, 6, 9, 99, -1)] == [None, 3, 3, 6, 6, 6, None]
    assert (seq(9, form=2), seq(9, form=3), seq(9, of=other)) == (8, None, None)
    assert log.snapshot(run.run_id, format=1, upto=4).state == b"at 3"
    assert log.snapshot("nobody", format=1, upto=9) is None


def test_a_snapshot_takes_the_place_of_another(log: EventLog) -> None:
    run = grown(log, claimed(log), *["step_progress"] * 3)
    assert kept(log, run, 2)
    assert kept(log, run, 2, form=7, state=b"\x00newer")
    assert log.snapshot(run.run_id, format=1, upto=3) is None
    assert log.snapshot(run.run_id, format=7, upto=3).state == b"\x00newer"


def test_snapshots_of_what_is_not_there_are_not_kept(log: EventLog) -> None:
    run = grown(log, claimed(log), *["step_progress"] * 3)
    assert not kept(log, run, 1, 4)
    assert not log.keep_snapshots("nobody", [Snapshot(seq=1, format=1, state=b"")], imports=0)
    assert log.snapshot(run.run_id, format=1, upto=9) is None


def test_snapshots_of_before_an_import_are_not_kept(log: EventLog) -> None:
    run = ended(log)
    before, events = log.imports(), log.read(run.run_id)
    log.delete(run.run_id)
    assert log.imports() == before
    assert log.restore(run, events)
    assert not log.restore(run, events)
    assert log.imports() == before + 1
    snapshot = Snapshot(seq=1, format=1, state=b"of the run that was removed")
    assert not log.keep_snapshots(run.run_id, [snapshot], imports=before)
    assert kept(log, run, 1)


def test_snapshots_go_with_their_run(log: EventLog) -> None:
    run = ended(log)
    events = log.read(run.run_id)
    assert kept(log, run, 1)
    log.delete(run.run_id)
    assert log.snapshot(run.run_id, format=1, upto=9) is None
    assert log.restore(run, events)
    assert log.snapshot(run.run_id, format=1, upto=9) is None


def test_single_events_are_picked(log: EventLog) -> None:
    run = grown(log, claimed(log), *["step_progress"] * 5)
    assert [e.seq for e in log.pick(run.run_id, [4, 2, 4, 9, 0, -1])] == [2, 4]
    assert log.pick("nobody", [1]) == []


def test_a_damaged_snapshot_is_passed_over(path: Path) -> None:
    log = SqliteLog(path)
    run = grown(log, claimed(log), *["step_progress"] * 9)
    assert kept(log, run, 3, 6)
    with closing(connect(path)) as db:
        query(db, "UPDATE snapshots SET state = x'00' WHERE key & 255 = 6")
    found = log.snapshot(run.run_id, format=1, upto=9)
    assert found is not None
    assert found.seq == 3
    log.close()


def test_nobody_waits_for_a_snapshot(path: Path) -> None:
    log = SqliteLog(path)
    run = grown(log, claimed(log), "step_progress")
    with log._connections.write():
        assert not kept(log, run, 1)
    with closing(connect(path)) as other:  # another process
        query(other, "BEGIN IMMEDIATE")
        assert not kept(log, run, 1)
        query(other, "ROLLBACK")
    assert kept(log, run, 1)
    log.close()


def test_a_disk_that_is_full_costs_no_more_than_the_snapshot(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SqliteLog(path)
    run = grown(log, claimed(log), "step_progress")

    def full(*_: object) -> bool:
        raise apsw.FullError("full")

    with monkeypatch.context() as patch:
        patch.setattr("ryx_dash.log.sqlite.keep_snapshots", full)
        assert not kept(log, run, 1)
    assert log.writable() is None
    assert kept(log, run, 1)
    log.close()
