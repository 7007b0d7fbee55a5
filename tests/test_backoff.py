"""Pauses before retries."""

from itertools import islice

import pytest

from ryx_dash import backoff


def test_pauses_double_up_to_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "JITTER", 0)
    assert list(islice(backoff.pauses(), 8)) == [1, 2, 4, 8, 16, 30, 30, 30]


def test_no_pause_is_far_from_its_place() -> None:
    for wanted, pause in zip((1, 2, 4, 8, 16, 30, 30), backoff.pauses(), strict=False):
        assert wanted * 0.8 <= pause <= min(30, wanted * 1.2)
