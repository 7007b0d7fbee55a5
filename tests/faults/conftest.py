"""What the fault tests share: Node, a server, seeds."""

from collections.abc import Callable, Iterator

import pytest

from tests.faults.layer import Machine, machine
from tests.faults.seeds import choose
from tests.faults.servers import Server, serving


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a fault test."""
    for item in items:
        if "tests/faults/" in item.path.as_posix():
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The lines of the table in docs/guarantees.md."""
    stats = terminalreporter.stats
    reports = [*stats.get("passed", []), *stats.get("failed", [])]
    lines = [
        f"| {report.location[2]} | {seeds} | {report.outcome} | {report.duration:.0f} s |"
        for report in sorted(reports, key=lambda report: report.nodeid)
        for name, seeds in report.user_properties
        if name == "seeds" and report.when == "call"
    ]
    if lines:
        terminalreporter.section("faults")
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture(scope="session")
def layer() -> Iterator[Machine]:
    """Node with the client-side layer."""
    with machine() as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two workers, for all tests of a module that do not harm it."""
    with serving(tmp_path_factory.mktemp("faults")) as server:
        yield server


@pytest.fixture
def seeds(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> list[int]:
    """The seeds of this test; they are printed when it fails."""
    chosen = choose()
    record_property("seeds", len(chosen))
    print(f"{request.node.name}: seeds {chosen[0]} to {chosen[-1]} (FAULT_SEED repeats one)")
    return chosen
