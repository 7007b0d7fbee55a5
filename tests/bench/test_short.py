"""The bench in short: nothing is lost, out of order, or out of reach. Times are no matter here."""

import pytest

from bench.live import measure
from bench.source import Emission, served_source
from bench.subjects import Counts, Floor, Ours, subjects
from bench.tab import chromium

pytestmark = pytest.mark.browser

PATIENCE = 60.0
"""Seconds without a newer event until a busy machine is given up."""


def test_every_event_is_kept_shown_and_within_reach() -> None:
    with chromium() as tab, served_source() as source, subjects(source) as (floor, _, ours):
        assert isinstance(floor, Floor)
        assert isinstance(ours, Ours)
        bare = measure(tab, floor, Emission(100, 1), patience=PATIENCE)
        assert bare.never == 0
        for rate in (50, 1_000):
            one = measure(tab, ours, Emission(rate, 1.5), patience=PATIENCE)
            assert one.never == 0
            assert one.counts == Counts(lost=0, unreachable=0, out_of_order=0)
