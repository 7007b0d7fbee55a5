"""How late a page shows events, at several rates, and what became of them.

python -m bench.live                         FLOOR, the naive page and the dashboard, briefly
python -m bench.live --rates 20 500 --seconds 8 --repeat 3
python -m bench.live --peers                 with Dagster, which pip fetches the first time
"""

import argparse
import json
import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from bench.figures import median, percentile, table
from bench.peers import DAGSTER, dagster
from bench.source import Emission, served_source
from bench.subjects import Counts, Subject, subjects
from bench.tab import Tab, chromium

SETTLING = 1.0
"""Seconds at the beginning of an emission that are left out, for every subject alike: a browser
compiles the scripts of a page that was just loaded."""

PATIENCE = 5.0
"""Seconds without a newer event on the screen until what is not there counts as never shown."""

LONGEST = 60.0
"""Seconds after the last event at which nobody waits any more."""

MOST = {"naive Dash page": 100, DAGSTER: 500}
"""Events a second that a subject is measured up to: above, it needs minutes to go on."""


@dataclass(frozen=True, slots=True)
class Live:
    """One emission as one subject showed it. Times in ms, from created to painted."""

    subject: str
    rate: float
    p50: float
    p95: float
    never: int
    """Events that no frame showed within the patience, not even by a later one."""
    drawn: int
    """Frames that showed a newer event."""
    longest: float
    heap: float
    page_cpu: float
    """Seconds of CPU of the tab a second of the emission."""
    server_cpu: float | None
    wire: float
    """Kilobytes to the page a second."""
    counts: Counts
    cycles: Sequence[Sequence[float]]
    """When a frame's message came, its callback was asked, and answered."""


def late(emission: Emission, seen: Sequence[tuple[float, int]]) -> list[float | None]:
    """Milliseconds from each event's creation to the first frame that showed it or a later one.

    ``seen`` are wall clock and newest event, rising in both; ``None``: no frame did. Events of the
    first moments are left out.
    """
    newest = [number for _, number in seen]
    times: list[float | None] = []
    made = zip(emission.due, emission.created, strict=True)
    for n, (due, created) in enumerate(made, emission.first):
        if due >= SETTLING:
            at = bisect_left(newest, n)
            times.append(seen[at][0] - created if at < len(seen) else None)
    return times


def measure(tab: Tab, subject: Subject, emission: Emission, *, patience: float = PATIENCE) -> Live:
    """Open the page, let the emission run, and take all figures."""
    subject.open(tab)
    time.sleep(0.3)  # the page's own beginning is none of the emission's cost
    tab.begin()
    page, server = tab.cpu(), subject.cpu()
    subject.begin(tab, emission)
    if not emission.over.wait(emission.seconds + LONGEST):
        raise RuntimeError(
            f"{subject.name} asked for {emission.seconds:g} s of events and did not take them to "
            f"their end in {emission.seconds + LONGEST:g} s: look whether its server is alive."
        )
    wait_for_last(tab, emission, patience)
    page, after = tab.cpu() - page, subject.cpu()
    probe = tab.probe
    times = late(emission, probe["seen"])
    shown = [each for each in times if each is not None]
    return Live(
        subject=subject.name,
        rate=emission.rate,
        p50=percentile(shown, 0.5),
        p95=percentile(shown, 0.95),
        never=len(times) - len(shown),
        drawn=len(probe["seen"]),
        longest=probe["longest"],
        heap=tab.heap(),
        page_cpu=page / emission.seconds,
        server_cpu=None if after is None or server is None else (after - server) / emission.seconds,
        wire=probe["wire"] / 1000 / emission.seconds,
        counts=subject.counts(tab, emission),
        cycles=probe["cycles"],
    )


def wait_for_last(tab: Tab, emission: Emission, patience: float) -> None:
    """Return when the last event is on the screen, or when it will not come any more."""
    end = time.monotonic() + LONGEST
    newest, moved = 0, time.monotonic()
    while newest < emission.last and time.monotonic() < min(end, moved + patience):
        time.sleep(0.1)
        if tab.newest > newest:
            newest, moved = tab.newest, time.monotonic()


