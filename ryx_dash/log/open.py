"""Opening the log that the settings name."""

from ryx_dash.log.base import EventLog
from ryx_dash.log.driver import unwritable
from ryx_dash.log.memory import MemoryLog
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.settings import Settings


def open_log(settings: Settings) -> EventLog:
    """The event log of ``settings``; its folder is made when there is none.

    A folder that is made here is closed to other people of the machine: the log holds what was
    asked, and the files that were read. Raises :class:`errors.LogError`.
    """
    path = settings.log_path
    if path is None:
        return MemoryLog()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, f"{error.strerror}: {path.parent}") from error
    return SqliteLog(path)
