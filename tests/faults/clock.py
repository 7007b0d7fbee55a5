"""A clock on the wall that a test sets while the server runs (the C library's own stays)."""

import mmap
import struct
import time
from datetime import datetime, tzinfo
from pathlib import Path

from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol import events


class WallClock:
    """How far the clock of every process that has this file open is off, in seconds."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(struct.pack("d", 0.0))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 8)

    @property
    def offset(self) -> float:
        """Seconds to add to the true time."""
        return float(struct.unpack("d", self._memory[:8])[0])

    def set(self, offset: float) -> None:
        """Set the clock."""
        self._memory[:8] = struct.pack("d", offset)


def install(path: Path) -> None:
    """Let the server of this process tell the time by the file."""
    clock = WallClock(path)

    def wall() -> float:
        return time.time() + clock.offset

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Shifted":
            return cls.fromtimestamp(wall(), tz)

    events.datetime = Shifted  # type: ignore[attr-defined,misc]
    defaults = SqliteLog.__init__.__kwdefaults__
    assert defaults is not None
    if defaults["clock"] is time.time:
        defaults["clock"] = wall
