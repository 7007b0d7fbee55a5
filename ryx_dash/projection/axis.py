"""The time axis of a run, on which long gaps may be folded: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from ryx_dash.projection.state import Span
from ryx_dash.projection.text import between

LONGEST_GAP = 1.0
"""Seconds that are left of a longer gap, in which nothing ran, when gaps are folded."""

MOST_TICKS = 6
"""Marks that an axis has room for on a phone."""

_DAY = 86_400
_ROUND = (
    *(1, 2, 5, 10, 15, 30),
    *(60 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(3600 * hours for hours in (1, 2, 3, 6, 12, 24)),
)
"""Seconds that people count in."""


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

    It reaches to the time ``last``, and so do spans that have not ended.
    """

    def __init__(self, origin: str, spans: Sequence[Span], last: str, *, folded: bool) -> None:
        self._origin = origin
        busy = [(self._real(span.start), self._real(span.end or last)) for span in spans]
        ends = [(0.0, 0.0), (self._real(last), self._real(last))]
        self.gaps = [gap for gap in gaps([*busy, *ends]) if folded and gap.cut]

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

    def real(self, drawn: float) -> float | None:
        """The second of the run that is drawn at ``drawn``; ``None`` within a gap."""
        cut = 0.0
        for gap in self.gaps:
            if drawn <= gap.start - cut:
                break
            if drawn < gap.end - cut - gap.cut:
                return None
            cut += gap.cut
        return drawn + cut

    def ticks(self, low: float, high: float) -> list[tuple[float, str]]:
        """Where between ``low`` and ``high`` it is marked, and the time of the run there.

        Behind a gap it goes on at some odd time: that is marked too.
        """
        step = _step((high - low) / MOST_TICKS)
        even = (n * step for n in range(ceil(low / step), floor(high / step) + 1))
        marked = [place for place in even if self.real(place) is not None]
        marked += [self.drawn(gap.end) for gap in self.gaps]
        chosen: list[float] = []
        for place in sorted(place for place in marked if low <= place <= high):
            if not chosen or place - chosen[-1] >= 0.999 * step:
                chosen.append(place)
        most = self.real(high) or high
        return [(place, tick(self.real(place) or 0.0, step, most)) for place in chosen]

    def _real(self, ts: str) -> float:
        return (between(self._origin, ts) or 0.0) / 1000


def tick(second: float, step: float, most: float) -> str:
    """A second of a run that has ``most`` of them, as exact as marks that are ``step`` apart.

    >>> tick(0.05, 0.01, 0.2), tick(2.5, 0.5, 10), tick(5400, 1800, 9000), tick(5405, 5, 9000)
    ('50 ms', '2.5 s', '1 h 30 min', '1:30:05')
    """
    if most < 0.5:
        return f"{_trimmed(1000 * second, 1000 * step)} ms"
    if step < 60 and most <= 600:
        return f"{_trimmed(second, step)} s"
    minutes, seconds = divmod(round(second, _decimals(step)), 60)
    hours, minutes = divmod(int(minutes), 60)
    if step < 60:
        exact = f"{seconds:0{3 + _decimals(step) if _decimals(step) else 2}.{_decimals(step)}f}"
        return f"{hours}:{minutes:02}:{exact}"
    whole = hours > 0 or step >= 3600
    parts = [f"{hours:,} h"] * whole + [f"{minutes} min"] * (minutes > 0 or not whole)
    return " ".join(parts)


def _trimmed(value: float, step: float) -> str:
    text = f"{value:,.{_decimals(step)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimals(step: float) -> int:
    """Decimals that tell one multiple of ``step`` from the next."""
    return max(0, ceil(-log10(step)))


def _step(least: float) -> float:
    """The smallest round number of seconds that is not below ``least``."""
    if least <= 1:
        return _decimal(least)
    return next((step for step in _ROUND if least <= step), _decimal(least / _DAY) * _DAY)


def _decimal(least: float) -> float:
    power = 10.0 ** floor(log10(least)) if least > 0 else 1.0
    return next(n * power for n in (1, 2, 5, 10) if least <= n * power * 1.000001)


def gaps(busy: Iterable[tuple[float, float]]) -> list[Gap]:
    """Where none of the intervals is, between the first and the last of them."""
    found: list[Gap] = []
    reached: float | None = None
    for start, end in sorted(busy):
        if reached is not None and start > reached:
            found.append(Gap(reached, start))
        reached = end if reached is None else max(reached, end)
    return found
