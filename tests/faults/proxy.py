"""A bad network between a page and its server: a TCP proxy that knows WebSocket messages.

Everything is off at first. Set the attributes, from any thread, while it runs; ``judge`` decides
on each WebSocket message before it is passed on.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random
from typing import Literal

STREAM = b"GET /api/workflow/stream"
CHUNK = 4096
MODEM = 56_000 / 8
"""Bytes a second over a telephone line."""

Direction = Literal["down", "up"]
"""``down`` is from the server to the page."""


class Verdict(Enum):
    """What becomes of one message, and of the connection that it is on."""

    PASS = auto()
    RESET = auto()
    """The connection is reset before the message is passed on."""
    RESET_AFTER = auto()
    TRUNCATE = auto()
    """Half of its bytes arrive, then the connection is reset."""
    SWALLOW = auto()
    HOLE = auto()
    """From now on nothing passes in either direction, and nobody is told."""


@dataclass(frozen=True, slots=True)
class Message:
    """A WebSocket frame on its way. ``index`` counts the frames of its link, both ways."""

    direction: Direction
    index: int
    raw: bytes
    text: bytes


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy: "Proxy", page: "Stream", server: "Stream") -> None:
        self.holed = False
        self._proxy = proxy
        self._page = page
        self._server = server
        self._count = 0

    async def run(self) -> None:
        """Pass on bytes until either side ends."""
        head = await _head(self._page.reader)
        await self._pass(self._server, head)
        if head.startswith(STREAM):
            await self._pass(self._page, await _head(self._server.reader))
            pumps = [
                self._messages("down", self._server, self._page),
                self._messages("up", self._page, self._server),
            ]
        else:
            pumps = [self._bytes(self._server, self._page), self._bytes(self._page, self._server)]
        tasks = [asyncio.ensure_future(pump) for pump in pumps]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._while_holed()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def reset(self) -> None:
        """End both sides at once, with RST."""
        self._page.abort()
        self._server.abort()

    async def _bytes(self, source: "Stream", sink: "Stream") -> None:
        while data := await source.reader.read(CHUNK):
            await self._pass(sink, data)

    async def _messages(self, direction: Direction, source: "Stream", sink: "Stream") -> None:
        async for raw, text in _frames(source.reader):
            self._count += 1
            message = Message(direction, self._count, raw, text)
            verdict = self._proxy.judge(message)
            if verdict is Verdict.HOLE:
                self.holed = True
            if verdict is Verdict.TRUNCATE:
                await self._pass(sink, raw[: max(1, len(raw) // 2)])
            elif verdict in (Verdict.PASS, Verdict.RESET_AFTER):
                await self._pass(sink, raw)
            if verdict in (Verdict.RESET, Verdict.RESET_AFTER, Verdict.TRUNCATE):
                self.reset()
                return

    async def _pass(self, sink: "Stream", data: bytes) -> None:
        pause = self._proxy.pause(len(data))
        if pause:
            await asyncio.sleep(pause)
        if not (self.holed or self._proxy.hole):
            sink.writer.write(data)
            await sink.writer.drain()

    async def _while_holed(self) -> None:
        """What falls into a hole includes the news that the other side has gone."""
        while self.holed or self._proxy.hole:
            self.holed = True  # a connection that was in a hole never comes out of it
            await asyncio.sleep(0.1)


@dataclass(slots=True)
class Stream:
    """One side of a link."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def abort(self) -> None:
        """Close with RST, whatever has not been sent."""
        sock = self.writer.get_extra_info("socket")
        with suppress(OSError):  # it has gone already
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass(eq=False)
class Proxy:
    """The settings of the network, and the links that go through it."""

    upstream: int
    random: Random = field(default_factory=Random)
    port: int = 0
    refuse: bool = False
    """New connections are reset at once."""
    hole: bool = False
    """Nothing passes, nobody is told, and links of this time stay dead."""
    delay: float = 0.0
    """Seconds that each piece of data takes, and up to ``jitter`` more."""
    jitter: float = 0.0
    rate: float | None = None
    """Bytes a second of each link; ``None``: as fast as it goes."""
    judge: Callable[[Message], Verdict] = lambda _: Verdict.PASS
    links: set[Link] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop | None = None

    def heal(self) -> None:
        """Make the network good again. Links in a hole stay in it."""
        for link in list(self.links):
            link.holed = link.holed or self.hole
        self.refuse = self.hole = False
        self.delay = self.jitter = 0.0
        self.rate = None
        self.judge = lambda _: Verdict.PASS

    def reset(self) -> None:
        """Reset every link."""
        assert self._loop is not None
        for link in list(self.links):
            self._loop.call_soon_threadsafe(link.reset)

    def pause(self, size: int) -> float:
        """Seconds before ``size`` bytes go out."""
        wait = self.delay + self.random.uniform(0, self.jitter) if self.delay + self.jitter else 0
        return wait + (size / self.rate if self.rate else 0)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Proxy"]:
        """Listen on :attr:`port` for the length of a block."""
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.heal()
            for link in list(self.links):
                link.holed = False
                link.reset()
            while self.links:
                await asyncio.sleep(0.01)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        page = Stream(reader, writer)
        if self.refuse:
            page.abort()
            return
        try:
            server = Stream(*await asyncio.open_connection("127.0.0.1", self.upstream))
        except OSError:
            page.abort()
            return
        link = Link(self, page, server)
        self.links.add(link)
        try:
            await link.run()
        except (OSError, asyncio.IncompleteReadError):
            await link._while_holed()
        finally:
            self.links.discard(link)
            link.reset()


@contextmanager
def in_thread(proxy: Proxy) -> Iterator[Proxy]:
    """Run a proxy beside a test that is not asynchronous."""
    ready, done = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with proxy.serve():
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield proxy
    finally:
        assert proxy._loop is not None
        proxy._loop.call_soon_threadsafe(done.set)
        thread.join()


async def _head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
    """Each WebSocket frame as it came, and its payload unmasked."""
    while True:
        try:
            head = await reader.readexactly(2)
        except asyncio.IncompleteReadError:
            return
        size = head[1] & 0x7F
        extra = await reader.readexactly({126: 2, 127: 8}.get(size, 0))
        size = int.from_bytes(extra) if extra else size
        mask = await reader.readexactly(4 if head[1] & 0x80 else 0)
        payload = await reader.readexactly(size)
        yield head + extra + mask + payload, _unmasked(payload, mask)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    if not mask:
        return payload
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
