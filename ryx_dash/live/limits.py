"""How fast one connection may send."""

import time
from collections.abc import Callable

RATE = 50.0
"""Messages a second that a connection may send in the long run. A page needs under 20."""

BURST = 200.0
"""Messages that it may send at once, having been quiet."""

PATIENCE_RATE = 5.0
PATIENCE = 100.0
"""How many messages beyond that are refused, one by one, before the connection is closed."""

Clock = Callable[[], float]


class Bucket:
    """Holds ``burst`` tokens at most and gains ``rate`` a second."""

    def __init__(self, rate: float, burst: float, clock: Clock = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._at = clock()

    def take(self) -> bool:
        """Take a token; whether there was one."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
