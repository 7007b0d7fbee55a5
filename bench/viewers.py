"""What viewers cost one worker that have nothing to see: memory for each, CPU at rest.

    python bench/viewers.py                                1,000 viewers for 30 seconds
    python bench/viewers.py --viewers 2000 --seconds 60    other numbers
    python bench/viewers.py --runs 1000                    each watches one of so many ended runs

A viewer speaks the page's own protocol and acknowledges every frame, heartbeats included. What a
real page then asks over HTTP is measured beside it: the server callback for a frame without news.
Reads ``/proc``, so it runs on Linux.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from contextlib import AsyncExitStack, closing
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

sys.path.insert(0, str(Path(__file__).parent.parent))
from ryx_dash.live.session import BEAT_SECONDS
from ryx_dash.log.base import NewRun
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.frames import SUBPROTOCOL
from ryx_dash.serving import allow_many_files
from tests.servers import Dashboard, dashboard

AT_ONCE = 50
CALLBACKS = 200
INPUTS = {"pause": None, "shown": None, "zone": "UTC", "follow": {"on": True}}


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


def usage(pid: int) -> tuple[float, float]:
    """Resident memory in MB, and seconds of CPU, of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(times[11]) + int(times[12])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, ticks / os.sysconf("SC_CLK_TCK")


def ended_runs(folder: Path, count: int) -> list[str]:
    """Ids of new runs that are over."""
    (folder / "data").mkdir(exist_ok=True)
    with closing(SqliteLog(folder / "data" / "runs.db")) as log:
        started = [log.start(NewRun(input=f"run {n}"))[0].run_id for n in range(count)]
        return [log.cancel(run_id).run_id for run_id in started]


async def callback_milliseconds(served: Dashboard, run: str | None) -> float:
    """Median time of the server callback for a frame that brings no news."""
    async with httpx.AsyncClient(base_url=served.url) as http:
        body = callback_body((await http.get("/_dash-dependencies")).json(), run)
        times = []
        for _ in range(CALLBACKS):
            begun = time.perf_counter()
            answer = await http.post("/_dash-update-component", json=body)
            times.append((time.perf_counter() - begun) * 1000)
            answer.raise_for_status()
            store = answer.json()["response"].get("shown", {}).get("data")
            for state in body["state"]:
                if state["id"] == "shown":
                    state["value"] = store
    return median(times[CALLBACKS // 4 :])  # the first ones warm caches up


def callback_body(dependencies: list[dict[str, Any]], run: str | None) -> dict[str, Any]:
    """The request that a page sends for a frame."""
    frame = json.dumps({"n": 7, "run": run})
    drawing = next(
        found
        for found in dependencies
        if any((one["id"], one["property"]) == ("ws", "message") for one in found["inputs"])
        and not found["clientside_function"]
    )
    outputs = [name.rpartition(".") for name in drawing["output"].strip(".").split("...")]
    values = {**INPUTS, "ws": {"data": frame}}
    given = {
        kind: [{**one, "value": values.get(one["id"])} for one in drawing[kind]]
        for kind in ("inputs", "state")
    }
    return {
        "output": drawing["output"],
        "outputs": [{"id": name, "property": prop} for name, _, prop in outputs],
        "changedPropIds": ["ws.message"],
        **given,
    }


async def main(viewers: int, seconds: float, runs: int) -> None:
    """Serve, look, and print the figures."""
    allow_many_files()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        watched = ended_runs(folder, max(runs, 1))
        limit = str(viewers + 10)
        with dashboard(folder, RYX_MAX_CONNECTIONS=limit) as served:
            pid = served.process.pid
            idle = await callback_milliseconds(served, watched[-1])
            before, _ = usage(pid)
            alone = await rest(pid, seconds / 3)
            pages = Viewers(served, watched if runs else [])
            async with AsyncExitStack() as stack:
                begun = time.perf_counter()
                await pages.open(viewers, stack)
                opened = time.perf_counter() - begun
                watching = asyncio.create_task(pages.watch())
                await asyncio.sleep(2 * BEAT_SECONDS)  # beats spread out, buffers grow
                share, frames = await rest(pid, seconds), pages.frames
                after, _ = usage(pid)
                crowded = await callback_milliseconds(served, watched[-1])
                watching.cancel()
    each = (after - before) * 1000 / viewers
    print(f"{viewers:,} viewers opened in {opened:.1f} s, {frames:,} frames acknowledged")
    print(f"memory: {before:.0f} MB without viewers, {after:.0f} MB with: {each:.0f} kB each")
    print(f"CPU at rest: {alone:.1%} of a core without viewers, {share:.1%} with")
    print(f"callback without news: {idle:.1f} ms without viewers, {crowded:.1f} ms with")


async def rest(pid: int, seconds: float) -> float:
    """Share of a core that the process uses while nothing happens."""
    _, before = usage(pid)
    await asyncio.sleep(seconds)
    _, after = usage(pid)
    return (after - before) / seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--viewers", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--runs", type=int, default=0)
    chosen = parser.parse_args()
    asyncio.run(main(chosen.viewers, chosen.seconds, chosen.runs))
