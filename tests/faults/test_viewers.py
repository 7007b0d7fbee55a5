"""Viewers that do not read: they must cost the others nothing, and the server little."""

import socket
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random

import anyio

from tests.faults.headless import HeadlessPage
from tests.faults.layer import Machine
from tests.faults.proxy import Proxy
from tests.faults.rounds import AT_ONCE, Rounds
from tests.faults.servers import Server

STALLED = 20
MEMORY = 40 * 1024 * 1024
"""Bytes that the workers may grow by: far less than what is not read would take."""


async def test_stalled_readers(served: Server, layer: Machine, seeds: list[int]) -> None:
    """Programs and pages that resume a long run from its beginning, and never read a byte."""

    async def nothing(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        pass

    await Rounds(layer=layer, server=served, events=20_000, seconds=1).play(nothing, seeds[:1])
    runs, before = list(served.log.runs()), served.memory
    stalled: deque[ExitStack] = deque()

    async def stall(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        stack = ExitStack()
        for _ in range(STALLED):
            kind = random.choice(("program", "page"))
            stack.enter_context(_stalled(served.port, random.choice(runs), kind))
        stalled.append(stack)
        if len(stalled) > AT_ONCE:  # they stay while the rounds of their time go on
            stalled.popleft().close()
        await anyio.sleep(1)
        assert served.memory - before < MEMORY

    try:
        await Rounds(layer=layer, server=served, events=200).play(stall, seeds)
        assert served.memory - before < MEMORY
    finally:
        for stack in stalled:
            stack.close()


@contextmanager
def _stalled(port: int, run_id: str, kind: str) -> Iterator[None]:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", port))
        protocol = "Sec-WebSocket-Protocol: ryx.dash.v1\r\n" if kind == "page" else ""
        sock.sendall(
            f"GET /api/workflow/stream?run={run_id}&since=0 HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"{protocol}\r\n".encode()
        )
        yield
