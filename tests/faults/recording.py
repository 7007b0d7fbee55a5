"""Keeps what a test compared with its report, and the figures of all of them as they come.

A plugin that both folders of fault tests name, once for a session.
"""

import os
from collections.abc import Generator
from dataclasses import asdict
from typing import Any

import pytest

from tests.faults.checker import Tally, tally
from tests.faults.figures import report
from tests.faults.seeds import FIGURES

REPORTS: list[Any] = []
"""Of the tests that have been called so far."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Count anew in each test; whether it passes or fails, its figures stay."""
    vars(tally).update(asdict(Tally()))
    try:
        yield
    finally:
        item.user_properties.append(("tally", asdict(tally)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the figures of what has been run, so that nothing that comes later can lose them."""
    if report.when == "call" and "PYTEST_XDIST_WORKER" not in os.environ:
        REPORTS.append(report)
        if FIGURES:
            _keep()


def _keep() -> str:
    return report(REPORTS, keep=FIGURES)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of docs/guarantees.md, of what was run now; ``make soak`` puts it there."""
    table = report(REPORTS, keep=None)
    if table:
        terminalreporter.section("faults")
        terminalreporter.write_line(table)
