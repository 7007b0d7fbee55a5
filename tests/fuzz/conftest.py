"""What the fuzz tests share. ``FAULT_SEEDS`` sets how long they are, as for the faults."""

from collections.abc import Iterator

import pytest

from tests.faults.conftest import layer, pytest_configure, seeds
from tests.faults.servers import Server, serving

__all__ = ["layer", "pytest_configure", "seeds"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They belong to the faults."""
    for item in items:
        if "tests/fuzz/" in item.path.as_posix():
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one worker, whose output shows every exception that nobody caught."""
    with serving(tmp_path_factory.mktemp("fuzz"), workers=1) as server:
        yield server
        # uvicorn closes the connection with 1007, and says so at length
        expected = server.printed.count("Invalid UTF-8 sequence received from client.")
        assert server.printed.count("Traceback") == expected, server.printed[-5000:]
