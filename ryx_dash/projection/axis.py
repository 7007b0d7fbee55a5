"""The time axis of a run, on which long gaps may be folded: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ryx_dash.projection.state import Span
from ryx_dash.projection.text import between

LONGEST_GAP = 1.0
"""Seconds that are left of a longer gap, in which nothing ran, when gaps are folded."""


@dataclass(frozen=True, slots=True)
class Gap:
    """From ``start`` to ``end``, in seconds of the run, nothing ran."""

    start: float
    end: float

    @property
    def cut(self) -> float:
        """Seconds that folding takes away."""
        return max(0.0, self.end - self.start - LONGEST_GAP)


class Axis:
    """Times of events as seconds since ``origin``, those of long gaps left out if ``folded``.

    Spans that have not ended reach to the time ``last``.
    """

    def __init__(self, origin: str, spans: Sequence[Span], last: str, *, folded: bool) -> None:
        self._origin = origin
        busy = [(self._real(span.start), self._real(span.end or last)) for span in spans]
        self.gaps = [gap for gap in gaps(busy) if folded and gap.cut]

    def __call__(self, ts: str) -> float:
        """Where the time ``ts`` is drawn."""
        return self.drawn(self._real(ts))

    def drawn(self, second: float) -> float:
        """Where a second of the run is drawn; within a gap, at most where the gap ends."""
        for gap in reversed(self.gaps):
            if second >= gap.end:
                second -= gap.cut
            elif second > gap.start + LONGEST_GAP:
                second = gap.start + LONGEST_GAP
        return second

    def _real(self, ts: str) -> float:
        return (between(self._origin, ts) or 0.0) / 1000


def gaps(busy: Iterable[tuple[float, float]]) -> list[Gap]:
    """Where none of the intervals is, between the first and the last of them."""
    found: list[Gap] = []
    reached: float | None = None
    for start, end in sorted(busy):
        if reached is not None and start > reached:
            found.append(Gap(reached, start))
        reached = end if reached is None else max(reached, end)
    return found
