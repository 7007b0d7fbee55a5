"""What an event costs the server on its way through the relay, and when it is seen there.

    python -m bench.relay                          5,000 events/s for 6 seconds, one viewer
    python -m bench.relay --rate 1000 --viewers 0

No browser takes part: a viewer asks what a page asks, about as often. So the figures are those of
the server alone; its CPU says more than a clock on a busy machine.
"""

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.audience import Viewer, ages
from bench.figures import percentile
from bench.reading import callback_body, numbers_in_log
from bench.source import Emission, Source, served_source
from tests.servers import Dashboard, dashboard


@dataclass(frozen=True, slots=True)
class Flow:
    """What an emission cost the server: microseconds of CPU an event, and its share of a core."""

    loop: float
    """Of the thread that reads, translates and tells viewers."""
    others: float
    """Of those that commit, fold and draw."""
    share: float
    p50: float
    """Milliseconds since when what a viewer was shown last was not the newest."""
    p99: float
    frames: float
    """Answers a second to each viewer."""
    whole: bool
    """Whether all events are in the log, in order."""


async def flow(
    served: Dashboard, source: Source, emission: Emission, viewers: int, pause: float
) -> Flow:
    """Let a run of the backend send an emission, and look at the server meanwhile."""
    async with httpx.AsyncClient(base_url=served.url, timeout=60) as http:
        dependencies = (await http.get("/_dash-dependencies")).json()
        server = psutil.Process(served.process.pid)
        before, begun = _threads(server), time.monotonic()
        body = {"input": source.plan(emission)}
        run = str((await http.post("/api/runs", json=body)).json()["run_id"])
        pages = [
            Viewer(served, run, callback_body(dependencies, run, {}), pause=pause)
            for _ in range(viewers)
        ]
        watching = [asyncio.create_task(page.watch()) for page in pages]
        await asyncio.to_thread(_wait_for_end, f"{served.url}/api/runs/{run}")
        taken, after = time.monotonic() - begun, _threads(server)
        await asyncio.sleep(0.5)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    spent = {thread: time - before.get(thread, 0.0) for thread, time in after.items()}
    loop, events = spent.pop(server.pid), len(emission)
    logged = await asyncio.to_thread(numbers_in_log, served.url, run)
    old = [age for page in pages for age in ages(page.seen, 2, emission.created)]
    return Flow(
        loop=loop / events * 1e6,
        others=sum(spent.values()) / events * 1e6,
        share=(loop + sum(spent.values())) / taken,
        p50=percentile(old, 0.5),
        p99=percentile(old, 0.99),
        frames=sum(len(page.seen) for page in pages) / taken / max(viewers, 1),
        whole=logged == [*range(emission.first, emission.last + 1)],
    )


def _wait_for_end(address: str) -> None:
    while httpx.get(address).json()["status"] in ("queued", "running"):
        time.sleep(0.2)


def _threads(server: psutil.Process) -> dict[int, float]:
    """Seconds of CPU by thread; the one with the process's own id is the event loop's."""
    return {thread.id: thread.user_time + thread.system_time for thread in server.threads()}


def line(one: Flow) -> str:
    """One measurement in a line."""
    return (
        f"{one.loop + one.others:.0f} µs of CPU an event ({one.loop:.0f} event loop, "
        f"{one.others:.0f} other threads), {one.share:.0%} of a core; viewers {one.p50:.0f} ms "
        f"behind (p99 {one.p99:.0f}), {one.frames:.1f} frames/s; "
        f"{'all events in the log' if one.whole else 'EVENTS ARE MISSING'}"
    )


async def main(rate: float, seconds: float, viewers: int, pause: float, repeat: int) -> None:
    """Measure again and again, and print each time."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served_source() as source,
        dashboard(Path(folder), RYX_WS_URL=source.url) as served,
    ):
        await flow(served, source, Emission(rate, 1), viewers, pause)  # caches, opened files
        for turn in range(repeat):
            emission = Emission(rate, seconds, seed=turn)
            print(line(await flow(served, source, emission, viewers, pause)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=5_000)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--viewers", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.08, help="seconds that a page draws")
    parser.add_argument("--repeat", type=int, default=1)
    chosen = parser.parse_args()
    asyncio.run(main(chosen.rate, chosen.seconds, chosen.viewers, chosen.pause, chosen.repeat))
