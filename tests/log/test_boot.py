"""Leases when the machine starts anew."""

from pathlib import Path

import pytest

from ryx_dash.log import boot as boot_module
from ryx_dash.log import schema
from ryx_dash.log.base import NewRun
from ryx_dash.log.boot import boot
from ryx_dash.log.sqlite import SqliteLog
from tests.log.samples import Clock


def test_a_start_has_one_name() -> None:
    assert boot() == boot() != ""


def test_a_start_has_a_name_on_other_systems_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot_module, "_LINUX", tmp_path / "missing")
    assert boot().isdigit()


@pytest.mark.parametrize(("name", "given_up"), [("the same", 0), ("another", 1)])
def test_a_new_start_of_the_machine_ends_all_leases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, given_up: int
) -> None:
    """The clock begins anew as well: by it alone the lease would hold for a long time."""
    clock = Clock()
    clock.seconds = 5_000
    monkeypatch.setattr(schema, "boot", lambda: "the same")
    before = SqliteLog(tmp_path / "runs.db", clock=clock)
    before.start(NewRun(input="hello"))
    assert before.claim("a worker", at_once=1, lease_seconds=9)
    before.close()
    clock.seconds = 3
    monkeypatch.setattr(schema, "boot", lambda: name)
    after = SqliteLog(tmp_path / "runs.db", clock=clock)
    assert len(after.expired()) == given_up
    after.close()


def test_a_second_process_leaves_leases_alone(tmp_path: Path) -> None:
    first = SqliteLog(tmp_path / "runs.db")
    first.start(NewRun(input="hello"))
    assert first.claim("a worker", at_once=1, lease_seconds=9)
    second = SqliteLog(tmp_path / "runs.db")
    assert second.expired() == ()
    first.close()
    second.close()
