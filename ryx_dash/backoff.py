"""How long to wait before the next try to connect."""

import random
from collections.abc import Iterator

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0
RETRIES = 10
JITTER = 0.2
"""The part of each pause by which it may be longer or shorter, so that many do not come at once."""


def pauses() -> Iterator[float]:
    """Seconds before each retry: 1, 2, 4 … 30, give or take a fifth. It never ends."""
    pause = FIRST_SECONDS
    while True:
        yield min(LONGEST_SECONDS, pause * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311
        pause = min(LONGEST_SECONDS, pause * 2)
