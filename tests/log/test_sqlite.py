"""What only a file can do: be shared, survive, be damaged, run out of disk."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from ryx_dash.errors import LeaseLost, LogDamaged, LogError, LogFull, SequenceConflict
from ryx_dash.log import schema
from ryx_dash.log.base import RowFilter, Run
from ryx_dash.log.driver import connect, query
from ryx_dash.log.schema import VERSION
from ryx_dash.log.sqlite import SqliteLog
from tests.log.samples import BACK_TO_1, BACK_TO_2, claimed, event, grown, started

ROOT = Path(__file__).parents[2]

PRELUDE = """
import sys
from pathlib import Path
from ryx_dash.errors import LeaseLost, LogFull, SequenceConflict
from ryx_dash.log.base import Lease, NewRun, RowFilter
from ryx_dash.log.sqlite import SqliteLog
from tests.log.samples import BACK_TO_1, BACK_TO_2, claimed, event, grown, started
log = SqliteLog(Path(sys.argv[1]))
"""


def program(code: str, path: Path, *args: object) -> subprocess.Popen[str]:
    """Another Python that has opened the log at ``path`` as ``log`` and runs ``code``."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, str(path), *map(str, args)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def result(code: str, path: Path, *args: object) -> str:
    """What such a program prints, at its end."""
    with program(code, path, *args) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.strip()


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    with closing(SqliteLog(path)) as log:
        yield log


def latest(log: SqliteLog) -> Run:
    run = log.latest()
    assert run is not None
    return run


# -- shared ------------------------------------------------------------------------------------


def test_two_logs_on_one_file_see_each_other_at_once(path: Path, log: SqliteLog) -> None:
    with closing(SqliteLog(path)) as other:
        run = claimed(log)
        assert other.run(run.run_id) == other.latest() == run
        other.cancel(run.run_id)
        found = log.run(run.run_id)
        assert found is not None
        assert found.cancel_requested
        assert other.identity == log.identity


def test_another_process_sees_and_goes_on(path: Path, log: SqliteLog) -> None:
    run = grown(log, claimed(log), "workflow_start")
    code = """
run = log.latest()
assert log.read(run.run_id)[0].event == "workflow_start"
run = grown(log, run, "step_start")
print(run.head)
"""
    assert result(code, path) == "2"
    assert log.head(run.run_id) == 2
    assert grown(log, latest(log), "workflow_complete").head == 3


def test_the_version_grows_with_the_commits_of_another_process(path: Path, log: SqliteLog) -> None:
    before = log.version()
    assert log.version() == before
    result("started(log)", path)
    assert log.version() > before


def test_of_two_writers_the_second_fails(path: Path, log: SqliteLog) -> None:
    run = claimed(log)
    code = """
run = log.run(sys.argv[2])
print(grown(log, run, "workflow_start", "step_start").head)
"""
    assert result(code, path, run.run_id) == "2"
    with pytest.raises(SequenceConflict):
        grown(log, run, "workflow_start")
    assert [one.event for one in log.read(run.run_id)] == ["workflow_start", "step_start"]


def test_the_key_refuses_what_the_head_does_not_know_of(path: Path, log: SqliteLog) -> None:
    run = claimed(log)
    grown(log, run, "workflow_start")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE runs SET head = 0, crc = NULL")
    with pytest.raises(SequenceConflict, match="already"):
        grown(log, run, "step_start")
    assert [one.event for one in log.read(run.run_id, upto=1)] == []


