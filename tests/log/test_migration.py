"""A log of an older version becomes one of this version when it is opened."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from ryx_dash.log import migration, retention
from ryx_dash.log.base import EventLog, Keep, RowFilter, RunFilter
from ryx_dash.log.driver import connect, query, scalar
from ryx_dash.log.schema import VERSION
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.events import EventKind
from ryx_dash.protocol.steps import INTENT, LLM
from tests.log.samples import (
    BACK_TO_1,
    BACK_TO_2,
    BACK_TO_3,
    BACK_TO_5,
    BACK_TO_6,
    BACK_TO_7,
    BACK_TO_8,
    TS,
    claimed,
    event,
    started,
    uncut,
)


def fill(log: EventLog) -> None:
    """A run of some length, one that failed, one that waits."""
    long, failed = claimed(log), claimed(log)
    kinds = ["step_start", "tool_call", "llm_token"]
    events = [
        event(long.run_id, n, kinds[n % 3], f"message{n}", tool=f"tool{n % 4}")
        for n in range(1, 2 * migration.CHUNK + 9)
    ]
    log.append(long.lease, events)
    log.append(
        failed.lease,
        [
            event(failed.run_id, 1, "step_complete", step=INTENT, intent="chat", model="m"),
            event(failed.run_id, 2, "step_start", step=LLM),
            *(event(failed.run_id, n, "llm_token", step=LLM) for n in (3, 4)),
            event(failed.run_id, 5, "step_complete", step=LLM, model="m"),
            event(failed.run_id, 6, "step_error", "needle", step=LLM),
            event(failed.run_id, 7, EventKind.WORKFLOW_ERROR, step=None),
        ],
    )
    started(log, "waiting kettle")


def derived(path: Path) -> list[list[tuple[object, ...]]]:
    """What is worked out from events and kept beside them."""
    tables = ("measures", "tallies", "spans", "run_tools")
    with closing(connect(path)) as db:
        return [sorted(query(db, f"SELECT * FROM {table}"), key=repr) for table in tables]


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    with closing(SqliteLog(path)) as log:
        fill(log)
        yield log


@pytest.mark.parametrize(
    "back",
    [BACK_TO_8, BACK_TO_7, BACK_TO_6, BACK_TO_5, BACK_TO_3, BACK_TO_2, BACK_TO_2 + BACK_TO_1],
    ids=["8", "7", "6", "5", "3", "2", "1"],
)
def test_an_old_log_says_all_that_a_new_one_says(path: Path, log: SqliteLog, back: str) -> None:
    newest = log.runs().runs[0].run_id
    expected = log.runs(), log.facets(), log.identity, log.total(), log.asked_before(newest)
    kept = derived(path)
    with closing(connect(path)) as db:
        query(db, back)
    with closing(SqliteLog(path)) as after:
        facts = after.runs(), after.facets(), after.identity, after.total()
        assert (*facts, after.asked_before(newest)) == expected
        assert derived(path) == kept
        for run in after.runs().runs:
            for where in (RowFilter(upto=9_999), RowFilter(upto=9_999, text="message40")):
                by = [("message", "desc")]
                page = after.rows(run.run_id, where, sort=by)
                assert page == log.rows(run.run_id, where, sort=by)
        assert after.analyse(RunFilter(), uncut) == log.analyse(RunFilter(), uncut)
        for text in ("needle", "message4001", "kettle", "what"):
            where = RunFilter(text=text)
            assert after.runs(where=where).runs
            assert after.runs(where=where) == log.runs(where=where)
        latency = RunFilter(shortest=0.0)
        assert after.runs(where=latency) == log.runs(where=latency)
    with closing(connect(path)) as db:
        assert scalar(db, "PRAGMA user_version") == VERSION


def test_a_migration_that_takes_its_time_is_announced(
    path: Path,
    log: SqliteLog,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for most, said in ((10**9, []), (100, ["is of version 5"])):
        with closing(connect(path)) as db:
            query(db, BACK_TO_5)
        monkeypatch.setattr(migration, "LONG", most)
        SqliteLog(path).close()
        assert [text for text in said if text in caplog.text] == said
        assert len(caplog.messages) == len(said)


def test_a_migration_that_breaks_off_leaves_the_old_log(
    path: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise apsw.FullError("full")

    with closing(connect(path)) as db:
        query(db, BACK_TO_2)
    with monkeypatch.context() as patch:
        patch.setattr(migration, "update_run", fail)
        with pytest.raises(Exception, match="full"):
            SqliteLog(path)
    with closing(connect(path)) as db:
        assert scalar(db, "PRAGMA user_version") == 2
        assert scalar(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'run_words'") == 0
    with closing(SqliteLog(path)) as after:
        assert len(after.runs().runs) == 3


def leftovers(path: Path) -> list[int]:
    """Rows of every table that holds something of runs; of the indexes, what words they know."""
    counts = (
        "runs",
        "commands",
        "events",
        "tallies",
        "spans",
        "run_tools",
        "forgotten",
        "snapshots",
        "measures",
        "run_words_docsize",
    )
    with closing(connect(path)) as db:
        for index in ("words", "run_words"):
            query(db, f"CREATE VIRTUAL TABLE temp.{index}_v USING fts5vocab(main, {index}, row)")
        words = ("temp.words_v", "temp.run_words_v")
        return [scalar(db, f"SELECT count(*) FROM {name}") for name in (*counts, *words)]


def test_nothing_is_left_of_deleted_runs(path: Path, log: SqliteLog) -> None:
    for run in log.runs().runs:
        if run.status == "running":
            end = event(run.run_id, run.head + 1, EventKind.WORKFLOW_COMPLETE)
            log.append(run.lease, [end])
        elif run.status == "queued":
            log.cancel(run.run_id)
        log.delete(run.run_id)
    assert leftovers(path) == [0] * 12


def test_a_deletion_that_was_lost_is_ended_by_whoever_tidies(
    path: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, failed, _ = log.runs().runs
    with monkeypatch.context() as patch:
        patch.setattr(retention, "is_forgotten", lambda *_: False)
        log.delete(failed.run_id)
        log.cancel(waiting.run_id)
        log.delete(waiting.run_id)
    assert len(log.runs().runs) == 1
    after = claimed(log)  # must not get the number of a run that is still being taken out
    end = [event(after.run_id, 1, EventKind.WORKFLOW_COMPLETE, "own")]
    log.append(after.lease, end)
    assert log.rows(after.run_id, RowFilter(upto=9, text="needle")).total == 0
    while log.forget(Keep(ended_before=TS)):
        pass
    assert leftovers(path)[6] == 0
    assert log.read(after.run_id) == end
