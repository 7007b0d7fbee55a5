"""What viewers cost one worker that have nothing to see: memory for each, CPU at rest.

    python -m bench.viewers                                1,000 viewers for 30 seconds
    python -m bench.viewers --viewers 2000 --seconds 60    other numbers
    python -m bench.viewers --runs 1000                    each watches one of so many ended runs

A viewer speaks the page's own protocol and acknowledges every frame, heartbeats included. What a
real page then asks over HTTP is measured beside it: the server callback for a frame without news.
"""

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect

from bench.reading import Callback
from bench.tab import cpu, memory
from ryx_dash.live.session import BEAT_SECONDS
from ryx_dash.log.base import NewRun
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.frames import SUBPROTOCOL
from ryx_dash.serving import allow_many_files
from tests.servers import Dashboard, dashboard

AT_ONCE = 50
CALLBACKS = 200


class Viewers:
    """Idle pages, and when each frame came that one of them was sent."""

    def __init__(self, served: Dashboard, runs: list[str]) -> None:
        self._url = f"ws://127.0.0.1:{served.port}/api/workflow/stream"
        self._runs = runs
        self.sockets: list[ClientConnection] = []
        self.frames = 0

    async def open(self, count: int, stack: AsyncExitStack) -> None:
        """Open ``count`` connections, some at a time."""
        for begun in range(0, count, AT_ONCE):
            some = range(begun, min(begun + AT_ONCE, count))
            self.sockets += await asyncio.gather(*(self._one(n, stack) for n in some))

    async def _one(self, n: int, stack: AsyncExitStack) -> ClientConnection:
        run = self._runs[n % len(self._runs)] if self._runs else ""
        return await stack.enter_async_context(
            connect(f"{self._url}?run={run}", subprotocols=[SUBPROTOCOL], open_timeout=60)  # type: ignore[list-item]
        )

    async def watch(self) -> None:
        """Acknowledge frames until cancelled."""
        await asyncio.gather(*(self._acknowledge(socket) for socket in self.sockets))

    async def _acknowledge(self, socket: ClientConnection) -> None:
        async for text in socket:
            frame = json.loads(text)
            self.frames += 1
            shown = {"type": "shown", "n": frame["n"], "run": frame["run"], "seq": frame["head"]}
            await socket.send(json.dumps({"c": str(frame["n"]), "m": [shown]}))


def ended_runs(folder: Path, count: int) -> list[str]:
    """Ids of new runs that are over."""
    (folder / "data").mkdir(exist_ok=True)
    with closing(SqliteLog(folder / "data" / "runs.db")) as log:
        started = [log.start(NewRun(input=f"run {n}"))[0].run_id for n in range(count)]
        return [log.cancel(run_id).run_id for run_id in started]


async def callback_milliseconds(served: Dashboard, run: str | None) -> float:
    """Median time of the server callback for a frame that brings no news."""

    def ask() -> float:
        with httpx.Client(base_url=served.url) as http:
            callback = Callback(http, run)
            times = []
            for _ in range(CALLBACKS):
                begun = time.perf_counter()
                callback.ask()
                times.append((time.perf_counter() - begun) * 1000)
        return median(times[CALLBACKS // 4 :])  # the first ones warm caches up

    return await asyncio.to_thread(ask)


@dataclass(frozen=True, slots=True)
class Idle:
    """What viewers cost that have nothing to see. Memory in MB, CPU as shares of a core."""

    viewers: int
    opened: float
    """Seconds until all were there."""
    frames: int
    alone: float
    crowded: float
    cpu_alone: float
    cpu_crowded: float
    callback_alone: float
    """Milliseconds of a callback without news."""
    callback_crowded: float

    @property
    def each(self) -> float:
        """Kilobytes for each viewer."""
        return (self.crowded - self.alone) * 1000 / self.viewers


async def idle(viewers: int, seconds: float, runs: int) -> Idle:
    """Serve and look."""
    allow_many_files()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        watched = ended_runs(folder, max(runs, 1))
        limit = str(viewers + 10)
        with dashboard(folder, RYX_MAX_CONNECTIONS=limit) as served:
            server = psutil.Process(served.process.pid)
            callback_alone = await callback_milliseconds(served, watched[-1])
            alone = memory(server)
            cpu_alone = await rest(server, seconds / 3)
            pages = Viewers(served, watched if runs else [])
            async with AsyncExitStack() as stack:
                begun = time.perf_counter()
                await pages.open(viewers, stack)
                opened = time.perf_counter() - begun
                watching = asyncio.create_task(pages.watch())
                await asyncio.sleep(2 * BEAT_SECONDS)  # beats spread out, buffers grow
                cpu_crowded, frames = await rest(server, seconds), pages.frames
                crowded = memory(server)
                callback_crowded = await callback_milliseconds(served, watched[-1])
                watching.cancel()
    return Idle(
        viewers=viewers,
        opened=opened,
        frames=frames,
        alone=alone,
        crowded=crowded,
        cpu_alone=cpu_alone,
        cpu_crowded=cpu_crowded,
        callback_alone=callback_alone,
        callback_crowded=callback_crowded,
    )


def show(one: Idle) -> None:
    """Print the figures."""
    print(
        f"{one.viewers:,} viewers opened in {one.opened:.1f} s, {one.frames:,} frames acknowledged"
    )
    print(
        f"memory: {one.alone:.0f} MB without viewers, {one.crowded:.0f} MB with: "
        f"{one.each:.0f} kB each"
    )
    print(f"CPU at rest: {one.cpu_alone:.1%} of a core without viewers, {one.cpu_crowded:.1%} with")
    print(
        f"callback without news: {one.callback_alone:.1f} ms without viewers, "
        f"{one.callback_crowded:.1f} ms with"
    )


async def rest(server: psutil.Process, seconds: float) -> float:
    """Share of a core that the process uses while nothing happens."""
    before = cpu(server)
    await asyncio.sleep(seconds)
    return (cpu(server) - before) / seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--viewers", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--runs", type=int, default=0)
    chosen = parser.parse_args()
    show(asyncio.run(idle(chosen.viewers, chosen.seconds, chosen.runs)))
