"""How often each fault happens: ``FAULT_SEEDS=n``; ``FAULT_SEED=s`` begins with that one."""

import os
from collections.abc import Sequence
from random import SystemRandom

import pytest

FIGURES = os.environ.get("FAULT_FIGURES")
"""Where ``make soak`` keeps its figures; not set by anything else."""

SOAK = pytest.mark.skipif(not FIGURES, reason="takes minutes: make soak")

PATIENCE = 240
"""Seconds that a test waits for what must come: many times what a quiet machine needs. It keeps a
test from hanging; what is promised within a time is measured where it is asserted."""

FIRST = os.environ.get("FAULT_SEED")
COUNT = int(os.environ.get("FAULT_SEEDS", "5" if FIRST is None else "1"))


def choose() -> list[int]:
    """Seeds in a row, from a random one."""
    first = SystemRandom().randrange(10**6) if FIRST is None else int(FIRST)
    return list(range(first, first + COUNT))


def waves(seeds: list[int], size: int) -> list[list[int]]:
    """The seeds in order, at most ``size`` at once."""
    return [seeds[i : i + size] for i in range(0, len(seeds), size)]


def repeat(seeds: Sequence[int]) -> str:
    """How to have exactly these seeds again."""
    return f"FAULT_SEED={seeds[0]} FAULT_SEEDS={len(seeds)}"