def test_processes_share_the_line_and_the_commands(path: Path, log: SqliteLog) -> None:
    code = """
run, new = log.start(NewRun(input="one", command_id="same"))
started(log)
sys.stdin.read(1)
for _ in range(20):
    if run := log.claim("w", at_once=3, lease_seconds=60):
        print(run.run_id)
"""
    processes = [program(code, path) for _ in range(3)]
    outputs = [process.communicate("go", timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    taken = "".join(outputs).split()
    assert len(taken) == len(set(taken)) == 3
    assert len(log.runs().runs) == 4


def test_processes_that_write_all_the_time_wait_for_each_other(path: Path, log: SqliteLog) -> None:
    code = """
run = claimed(log)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(150):
    run = grown(log, run, "step_progress")
print(run.head)
"""
    processes = [program(code, path) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    heads = [process.communicate(timeout=60)[0] for process in processes]
    assert heads == ["150\n"] * 3


def test_a_new_file_opened_by_many_at_once_is_one_log(path: Path) -> None:
    processes = [program("print(log.identity)", path) for _ in range(6)]
    identities = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 6
    assert len(identities) == 1


def test_threads_write_and_read_side_by_side(log: SqliteLog) -> None:
    runs = [claimed(log) for _ in range(4)]
    wrong: list[int] = []
    done = threading.Event()

    def write(run: Run) -> None:
        for _ in range(25):
            run = grown(log, run, *["step_progress"] * 4)

    def look() -> None:
        while not done.is_set():
            for run in runs:
                head = log.head(run.run_id)
                events = log.read(run.run_id, upto=head)
                page = log.rows(run.run_id, RowFilter(upto=head), offset=-10, limit=10)
                if len(events) != head or page.total != head:
                    wrong.append(head)

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, runs))
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert [log.head(run.run_id) for run in runs] == [100] * 4


def test_a_log_closed_during_a_read_closes_after_it(path: Path, log: SqliteLog) -> None:
    run = claimed(log)
    inside, go_on = threading.Event(), threading.Event()

    def read() -> None:
        with log._connections.read() as db:
            inside.set()
            go_on.wait(10)
            assert query(db, "SELECT count(*) FROM runs") == [(1,)]

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        inside.wait(10)
        log.close()
        go_on.set()
        reading.result()
    assert os.listdir(path.parent) == [path.name]  # no connection is left open
    with pytest.raises(LogError, match="closed"):
        log.run(run.run_id)


# -- durable -----------------------------------------------------------------------------------


def test_what_was_committed_survives_the_kill_of_its_writer(path: Path) -> None:
    code = """
run = claimed(log, seconds=0)
while True:
    run = grown(log, run, *["step_progress"] * 20)
    print(run.head, flush=True)
"""
    with program(code, path) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(10)][-1]
        os.kill(process.pid, signal.SIGKILL)
        told = max([told, *(int(line) for line in process.stdout if line.strip().isdigit())])
    with closing(SqliteLog(path)) as log:
        run = latest(log)
        events = log.read(run.run_id)
        assert run.head >= told
        assert [one.seq for one in events] == list(range(1, run.head + 1))
        assert log.rows(run.run_id, RowFilter(upto=run.head)).total == run.head
        assert log.expired() == (run,)
        assert grown(log, run, "workflow_complete").head == run.head + 1


def test_a_log_opened_again_is_the_same(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        run = grown(log, claimed(log), "workflow_start", "step_start")
        identity = log.identity
    with closing(SqliteLog(path)) as log:
        assert (log.identity, log.latest()) == (identity, run)
        assert log.rows(run.run_id, RowFilter(upto=2)).total == 2


# -- damaged, or no log ------------------------------------------------------------------------


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 1_000)
    with pytest.raises(LogError) as caught:
        SqliteLog(path)
    assert caught.value.message == (
        f"{path} is not a Ryx Dash log, or is damaged: `ryx-dash set-aside` moves it away and "
        "keeps the runs that can be read, or set RYX_DATA_DIR to another folder."
    )
    assert path.read_bytes().startswith(b"Dear diary")


