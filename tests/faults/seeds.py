"""How often each fault happens: ``FAULT_SEEDS=n``; ``FAULT_SEED=s`` repeats one."""

import os
from random import SystemRandom

import pytest

COUNT = int(os.environ.get("FAULT_SEEDS", "5"))

SOAK = pytest.mark.skipif(COUNT < 200, reason="takes minutes: make soak")


def choose() -> list[int]:
    """Seeds in a row, from a random one."""
    if (one := os.environ.get("FAULT_SEED")) is not None:
        return [int(one)]
    first = SystemRandom().randrange(10**6)
    return list(range(first, first + COUNT))
