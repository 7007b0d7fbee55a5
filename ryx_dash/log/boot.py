"""The clock by which leases run out: not the one on the wall, which people and networks set.

``time.monotonic`` never jumps and is the same for all processes of a machine, but begins anew
when the machine does; :func:`boot` tells one start of the machine from another.
"""

import time
from pathlib import Path

_LINUX = Path("/proc/sys/kernel/random/boot_id")
_TOLERANCE = 100.0


def boot() -> str:
    """The same text from the machine's start to its end, and another one after the next."""
    try:
        return _LINUX.read_text().strip()
    except OSError:
        # The moment of the start, roughly. A clock that was set makes it another one: then leases
        # are given up once, when a process opens the log.
        return str(round((time.time() - time.monotonic()) / _TOLERANCE))
