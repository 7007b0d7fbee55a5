"""Whether someone who opens a very long run slows those who watch another one live.

    python -m bench.newcomer               a run of 1,000,000 events
    python -m bench.newcomer 200000        another length

A program follows a live run over the plain protocol; a page opens the long run, frame by frame,
as fast as it is answered. Prints how late the live events arrive without and with the newcomer.
"""

import asyncio
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import httpx
from websockets.asyncio.client import connect

from bench.reading import Callback
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import LLM
from tests.browser.writer import RunWriter
from tests.servers import Dashboard, dashboard

LIVE_A_SECOND = 50
LOOK_SECONDS = 10.0


def long_run(folder: Path, length: int) -> str:
    """A run of ``length`` events that is over."""
    writer = RunWriter(folder, "long ago")
    writer.burst(length - 2, batch=5_000)
    writer.write([Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": "Done."})])
    writer.log.close()
    return writer.run.run_id


async def write_live(writer: RunWriter) -> None:
    """Append single events until cancelled."""
    while True:
        await asyncio.to_thread(writer.write, [step_event(EventKind.STEP_PROGRESS, LLM, "live")])
        await asyncio.sleep(1 / LIVE_A_SECOND)


async def lateness(served: Dashboard, run_id: str, since: int) -> list[float]:
    """Milliseconds from each live event to its arrival, for a while."""
    late: list[float] = []
    url = f"ws://127.0.0.1:{served.port}/api/workflow/stream?run={run_id}&since={since}"
    end = time.monotonic() + LOOK_SECONDS
    async with connect(url) as socket:
        while time.monotonic() < end:
            event = json.loads(await socket.recv())
            happened = datetime.fromisoformat(event["ts"])
            late.append((datetime.now(UTC) - happened).total_seconds() * 1000)
    return late


async def open_run(served: Dashboard, run_id: str) -> tuple[int, float]:
    """Draw a run from nothing to its end; how many frames and seconds that takes."""

    def draw() -> tuple[int, float]:
        with httpx.Client(base_url=served.url, timeout=60) as http:
            callback = Callback(http, run_id)
            begun, frames, store = time.monotonic(), 0, {"seq": 0, "head": 1}
            while store["seq"] < store["head"]:
                store = callback.ask()["shown"]["data"]
                frames += 1
        return frames, time.monotonic() - begun

    return await asyncio.to_thread(draw)


def show(what: str, late: list[float]) -> None:
    """Print the middle and the upper end of some times."""
    cuts = quantiles(late, n=100)
    print(f"{what}: p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, p99 {cuts[98]:.1f} ms")


async def main(length: int) -> None:
    """Serve, look without and with a newcomer, and print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        long = long_run(folder, length)
        live = RunWriter(folder, "live")
        with dashboard(folder) as served:
            writing = asyncio.create_task(write_live(live))
            alone = await lateness(served, live.run.run_id, live.run.head)
            opening = asyncio.create_task(open_run(served, long))
            together = await lateness(served, live.run.run_id, live.run.head)
            frames, seconds = await opening
            writing.cancel()
    print(f"{length:,} events drawn in {frames} frames, {seconds:.1f} s")
    show("live events arrive, nobody new", alone)
    show("live events arrive, a newcomer ", together)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
