"""Keeps what a test compared with its report, so that it reaches the process that counts."""

from collections.abc import Generator
from dataclasses import asdict

import pytest

from tests.faults.checker import Tally, tally


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Count anew in each test; whether it passes or fails, its figures stay."""
    vars(tally).update(asdict(Tally()))
    try:
        yield
    finally:
        item.user_properties.append(("tally", asdict(tally)))