def test_a_database_of_somebody_else_is_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(LogError, match="is not a Ryx Dash log"):
        SqliteLog(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_log_cut_short(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        run = claimed(log)
        for _ in range(20):
            run = grown(log, run, *["step_progress"] * 100)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(LogError, match="is damaged"):
        SqliteLog(path)


@pytest.mark.parametrize("left", [1, 2, 15, 100, 4095, 4096])
def test_a_log_of_which_hardly_anything_is_left(path: Path, left: int) -> None:
    with closing(SqliteLog(path)) as log:
        claimed(log)
    os.truncate(path, left)
    with pytest.raises(LogError, match="is damaged"):
        SqliteLog(path)
    assert path.stat().st_size == left


def test_damage_farther_in_is_told_by_the_query_that_meets_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(SqliteLog(path)) as log:
        run = claimed(log)
        for _ in range(20):
            run = grown(log, run, *["step_progress"] * 100)
    page = 4096
    with path.open("r+b") as file:
        file.seek(page * (path.stat().st_size // page // 2))
        file.write(os.urandom(page * 4))
    with pytest.raises(LogError, match="is damaged"):
        SqliteLog(path)
    monkeypatch.setattr(schema, "LOOK_SECONDS", 0)  # as if the file were far larger
    monkeypatch.setattr(schema, "_STEPS", 1)
    with closing(SqliteLog(path)) as log, pytest.raises(LogError, match="is damaged"):
        log.read(run.run_id)


@pytest.mark.parametrize("column", ["ts", "kind", "step", "node", "message", "data"])
def test_one_letter_that_has_become_another_is_told(
    path: Path, log: SqliteLog, column: str
) -> None:
    run = claimed(log)
    log.append(run.lease, [event(run.run_id, 1, "step_start", "abc", latency=1, text="abc")])
    assert len(log.read(run.run_id)) == 1
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE events SET {column} = replace({column}, 't', 'u')")
        db.execute(f"UPDATE events SET {column} = replace({column}, 'b', 'c')")
        db.execute(f"UPDATE events SET {column} = replace({column}, '0', '1')")
    with pytest.raises(LogError, match="event 1 is not what was written"):
        log.read(run.run_id)
    with pytest.raises(LogError, match="is damaged"):
        log.rows(run.run_id, RowFilter(upto=1, tokens=True))


@pytest.mark.parametrize(
    "change", ["input = 'WHAT?'", "head = 7", "status = 'success'", "status = 'nothing'"]
)
def test_a_run_that_is_not_as_it_was_stored_is_told(
    path: Path, log: SqliteLog, change: str
) -> None:
    hurt, whole = claimed(log), claimed(log)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE runs SET {change} WHERE run_id = ?", (hurt.run_id,))
    with pytest.raises(LogError, match=f"damaged at run '{hurt.run_id}'"):
        log.run(hurt.run_id)
    assert log.run(whole.run_id) == whole


def test_a_log_of_an_older_program_is_taken_over(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        run = grown(log, claimed(log), "workflow_start")
    with closing(connect(path)) as db:
        query(db, BACK_TO_2 + BACK_TO_1)
    with closing(SqliteLog(path)) as log:
        assert log.run(run.run_id) == run
        assert len(log.read(run.run_id)) == 1
        run = grown(log, run, "workflow_complete")
        assert len(log.read(run.run_id)) == 2


def test_a_damaged_payload_is_told_and_the_other_runs_are_read(path: Path, log: SqliteLog) -> None:
    hurt, whole = (grown(log, claimed(log), "workflow_start") for _ in range(2))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE events SET data = '{\"a' WHERE key = (SELECT min(key) FROM events)")
    assert log.writable() is None
    with pytest.raises(LogDamaged, match=f"damaged in run {hurt.run_id}"):
        log.read(hurt.run_id)
    assert f"damaged in run {hurt.run_id}" in (log.writable() or "")
    assert len(log.read(whole.run_id)) == 1


def test_an_empty_file_becomes_a_log(path: Path) -> None:
    path.touch()
    with closing(SqliteLog(path)) as log:
        assert log.writable() is None


def test_a_log_of_a_newer_program(path: Path) -> None:
    SqliteLog(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(LogError, match=rf"newer Ryx Dash \(log version {VERSION + 1}, this one"):
        SqliteLog(path)


def test_a_folder_in_place_of_the_file(path: Path) -> None:
    path.mkdir()
    with pytest.raises(
        LogError, match=r"cannot be written .*: allow writing there or set RYX_DATA"
    ):
        SqliteLog(path)


def test_a_file_that_sqlite_opens_for_reading_only(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SqliteLog(path).close()
    monkeypatch.setattr(apsw, "SQLITE_OPEN_READWRITE", apsw.SQLITE_OPEN_READONLY)
    monkeypatch.setattr(apsw, "SQLITE_OPEN_CREATE", 0)
    with pytest.raises(LogError, match=r"cannot be written \(it is read-only\)"):
        SqliteLog(path)


def test_a_payload_that_is_no_json_is_refused_whole(log: SqliteLog) -> None:
    run = claimed(log)
    with pytest.raises(LogError, match=f"{run.run_id}:2 cannot be stored as JSON"):
        log.append(run.lease, [event(run.run_id, 1), event(run.run_id, 2, data={"bad": "\ud800"})])
    assert log.head(run.run_id) == 0


# -- busy, full --------------------------------------------------------------------------------


def test_a_log_held_by_another_for_too_long(
    path: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ryx_dash.log.driver.BUSY_SECONDS", 0)
    with closing(SqliteLog(path)) as hasty, closing(connect(path)) as holder:
        query(holder, "BEGIN IMMEDIATE")
        assert "held by another process" in (hasty.writable() or "")
        assert hasty.latest() is None
        query(holder, "ROLLBACK")
        assert hasty.writable() is None


@pytest.mark.parametrize("put_back", [False, True])
def test_a_file_taken_away_is_noticed(path: Path, log: SqliteLog, put_back: bool) -> None:
    path.unlink()
    if put_back:
        path.touch()
    assert "moved, removed or replaced" in (log.writable() or "")
    with pytest.raises(LogError, match="start Ryx Dash again"):
        started(log)  # it would be lost with the file
    assert log.latest() is None


def test_any_other_fault_of_the_database_is_a_log_error(path: Path, log: SqliteLog) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE commands")
    with pytest.raises(LogError, match="no such table: commands"):
        started(log)


class Disk(apsw.VFS):
    """The real file system, until ``error`` is set: then no write succeeds."""

    def __init__(self) -> None:
        self.error: apsw.Error | None = None
        self.real = apsw.vfs_names()[0]
        super().__init__("failing", self.real, makedefault=True)

    def xOpen(self, name: Any, flags: Any) -> Any:
        return File(self, name, flags)


class File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: Any) -> None:
        super().__init__(disk.real, name, flags)
        self.disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:
        if self.disk.error is not None:
            raise self.disk.error
        super().xWrite(data, offset)


@contextmanager
def failing_disk() -> Iterator[Disk]:
    disk = Disk()
    try:
        yield disk
    finally:
        disk.unregister()


@pytest.mark.parametrize("error", [apsw.FullError("full"), apsw.IOError("broken")])
def test_a_disk_that_fails_loses_nothing_that_was_said_to_be_written(
    path: Path, error: apsw.Error
) -> None:
    with failing_disk() as disk, closing(SqliteLog(path)) as log:
        run = grown(log, claimed(log), "workflow_start")
        disk.error = error
        with pytest.raises(LogFull, match=r"runs\.db is full or fails .*: make room"):
            grown(log, run, "step_start", "step_complete")
        with pytest.raises(LogFull):
            started(log)
        assert "is full or fails" in (log.writable() or "")
        assert log.read(run.run_id)[-1].event == "workflow_start"

        disk.error = None
        assert log.writable() is None
        assert log.run(run.run_id) == run
        assert grown(log, run, "step_start").head == 2
        assert log.rows(run.run_id, RowFilter(upto=2)).total == 2
    with closing(SqliteLog(path)) as log:
        assert [one.event for one in log.read(run.run_id)] == ["workflow_start", "step_start"]


def test_a_real_limit_on_the_file_is_met_and_lifted(path: Path) -> None:
    code = """
import resource
run = grown(log, claimed(log), "workflow_start")
size = Path(sys.argv[1] + "-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, resource.RLIM_INFINITY))
try:
    log.append(run.lease, [event(run.run_id, 2, output="tea " * 50_000)])
except LogFull as error:
    print(error)
assert log.head(run.run_id) == 1
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
run = log.append(run.lease, [event(run.run_id, 2, output="tea " * 50_000)])
assert log.rows(run.run_id, RowFilter(upto=9, text="tea")).total == 1
log.close()
"""
    assert "is full or fails" in result(code, path)
    with closing(SqliteLog(path)) as log:
        assert latest(log).head == 2


def test_where_a_trial_write_has_room_the_start_of_a_run_has_it_too(
    path: Path, log: SqliteLog
) -> None:
    def written(write: Callable[[], object]) -> int:
        before = journal.stat().st_size
        write()
        return journal.stat().st_size - before

    journal = path.with_name(f"{path.name}-wal")
    with closing(connect(path)) as reader:
        query(reader, "BEGIN; SELECT count(*) FROM runs")  # while it reads, the journal only grows
        starts = [written(lambda: started(log)) for _ in range(200)]
        assert written(log.writable) > max(starts) > 0


def test_a_lost_lease_leaves_the_log_as_it_was(log: SqliteLog) -> None:
    run = grown(log, claimed(log), "workflow_complete")
    version = log.version()
    with pytest.raises(LeaseLost):
        grown(log, run, "step_start")
    assert log.version() == version
