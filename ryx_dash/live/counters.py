"""What one process has done since it began: numbers that only grow, for whoever keeps watch."""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends, inclusive, of the buckets in which commits are counted: seconds."""


@dataclass
class Counters:
    """Any thread may count; what is read may be one behind."""

    events: int = 0
    """Events that this process has appended to the log."""
    frames: int = 0
    """Messages that were sent over WebSockets."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Commands and connections that were refused over WebSockets, by the code of the reason."""
    seconds: float = 0.0
    """What all commits together took."""
    _buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def appended(self, events: int, seconds: float) -> None:
        """Count a commit of some events, and what it took."""
        with self._lock:
            self.events += events
            self.seconds += seconds
            self._buckets[bisect_left(BOUNDS, seconds)] += 1

    def sent(self) -> None:
        """Count a message that was sent."""
        self.frames += 1

    def refused(self, code: str) -> None:
        """Count a refusal."""
        self.refusals[code] += 1

    @property
    def commits(self) -> Sequence[int]:
        """How many commits took as long as each of :data:`BOUNDS` or less; the last one: all."""
        with self._lock:
            return tuple(accumulate(self._buckets))
