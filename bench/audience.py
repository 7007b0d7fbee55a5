"""Many viewers of one run that goes on: how old what each of them shows is, and what each costs.

    python -m bench.audience --viewers 100 --seconds 10

Each viewer has a socket of its own and does what a page does: a frame comes, it asks the server
callback, takes the answer, and acknowledges. Two workers serve them; the events come through the
log from a third process.
"""

import argparse
import asyncio
import json
import tempfile
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from bench.figures import percentile
from bench.reading import callback_body
from bench.source import Emission, write
from bench.tab import cpu, family
from ryx_dash.protocol.frames import SUBPROTOCOL
from tests.browser.writer import RunWriter
from tests.servers import Dashboard, dashboard

SAMPLE_MS = 50.0
WARM = 2.0
"""Seconds at the beginning that are left out: the first answers draw the whole page."""


@dataclass(frozen=True, slots=True)
class Audience:
    """How old the viewers' positions were, in ms, and what they cost."""

    viewers: int
    ages: Sequence[float]
    """Of all viewers at all moments that were looked at: since when the next event was due."""
    frames: float
    """Frames a second for each viewer."""
    cpu: float
    """Share of a core that the servers used for each viewer."""
    behind: int
    """Events that viewers had not seen when all was over."""


class Viewer:
    """One page without a screen."""

    def __init__(
        self, served: Dashboard, run: str, body: dict[str, Any], *, pause: float = 0.0
    ) -> None:
        self._served = served
        self._run = run
        self._body = body
        self._pause = pause
        """Seconds from an answer to its acknowledgement, as a page draws."""
        self.seen: list[tuple[float, int]] = []

    async def watch(self) -> None:
        """Take frames until cancelled."""
        url = f"ws://127.0.0.1:{self._served.port}/api/workflow/stream?run={self._run}"
        asking = await asyncio.open_connection("127.0.0.1", self._served.port)
        try:
            async with connect(url, subprotocols=[SUBPROTOCOL], open_timeout=60) as socket:  # type: ignore[list-item]
                async for text in socket:
                    self._put("ws", {"data": text})
                    views = await self._ask(*asking)
                    shown = views["shown"]["data"]
                    self._put("shown", shown)
                    await asyncio.sleep(self._pause)
                    self.seen.append((time.time() * 1000, shown["seq"]))
                    await socket.send(views["ws"]["send"])
        finally:
            asking[1].close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> dict[str, Any]:
        body = json.dumps(self._body).encode()
        head = (
            f"POST /_dash-update-component HTTP/1.1\r\nHost: 127.0.0.1:{self._served.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert " 200 " in answer.partition("\r\n")[0], answer
        length = int(answer.partition("content-length:")[2].split()[0])
        views: dict[str, Any] = json.loads(await reader.readexactly(length))["response"]
        return views

    def _put(self, key: str, value: Any) -> None:
        for one in (*self._body["inputs"], *self._body["state"]):
            if one["id"] == key:
                one["value"] = value


def ages(seen: Sequence[tuple[float, int]], first: int, created: Sequence[float]) -> list[float]:
    """How old one viewer's position was every 50 ms of an emission, in ms.

    ``first`` is the ``seq`` of the first event. The age is how long the oldest event that is not
    shown has been there: 0 when everything is shown.
    """
    times = [moment for moment, _ in seen]
    found: list[float] = []
    moment = created[0] + WARM * 1000
    while moment < created[-1]:
        at = bisect_right(times, moment)
        unseen = max((seen[at - 1][1] if at else 0) - first + 1, 0)
        found.append(max(0.0, moment - created[unseen]) if unseen < len(created) else 0.0)
        moment += SAMPLE_MS
    return found


async def look(viewers: int, rate: float, seconds: float, workers: int = 2) -> Audience:
    """Let so many watch a run to which events come at ``rate``."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writer = RunWriter(folder)
        with dashboard(folder, workers=workers) as served:
            async with httpx.AsyncClient(base_url=served.url) as http:
                dependencies = (await http.get("/_dash-dependencies")).json()
            run = writer.run.run_id
            bodies = [callback_body(dependencies, run, {}) for _ in range(viewers)]
            pages = [Viewer(served, run, body) for body in bodies]
            watching = [asyncio.create_task(page.watch()) for page in pages]
            while not all(page.seen for page in pages):
                await asyncio.sleep(0.05)
                failed = [task for task in watching if task.done()]
                if failed:
                    await failed[0]  # raises what it failed of
            await asyncio.sleep(1)
            servers = family(served.process.pid)
            begun, before = time.monotonic(), sum(map(cpu, servers))
            shown = sum(len(page.seen) for page in pages)
            emission, first = Emission(rate, seconds), writer.run.head + 1
            await asyncio.to_thread(write, writer, emission)
            taken = time.monotonic() - begun
            spent = sum(map(cpu, servers)) - before
            shown = sum(len(page.seen) for page in pages) - shown
            await asyncio.sleep(3)
            for task in watching:
                task.cancel()
            for ended in await asyncio.gather(*watching, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended
    return Audience(
        viewers=viewers,
        ages=[age for page in pages for age in ages(page.seen, first, emission.created)],
        frames=shown / taken / viewers,
        cpu=spent / taken / viewers,
        behind=sum(first + len(emission) - 1 - page.seen[-1][1] for page in pages),
    )


def line(one: Audience) -> str:
    """One measurement in a line."""
    p50, p99 = percentile(one.ages, 0.5), percentile(one.ages, 0.99)
    return (
        f"{one.viewers} viewers: position p50 {p50:.0f}, p99 {p99:.0f} ms old, "
        f"{one.frames:.1f} frames/s each, {one.cpu:.1%} of a core each, {one.behind} events behind"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--viewers", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--seconds", type=float, default=8.0)
    chosen = parser.parse_args()
    for count in chosen.viewers:
        print(line(asyncio.run(look(count, chosen.rate, chosen.seconds))), flush=True)
