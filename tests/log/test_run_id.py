"""Names for runs."""

import time

import pytest

from ryx_dash.log.run_id import new_run_id


def test_names_differ_and_fit_into_a_url() -> None:
    names = {new_run_id() for _ in range(1_000)}
    assert len(names) == 1_000
    assert all(len(name) == 26 and name.isascii() and name.isalnum() for name in names)
    assert all(name == name.lower() for name in names)


def test_later_names_sort_later(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [0, 10**6, 10**9, time.time_ns(), time.time_ns() + 10**6, 10**19]
    names = []
    for moment in moments:
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment)
        names.append(new_run_id())
    assert names == sorted(names)
