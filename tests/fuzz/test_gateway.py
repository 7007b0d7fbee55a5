"""Damaged messages and damaged WebSocket frames to a living gateway."""

import socket
import struct
from contextlib import suppress
from random import Random

from anyio import to_thread
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.faults.checker import tally
from tests.faults.headless import opened
from tests.faults.layer import Machine
from tests.faults.plan import plan
from tests.faults.rounds import judge, settle
from tests.faults.servers import Server
from tests.fuzz.damage import damaged
from tests.fuzz.samples import COMMANDS, ENVELOPES, texts

MESSAGES = 60
MEMORY = 30 * 1024 * 1024
"""Bytes that the worker may grow by over all seeds."""


async def test_damaged_messages(served: Server, layer: Machine, seeds: list[int]) -> None:
    await _send_damaged(served, Random(0), None)
    before = served.memory
    for seed in seeds:
        random = Random(seed)
        for protocol in (None, Subprotocol("ryx.dash.v1")):
            await _send_damaged(served, random, protocol)
    await _works(served, layer, seeds[0])
    assert served.memory - before < MEMORY


async def test_damaged_frames(served: Server, layer: Machine, seeds: list[int]) -> None:
    """Below the messages: wrong lengths, opcodes, masks, and bytes that are no frame."""
    for seed in seeds:
        random = Random(seed)
        for _ in range(10):
            await to_thread.run_sync(_send_raw, served.port, random)
    await _works(served, layer, seeds[0] + 1)


async def _send_damaged(served: Server, random: Random, protocol: Subprotocol | None) -> None:
    samples = texts(ENVELOPES if protocol else COMMANDS)
    with suppress(ConnectionClosed):
        async with connect(
            f"ws://127.0.0.1:{served.port}/api/workflow/stream",
            subprotocols=[protocol] if protocol else None,
            compression=None,
            max_queue=None,  # nobody reads
            proxy=None,
        ) as ws:
            for _ in range(MESSAGES):
                message = damaged(random.choice(samples), random)
                tally.tried += 1
                whole = random.random() < 0.5
                await ws.send(message if whole else message.decode(errors="replace"))
            await ws.ping()


def _send_raw(port: int, random: Random) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as sock, suppress(OSError):
        sock.sendall(
            f"GET /api/workflow/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        sock.recv(4096)
        for _ in range(5):
            tally.tried += 1
            sock.sendall(damaged(_frame(random.choice(texts(COMMANDS))), random))


def _frame(payload: bytes) -> bytes:
    """A sound frame: final, text, masked by zeros."""
    return bytes([0x81, 0xFE]) + struct.pack("!H", len(payload)) + bytes(4) + payload


async def _works(served: Server, layer: Machine, seed: int) -> None:
    """All is as if nothing had happened."""
    async with opened(layer, served.port, seed=seed) as page:
        text = plan(seed, events=20, seconds=0.2, note=" after damage")
        page.ask(text)
        await settle(page, text)
        await page.read_rows()
    judge(page, served.log)
