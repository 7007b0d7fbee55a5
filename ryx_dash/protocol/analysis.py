"""What many runs have in common: counts, latencies, rates. Values only; ``log`` works them out.

Latencies are milliseconds, speeds tokens a second, times UTC texts as events carry them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal, get_args

from ryx_dash.protocol.steps import RunStatus

Kind = Literal["step", "tool"]
PartKind = Literal["step", "tool", "first", "speed"]

_KINDS: Mapping[str, PartKind] = {kind: kind for kind in get_args(PartKind)}
_ENDS = {"succeeded": True, "failed": False}

BUCKETS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0, 30_000.0)
"""Where a distribution is cut, in milliseconds: each value begins the bucket after it."""


PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Runs that had a certain step, tool call or answer in them.

    A ``step`` or a ``tool`` call took ``shortest`` milliseconds or more, and less than ``below``;
    ``ok`` says whether it succeeded or failed. Of an answer by the model ``name`` (empty: it was
    not told) it is how long its ``first`` token took, or its ``speed`` in tokens a second. As text,
    in an address: ``step::rag_context``, ``step:1000-3000:llm_response``,
    ``tool:failed:read_file``, ``first:800-:qwen2.5:3b``.
    """

    kind: PartKind
    name: str
    shortest: float | None = None
    below: float | None = None
    ok: bool | None = None

    def __str__(self) -> str:
        if self.ok is not None:
            return f"{self.kind}:{'succeeded' if self.ok else 'failed'}:{self.name}"
        ends = ("" if end is None else f"{end:.12g}" for end in (self.shortest, self.below))
        took = "-".join(ends)
        return f"{self.kind}:{'' if took == '-' else took}:{self.name}"

    @property
    def words(self) -> str:
        """What it asks for, as a sentence goes on after "runs in which"."""
        name = self.name or "a model without a name"
        what, verb, unit, there_was = {
            "step": (f"the step {name}", "took", "ms", f"there was the step {name}"),
            "tool": (f"a call of {name}", "took", "ms", f"there was a call of {name}"),
            "first": (f"the first token of {name}", "took", "ms", f"{name} answered"),
            "speed": (name, "wrote", "tokens/s", f"{name} answered"),
        }[self.kind]
        if self.ok is not None:
            return f"{what} {'succeeded' if self.ok else 'failed'}"
        ends = (
            "" if self.shortest is None else f" {self.shortest:,.12g} {unit} or more",
            "" if self.below is None else f" less than {self.below:,.12g} {unit}",
        )
        took = " and".join(end for end in ends if end)
        return f"{what} {verb}{took}" if took else there_was


def parse_part(text: str) -> Part | None:
    """What a part's text says; ``None`` if it is none."""
    given, _, rest = text.partition(":")
    how, colon, name = rest.partition(":")
    kind = _KINDS.get(given)
    if kind is None or not colon:
        return None
    answers = kind in ("first", "speed")
    if not (name or answers):
        return None
    if how in _ENDS and not answers:
        return Part(kind=kind, name=name, ok=_ENDS[how])
    first, dash, last = how.partition("-")
    if (how and not dash) or not all(_is_number(end) for end in (first, last)):
        return None
    shortest, below = float(first) if first else None, float(last) if last else None
    return Part(kind=kind, name=name, shortest=shortest, below=below)


def _is_number(text: str) -> bool:
    """Whether a text is empty, or a number that is no trick."""
    return len(text) < 16 and text.isascii() and (not text or text.replace(".", "", 1).isdigit())


@dataclass(frozen=True, slots=True)
class Spread:
    """How values lie: ``count`` of them, and percentiles, exact, between two by interpolation."""

    count: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The runs asked for from ``since`` until before ``until``, by status."""

    since: str
    until: str
    runs: Mapping[RunStatus, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """All ends of one step, or all ended calls of one tool; skipped ones and those that were cut
    off are none. ``buckets``: how many of those with a latency lie before the first of
    :data:`BUCKETS`, between it and the second, and so on, and from the last on.
    """

    name: str
    count: int
    failed: int
    latency: Spread
    buckets: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """All answers by one model: how long until the first token, and how fast they came then."""

    model: str
    count: int
    first: Spread
    speed: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """One of the runs that took longest."""

    run_id: str
    input: str
    status: RunStatus
    created: str
    latency: float
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Everything about some runs. ``latency`` is of those that have ended."""

    runs: Mapping[RunStatus, int]
    latency: Spread
    periods: tuple[Period, ...]
    steps: tuple[Worked, ...]
    tools: tuple[Worked, ...]
    models: tuple[Answered, ...]
    slowest: tuple[Slow, ...]

    @property
    def total(self) -> int:
        """How many runs there are."""
        return sum(self.runs.values())


def success_rate(runs: Mapping[RunStatus, int]) -> float | None:
    """The share of successes, from 0 to 1, among the runs that succeeded or failed.

    ``None`` without one: who cancelled a run says nothing about how it would have ended.
    """
    succeeded, failed = (runs.get(status, 0) for status in (RunStatus.SUCCESS, RunStatus.FAILED))
    return succeeded / (succeeded + failed) if succeeded + failed else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The percentile of sorted ``values``, by interpolation between the two nearest."""
    if not values:
        return None
    place = percent / 100 * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def quantity(value: object) -> float | None:
    """A measure that can be: a finite number from 0 on, below 10^12; anything else is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e12 and isfinite(value) else None
