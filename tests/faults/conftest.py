"""Faults with seeds: ``FAULT_SEEDS=n`` sets how many of each, ``FAULT_SEED=s`` repeats one."""

import os
from collections.abc import Iterator
from random import SystemRandom

import pytest

from tests.faults.layer import Machine, machine
from tests.faults.servers import planned
from tests.servers import Dashboard


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a fault test."""
    for item in items:
        if "tests/faults/" in item.path.as_posix():
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def layer() -> Iterator[Machine]:
    """Node with the client-side layer."""
    with machine() as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A server with two workers, for all tests of a module that do not harm it."""
    with planned(tmp_path_factory.mktemp("faults"), workers=2) as running:
        yield running


@pytest.fixture
def seeds(request: pytest.FixtureRequest) -> list[int]:
    """The seeds of this test; they are printed when it fails."""
    first = os.environ.get("FAULT_SEED")
    count = 1 if first else int(os.environ.get("FAULT_SEEDS", "5"))
    start = int(first) if first else SystemRandom().randrange(10**6)
    print(f"{request.node.name}: seeds {start} to {start + count - 1} (FAULT_SEED repeats one)")
    return list(range(start, start + count))
