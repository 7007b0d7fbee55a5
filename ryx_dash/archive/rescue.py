"""``ryx-dash set-aside``: a damaged log is moved away, and what can be read of it kept."""

from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ryx_dash.archive import jsonl
from ryx_dash.errors import FileRefused, LogError, RyxError
from ryx_dash.log.base import EventLog
from ryx_dash.log.salvage import Salvaged, Wreck, wreck
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.settings import Settings

_BESIDE = ("", "-wal", "-shm")
"""A log's file, and what SQLite keeps beside it. The file goes first: what is left beside no file
is thrown away, and never taken for a part of the next one."""

_NAMED = 20
"""Runs that are named in the report at most."""


@dataclass
class _Rescue:
    """What became of the runs: their ids, or numbers where not even those can be read."""

    whole: int = 0
    cut: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def take(self, found: Salvaged, log: EventLog) -> None:
        """Bring a run into the new log, as if it came out of a file."""
        if found.run is None:
            self.lost.append(f"number {found.rid}")
            return
        lines = jsonl.lines(found.run, found.events)
        try:
            taken = jsonl.read(line.encode() for line in lines)
        except FileRefused:  # it has no events
            self.lost.append(f"{found.run.run_id} ({found.run.input[:40]!r})")
            return
        log.restore(taken.run, taken.events)
        if taken.cut is None:
            self.whole += 1
        else:
            self.cut.append(f"{found.run.run_id}, now {taken.run.run_id}")


def set_aside(chosen: Settings) -> str:
    """Put a new log with all that can be read in the place of a damaged one; gives the report.

    Nothing may use the log meanwhile. The damaged file stays as it is, under another name. A log
    that is sound is not touched. Raises :class:`errors.LogError` with what was wrong.
    """
    path = chosen.log_path
    if path is None:
        raise RyxError("The log is in memory: it ends with its process.")
    if not path.exists():
        raise LogError(f"There is no event log at {path}: nothing was done.")
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    new = path.with_name(f"{path.name}.rescued-{stamp}")
    try:
        rescue = _rescue(path, new)
    except BaseException:
        _remove(new)
        raise
    old = path.with_name(f"{path.name}.damaged-{stamp}")
    _move(path, old)
    _move(new, path)
    return _report(old, rescue)


def _rescue(path: Path, new: Path) -> _Rescue:
    rescue = _Rescue()
    with wreck(path) as old, closing(SqliteLog(new)) as log:
        if old.is_sound:
            _check_is_damaged(old, path)
        for found in old.runs():
            rescue.take(found, log)
    return rescue


def _check_is_damaged(old: Wreck, path: Path) -> None:
    """SQLite finds nothing wrong with the file: what is stored in it may be wrong all the same."""
    if old.is_foreign:
        raise LogError(f"{path} is a database of another program: nothing was done.")
    if all(found.whole for found in old.runs()):
        raise LogError(f"The event log {path} is not damaged: nothing was done.")


def _move(path: Path, target: Path) -> None:
    for suffix in _BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{target}{suffix}")


def _remove(path: Path) -> None:
    for suffix in _BESIDE:
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _report(old: Path, rescue: _Rescue) -> str:
    lines = [f"The damaged log was set aside as {old}.", f"Rescued whole: {rescue.whole:,} runs."]
    if rescue.cut:
        lines.append(f"Rescued up to the damage, marked interrupted: {_listed(rescue.cut)}.")
    if rescue.lost:
        lines.append(f"Not rescued: {_listed(rescue.lost)}.")
    return "\n".join(lines)


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return "; ".join(names[:_NAMED]) + (f"; and {more:,} more" if more > 0 else "")
