"""The goals of speed, and whether measurements meet them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.audience import Audience
from bench.figures import percentile, table
from bench.live import Live, middle, of
from bench.startup import Started
from bench.viewers import Idle

OURS, FLOOR = "Ryx Dash", "FLOOR"


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing that was promised: ``measured`` has to be at most ``limit`` (or at least)."""

    number: int
    what: str
    measured: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the measurement meets it."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def row(self) -> list[str]:
        """Its line of the table."""
        bound = "≥" if self.at_least else "≤"
        return [
            str(self.number),
            self.what,
            f"{bound} {_number(self.limit)}{self.unit}",
            f"{_number(self.measured)}{self.unit}",
            "yes" if self.met else "**no**",
        ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2g}"


def of_live(found: Sequence[Live]) -> list[Goal]:
    """1 and 3: how late, at each rate, in parts of what FLOOR takes; what is lost; the tab."""
    floor, ours = of(found, FLOOR), of(found, OURS)
    low, high = middle(floor, "p50"), middle(floor, "p95")
    goals: list[Goal] = []
    for rate in dict.fromkeys(one.rate for one in ours):
        some = of(found, OURS, rate)
        at = f"at {rate:,.0f} events/s, of FLOOR's"
        goals.append(Goal(1, f"p50 {at}", middle(some, "p50") / low, 4, "×"))
        goals.append(Goal(1, f"p95 {at}", middle(some, "p95") / high, 6, "×"))
    lost = sum((one.counts.lost or 0) + one.never for one in ours)
    unreachable = sum(one.counts.unreachable or 0 for one in ours)
    disordered = sum(one.counts.out_of_order or 0 for one in ours)
    goals.append(Goal(1, "events missing from the log or never shown", lost, 0))
    goals.append(Goal(1, "events unreachable in the monitor", unreachable, 0))
    goals.append(Goal(1, "events out of order", disordered, 0))
    goals.append(Goal(3, "longest main-thread task", max(o.longest for o in ours), 100, " ms"))
    goals.append(Goal(3, "heap of the tab", max(one.heap for one in ours), 30, " MB"))
    return goals


def of_rest(page: float, server: float) -> list[Goal]:
    """3: shares of a core that page and server use while nothing happens."""
    return [
        Goal(3, "CPU of the page at rest", page * 100, 2, " %"),
        Goal(3, "CPU of the server at rest", server * 100, 2, " %"),
    ]


def of_history(sizes: Sequence[int], found: Mapping[str, tuple[float, float]]) -> list[Goal]:
    """2: the same figures with a long and with a short run behind."""
    what = f"at {max(sizes):,} events, of that at {min(sizes):,}"
    return [Goal(2, f"{name} {what}", b / a, 1.2, "×") for name, (a, b) in found.items()]


def of_opening(times: Mapping[int, float], acts: Mapping[str, float]) -> list[Goal]:
    """4: opening a long run, and what one does in it."""
    small, large = min(times), max(times)
    what = f"opening {large:,} events, of opening {small:,}"
    goals = [Goal(4, what, times[large] / times[small], 2, "×")]
    return goals + [Goal(4, f"{name} of {large:,}", ms, 300, " ms") for name, ms in acts.items()]


def of_appending(rate: float, burst: int, seconds: float) -> list[Goal]:
    """5: writing."""
    return [
        Goal(5, "durable events appended a second", rate, 20_000, "", at_least=True),
        Goal(5, f"a burst of {burst:,} whole on the page", seconds, 4, " s"),
    ]


def of_audience(found: Sequence[Audience], idle: Idle) -> list[Goal]:
    """6: many viewers, the smallest audience first."""
    few, many = found[0], found[-1]
    grown = f"CPU for each of {many.viewers} live viewers, of that of {few.viewers}"
    age = f"age of the position of {many.viewers} live viewers, p99"
    return [
        Goal(6, age, percentile(many.ages, 0.99), 500, " ms"),
        Goal(6, grown, many.cpu / few.cpu if few.cpu else 0.0, 1.2, "×"),
        Goal(6, f"memory for each of {idle.viewers:,} idle viewers", idle.each, 60, " kB"),
    ]


def of_start(found: Mapping[str, Started]) -> list[Goal]:
    """7: the start, beside a bare Dash app; the dashboard first."""
    ours, bare = found.values()
    return [
        Goal(
            7,
            "start to interactive page, of a bare Dash app",
            ours.seconds / bare.seconds,
            1.5,
            "×",
        ),
        Goal(7, "idle memory, of a bare Dash app", ours.memory / bare.memory, 2.5, "×"),
    ]


def summary(goals: Sequence[Goal]) -> str:
    """The table of goals."""
    ordered = sorted(goals, key=lambda goal: goal.number)
    return table(["", "goal", "limit", "measured", "met"], [goal.row for goal in ordered])
