"""A damaged log is set aside: what can be read stays, and what cannot is said."""

import re
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from ryx_dash.archive.rescue import set_aside
from ryx_dash.cli import main
from ryx_dash.errors import LogError, RyxError
from ryx_dash.log.base import EventLog, NewRun, Run
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.events import Draft, EventKind, now, step_event
from ryx_dash.protocol.steps import LLM, RunStatus
from ryx_dash.settings import load

EVENTS = 40


def settings(folder: Path):  # type: ignore[no-untyped-def]
    return load({"RYX_DATA_DIR": str(folder)})


def put(log: EventLog, text: str, *, end: bool = True) -> Run:
    """A run with its events; without ``end`` it goes on."""
    log.start(NewRun(input=text))
    run = log.claim("worker", at_once=99, lease_seconds=9)
    assert run is not None
    drafts = [
        Draft(event=EventKind.WORKFLOW_START, message="", data={"input": text, "model": None}),
        *(step_event(EventKind.STEP_PROGRESS, LLM, f"{text} {n}" * 30) for n in range(EVENTS)),
    ]
    if end:
        drafts.append(Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": text}))
    events = [draft.at(run.run_id, n, now()) for n, draft in enumerate(drafts, 1)]
    return log.append(run.lease, events)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log with four runs: three that ended, one that went on."""
    with closing(SqliteLog(tmp_path / "runs.db")) as log:
        for text in ("first", "second", "third"):
            put(log, text)
        put(log, "fourth", end=False)
    return tmp_path / "runs.db"


def change(path: Path, sql: str) -> None:
    with closing(apsw.Connection(str(path))) as db:
        db.execute(sql)


def test_what_can_be_read_is_kept_and_the_rest_is_said(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        runs = {run.input: (run, log.read(run.run_id)) for run in log.runs().runs}
    change(path, "UPDATE events SET message = 'other' WHERE key = (2 << 32 | 10)")
    change(path, "UPDATE runs SET input = 'other' WHERE rid = 3")
    before = path.read_bytes()

    said = set_aside(settings(path.parent))

    [aside] = path.parent.glob("runs.db.damaged-*Z")
    assert re.fullmatch(r"runs\.db\.damaged-\d{8}T\d{6}Z", aside.name)
    assert aside.read_bytes() == before
    with closing(SqliteLog(path)) as log:
        kept = {run.input: run for run in log.runs().runs}
        assert set(kept) == {"first", "second", "fourth"}
        assert kept["first"].run_id == runs["first"][0].run_id
        assert log.read(kept["first"].run_id) == runs["first"][1]
        for text, events in (("second", 9), ("fourth", EVENTS + 1)):
            assert kept[text].status is RunStatus.INTERRUPTED
            messages = [event.message for event in log.read(kept[text].run_id)]
            assert messages[:-1] == [event.message for event in runs[text][1]][:events]
            assert f"ends after event {events}" in messages[-1]
            assert f"{runs[text][0].run_id}, now {kept[text].run_id}" in said
        assert log.writable() is None
    assert f"set aside as {aside}" in said
    assert "Rescued whole: 1 runs." in said
    assert "Not rescued: number 3." in said


@pytest.mark.parametrize("page", [0, 1, 2, 5, 8])
def test_a_page_of_noise_costs_what_was_on_it(path: Path, page: int) -> None:
    with closing(SqliteLog(path)) as log:
        runs = {run.run_id: log.read(run.run_id) for run in log.runs().runs}
    data = bytearray(path.read_bytes())
    data[page * 4096 : (page + 1) * 4096] = bytes(range(256)) * 16
    path.write_bytes(data)

    assert "set aside" in set_aside(settings(path.parent))

    with closing(SqliteLog(path)) as log:
        for run in log.runs().runs:  # whole, or cut and under another id
            events = log.read(run.run_id)
            assert runs.get(run.run_id, events) == events
        put(log, "after")


def test_a_file_that_is_no_database_is_set_aside(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)
    assert main(["set-aside", "--data-dir", str(path.parent)]) == 0
    with closing(SqliteLog(path)) as log:
        assert log.runs().runs == ()


def test_what_is_sound_is_not_touched(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(LogError, match="is not damaged: nothing was done"):
        set_aside(settings(path.parent))
    assert path.read_bytes() == before
    assert not [file for file in path.parent.iterdir() if "Z" in file.name]


def test_the_file_of_another_program_is_not_touched(tmp_path: Path) -> None:
    change(tmp_path / "runs.db", "CREATE TABLE other (x)")
    with pytest.raises(LogError, match="database of another program: nothing was done"):
        set_aside(settings(tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == ["runs.db"]


def test_there_must_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="There is no event log"):
        set_aside(settings(tmp_path))
    with pytest.raises(RyxError, match="in memory"):
        set_aside(load({"RYX_LOG_URL": "memory://"}))
