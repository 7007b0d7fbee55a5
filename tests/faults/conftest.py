"""What the fault tests share: Node, a server, seeds."""

from collections.abc import Callable, Iterator

import pytest

from tests.faults.layer import Machine, machine
from tests.faults.seeds import choose, repeat
from tests.faults.servers import Server, serving


def pytest_configure(config: pytest.Config) -> None:
    """What fault tests count goes into their reports."""
    config.pluginmanager.import_plugin("tests.faults.recording")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Everything in this folder is a fault test. Those in Chromium begin: they take longest.

    Marked before others choose by marks, sorted after others have shuffled.
    """
    for item in items:
        if "tests/faults/" in item.path.as_posix():
            item.add_marker(pytest.mark.faults)
    yield
    items.sort(key=lambda item: "tests/faults/test_chromium" not in item.path.as_posix())


@pytest.fixture(scope="session")
def layer() -> Iterator[Machine]:
    """Node with the client-side layer."""
    with machine() as running:
        yield running


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two workers, for all tests that do not harm it."""
    with serving(tmp_path_factory.mktemp("faults")) as server:
        yield server


@pytest.fixture
def seeds(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> list[int]:
    """The seeds of this test; they are printed when it fails."""
    chosen = choose()
    record_property("seeds", len(chosen))
    print(f"{request.node.name}: {repeat(chosen)} repeats it")
    return chosen
