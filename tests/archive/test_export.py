"""A run as a file in each format, and the commands that make and read them."""

import csv
import io
import json
from pathlib import Path

import pytest

from ryx_dash import cli
from ryx_dash.archive.export import TOGETHER, export, file_name
from ryx_dash.errors import ProtocolError
from ryx_dash.log.memory import MemoryLog
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.events import Draft, EventKind
from tests.archive.runs import EVIL, recorded


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


def test_an_unknown_format_is_refused_at_once(log: MemoryLog) -> None:
    with pytest.raises(ProtocolError, match="'pdf' is none of jsonl, csv, html"):
        export(log, recorded(log), "pdf")
    assert file_name(recorded(log), "csv").endswith(".csv")


def test_long_runs_are_whole(log: MemoryLog) -> None:
    made = [Draft(event="step_progress", message=str(n)) for n in range(1_234)]
    run = recorded(log, "q", [*made, Draft(event=EventKind.WORKFLOW_COMPLETE)])
    for form in ("jsonl", "csv"):
        parts = list(export(log, run, form))
        assert len("".join(parts).splitlines()) == 1_236
        assert all(len(part) >= TOGETHER for part in parts[:-1])


def test_a_page_holds_what_a_browser_can_open(
    log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recorded(log)
    assert "are not in this file" not in "".join(export(log, run, "html"))
    monkeypatch.setattr("ryx_dash.archive.export.LONGEST_PAGE", run.head - 3)
    assert "The first 3 events of this run are not in this file" in "".join(
        export(log, run, "html")
    )


def test_a_table_has_every_event_and_no_formula(log: MemoryLog) -> None:
    run = recorded(log)
    rows = list(csv.DictReader(io.StringIO("".join(export(log, run, "csv")), newline="")))
    events = log.read(run.run_id)
    assert [int(row["seq"]) for row in rows] == [event.seq for event in events]
    assert [json.loads(row["data"]) for row in rows] == [event.data for event in events]
    messages = [row["message"] for row in rows]
    assert "'=1+1" in messages
    assert not [message for message in messages if message.startswith("=")]
    assert {row["latency"] for row in rows} == {"", "1.5", "12.5"}


@pytest.mark.parametrize("message", ["\n=1+1", "\uff1d1+1", "\r@x", "+1"])
def test_what_a_spreadsheet_may_take_for_a_formula(log: MemoryLog, message: str) -> None:
    run = recorded(log, "q", [Draft(event="step_progress", message=message, latency=1_234_567.25)])
    text = "".join(export(log, run, "csv"))
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    assert row["message"] == f"'{message}"
    assert row["latency"] == "1234567.25"


# -- the commands ------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path: Path) -> tuple[list[str], list[str], str]:
    """Flags for two data folders, and a run in the first."""
    flags = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        flags.append(["--data-dir", str(tmp_path / name)])
    log = SqliteLog(tmp_path / "one" / "runs.db")
    run = recorded(log, EVIL)
    log.close()
    return flags[0], flags[1], run.run_id


def test_a_run_goes_from_one_log_to_another(
    folders: tuple[list[str], list[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, run_id = folders
    file = tmp_path / "run.jsonl"
    assert cli.main(["export", run_id, "-o", str(file), *one]) == 0
    assert cli.main(["import", str(file), *two]) == 0
    assert f"Imported run {run_id} with" in capsys.readouterr().out
    assert cli.main(["import", str(file), *two]) == 0
    assert "already, with the same events" in capsys.readouterr().out
    assert cli.main(["export", run_id, *two]) == 0
    assert capsys.readouterr().out == file.read_text(encoding="utf-8")
    assert list(tmp_path.glob("*.part")) == []


def test_a_changed_file_is_refused(
    folders: tuple[list[str], list[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, _, run_id = folders
    file = tmp_path / "run.jsonl"
    cli.main(["export", run_id, "-o", str(file), *one])
    file.write_text(file.read_text().replace("Input begins", "Input began"))
    assert cli.main(["import", str(file), *one]) == 2
    assert f"Another run {run_id} is in the log already" in capsys.readouterr().err


def test_a_file_that_breaks_off_is_imported_and_said(
    folders: tuple[list[str], list[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, run_id = folders
    file = tmp_path / "run.jsonl"
    cli.main(["export", run_id, "-o", str(file), *one])
    file.write_bytes(file.read_bytes()[:-100])
    assert cli.main(["import", str(file), *two]) == 0
    said = capsys.readouterr().out
    assert "is not whole (line" in said
    assert "marked interrupted" in said
    assert run_id not in said


def test_what_cannot_be_done_is_said(
    folders: tuple[list[str], list[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, _, run_id = folders
    for arguments, sentence in (
        (["export", "nothing", *one], "There is no run 'nothing' in this log."),
        (["export", run_id, "-o", str(tmp_path / "no" / "x"), *one], "cannot be used: no such"),
        (["import", str(tmp_path / "nothing"), *one], "cannot be used: no such file"),
        (["export", run_id, "--log-url", "memory://"], "in memory"),
    ):
        assert cli.main(arguments) == 2
        assert sentence in capsys.readouterr().err
