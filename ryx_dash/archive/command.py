"""``ryx-dash export`` and ``ryx-dash import``: between a log and files."""

import sys
from contextlib import closing
from pathlib import Path

from ryx_dash.archive.export import export
from ryx_dash.archive.importing import import_lines
from ryx_dash.errors import FileRefused, RyxError, UnknownRun
from ryx_dash.log.base import EventLog
from ryx_dash.log.open import open_log
from ryx_dash.settings import Settings


def export_run(chosen: Settings, run_id: str, form: str, target: Path | None) -> None:
    """Write a run to ``target``, or to standard output.

    Raises :class:`errors.RyxError` with what was wrong; a file that was begun is taken away.
    """
    with closing(_log(chosen)) as log:
        run = log.run(run_id)
        if run is None:
            raise UnknownRun(f"There is no run {run_id[:80]!r} in this log.")
        parts = export(log, run, form)
        if target is None:
            sys.stdout.writelines(parts)
            return
        part = target.with_name(f"{target.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                file.writelines(parts)
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise _unusable(target, error) from None


def import_run(chosen: Settings, source: Path) -> str:
    """Bring a run in from ``source``; gives a sentence on what was done.

    Raises :class:`errors.RyxError` with what was wrong.
    """
    # The log first: what it lacks need not be found out after a long file was read.
    with closing(_log(chosen)) as log:
        try:
            with source.open("rb") as file:
                return import_lines(log, file).sentence
        except OSError as error:
            raise _unusable(source, error) from None


def _log(chosen: Settings) -> EventLog:
    if chosen.log_path is None:
        raise RyxError("The log is in memory, where another process holds it: use the REST API.")
    return open_log(chosen)


def _unusable(path: Path, error: OSError) -> FileRefused:
    return FileRefused(f"{path} cannot be used: {(error.strerror or str(error)).lower()}.")