def compare(
    tab: Tab, rates: Iterable[float], seconds: float, repeat: int, *, peers: bool = False
) -> list[Live]:
    """All subjects at all rates, one after the other, again and again; ``peers``: Dagster too."""
    found: list[Live] = []
    first = 1  # a page that still shows an earlier emission shows lower numbers
    with served_source() as source, ExitStack() as stack:
        all_of_them: list[Subject] = [*stack.enter_context(subjects(source))]
        if peers:
            all_of_them.append(stack.enter_context(dagster(source)))
        for subject in all_of_them:  # caches, compiled scripts, opened files
            emission = Emission(20, 1, first=first)
            measure(tab, subject, emission)
            first = emission.last + 1
        for turn in range(repeat):
            for rate in rates:
                for subject in all_of_them:
                    naive = subject.name.startswith("naive")
                    if rate > MOST.get(subject.name, rate) or (naive and turn > 0):
                        continue
                    emission = Emission(rate, seconds, seed=turn, first=first)
                    found.append(measure(tab, subject, emission))
                    print(line(found[-1]), flush=True)
                    first = emission.last + 1
    return found


def line(one: Live) -> str:
    """One measurement in a line."""
    counts = one.counts
    server = "" if one.server_cpu is None else f", server {one.server_cpu:.0%}"
    return (
        f"{one.subject:16} {one.rate:5,.0f}/s  p50 {one.p50:7.1f}  p95 {one.p95:7.1f} ms, "
        f"{one.drawn} frames, longest task {one.longest:.0f} ms, heap {one.heap:.1f} MB, "
        f"page {one.page_cpu:.0%}{server}, {one.wire:,.0f} kB/s, never {one.never}, "
        f"lost {counts.lost}, unreachable {counts.unreachable}, out of order {counts.out_of_order}"
    )


def of(found: Sequence[Live], subject: str, rate: float | None = None) -> list[Live]:
    """Those of one subject, at one rate or at all."""
    return [one for one in found if one.subject == subject and rate in (None, one.rate)]


def middle(found: Sequence[Live], figure: str) -> float:
    """The median of a figure over some measurements."""
    return median(getattr(one, figure) for one in found)


def summary(found: Sequence[Live]) -> str:
    """Medians by subject and rate, beside those of FLOOR over all its runs."""
    floor = of(found, "FLOOR")
    low, high = middle(floor, "p50"), middle(floor, "p95")
    rows = []
    for subject in dict.fromkeys(one.subject for one in found):
        for rate in dict.fromkeys(one.rate for one in of(found, subject)):
            some = of(found, subject, rate)
            p50, p95 = middle(some, "p50"), middle(some, "p95")
            count = [one.counts for one in some]
            lost = sum(each.lost or 0 for each in count) + sum(one.never for one in some)
            cells = [subject, f"{rate:,.0f}/s", f"{p50:.0f} / {p95:.0f}"]
            cells += [f"{p50 / low:.1f}× / {p95 / high:.1f}×", f"{lost:,}"]
            cells += [f"{max(one.longest for one in some):.0f}", f"{middle(some, 'heap'):.1f}"]
            cells += [f"{middle(some, 'page_cpu'):.0%}", f"{middle(some, 'wire'):,.0f}"]
            rows.append(cells)
    head = ["subject", "events", "p50 / p95 ms", "of FLOOR", "lost", "longest task ms"]
    return table([*head, "heap MB", "page CPU", "kB/s"], rows)


def stages(found: Sequence[Live]) -> dict[str, float]:
    """Median milliseconds of the parts of a cycle that the page can see."""
    cycles = [cycle for one in found for cycle in one.cycles]
    asked = [asked - came for came, asked, _ in cycles]
    answered = [answered - asked for _, asked, answered in cycles]
    between = [
        later[0] - earlier[2]
        for one in found
        for earlier, later in zip(one.cycles, one.cycles[1:], strict=False)
    ]
    return {
        "frame to request": percentile(asked, 0.5),
        "request to response": percentile(answered, 0.5),
        "response to next frame": percentile(between, 0.5),
    }


def as_json(found: Sequence[Live]) -> list[dict[str, Any]]:
    """The measurements as they are kept, without the single cycles."""
    return [{k: v for k, v in asdict(one).items() if k != "cycles"} for one in found]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rates", type=float, nargs="+", default=[20, 100, 500])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--peers", action="store_true")
    chosen = parser.parse_args()
    with chromium() as opened:
        measured = compare(opened, chosen.rates, chosen.seconds, chosen.repeat, peers=chosen.peers)
    print(summary(measured))
    print(json.dumps(stages(of(measured, "Ryx Dash")), indent=2))
