"""uvicorn as the dashboard uses it: an end in good order, stalled readers, refusals."""

import asyncio
import gc
import logging
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ryx_dash import serving
from ryx_dash.cli import UVICORN
from ryx_dash.live.desk import Desk
from ryx_dash.live.feed import Feed
from ryx_dash.live.gateway import Gateway
from ryx_dash.log.memory import MemoryLog

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

Drain = Callable[[], Awaitable[None]]


@asynccontextmanager
async def served(
    websocket: Callable[[WebSocket], Awaitable[None]], drain: Drain | None = None, **options: object
) -> AsyncIterator[tuple[serving.Server, int]]:
    """A server in this event loop, and its port; stopped at the end of the block."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
        yield {} if drain is None else {serving.DRAIN: drain}

    app = Starlette(routes=[WebSocketRoute("/", websocket)], lifespan=lifespan)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, timeout_graceful_shutdown=2, **{**UVICORN, **options})
        server = serving.Server(config)
        serve = asyncio.create_task(server._serve([listener]))  # as `serve`, without signals
        with anyio.fail_after(30):
            while not server.started:
                await asyncio.sleep(0.01)
            try:
                yield server, listener.getsockname()[1]
            finally:
                server.should_exit = True
                await serve


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


async def test_connections_are_served_while_the_application_drains() -> None:
    draining, done = asyncio.Event(), asyncio.Event()

    async def drain() -> None:
        draining.set()
        await done.wait()

    async with served(echo, drain) as (server, port), connect(f"ws://127.0.0.1:{port}/") as viewer:
        server.should_exit = True
        await draining.wait()
        await viewer.send("still there?")
        assert await viewer.recv() == "still there?"
        with pytest.raises(OSError):
            await connect(f"ws://127.0.0.1:{port}/")
        done.set()
        with pytest.raises(ConnectionClosed):
            await viewer.recv()
        assert viewer.close_code == 1012


async def test_what_stays_is_left_out_of_garbage_collections() -> None:
    gc.unfreeze()
    try:
        async with served(echo):
            assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()


async def test_a_second_interrupt_ends_the_draining() -> None:
    draining = asyncio.Event()

    async def drain() -> None:
        draining.set()
        await asyncio.Event().wait()

    async with served(echo, drain) as (server, _):
        server.should_exit = True
        await draining.wait()
        server.force_exit = True


async def test_a_reader_that_takes_nothing_is_given_up() -> None:
    ended = asyncio.Event()

    async def pour(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text("x" * 100_000)
        finally:
            ended.set()

    quick = {"ws_ping_interval": 0.2, "ws_ping_timeout": 0.2}
    async with served(pour, **quick) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await ended.wait()
        while server.server_state.connections:
            await asyncio.sleep(0.01)
        writer.transport.abort()


async def test_a_refused_handshake_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def refuse(websocket: WebSocket) -> None:
        await websocket.send_denial_response(PlainTextResponse("No.", 403))

    async def silent(websocket: WebSocket) -> None:
        pass

    with caplog.at_level(logging.ERROR, "uvicorn.error"):
        async with served(refuse, log_config=None) as (_, port):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://127.0.0.1:{port}/")
            assert refused.value.response.status_code == 403
        assert caplog.messages == []
        async with served(silent, log_config=None) as (_, port):
            with pytest.raises(InvalidStatus):
                await connect(f"ws://127.0.0.1:{port}/")
        assert caplog.messages == ["ASGI callable returned without completing handshake."]


@pytest.mark.parametrize("end", ["answer", "close"])
async def test_a_message_may_be_answered_when_a_broken_frame_has_come(
    caplog: pytest.LogCaptureFixture, end: str
) -> None:
    heard, broken = asyncio.Event(), asyncio.Event()

    class Protocol(serving.SocketProtocol):
        def handle_parser_exception(self) -> None:
            broken.set()  # wakes the application between the end and the news of it
            super().handle_parser_exception()

    async def answer(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()
        heard.set()
        await broken.wait()
        with suppress(WebSocketDisconnect):
            await (websocket.send_text("yes") if end == "answer" else websocket.close())

    with caplog.at_level(logging.ERROR, "uvicorn.error"):
        async with served(answer, log_config=None, ws=Protocol) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HANDSHAKE)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"\x81\x82\0\0\0\0hi")
            await heard.wait()
            writer.write(b"\x83\x80\0\0\0\0")  # there is no such opcode
            assert b"invalid opcode" in await reader.read()
            writer.close()
    assert broken.is_set()
    assert caplog.messages == []


def test_many_files_may_be_open() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        serving.allow_many_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(serving.FILES, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_viewers_are_closed_one_after_the_other_and_find_the_door_shut() -> None:
    log = MemoryLog()
    feed = Feed(log)
    gateway = Gateway(log, feed, Desk(log, feed))
    async with served(gateway.__call__) as (_, port):
        url = f"ws://127.0.0.1:{port}/"
        viewers = [await connect(url) for _ in range(20)]
        while len(gateway) < len(viewers):
            await asyncio.sleep(0.01)
        await gateway.close()
        for viewer in [*viewers, await connect(url)]:
            with pytest.raises(ConnectionClosed):
                await viewer.recv()
            assert (viewer.close_code, viewer.close_reason) == (
                1012,
                "The dashboard is restarting.",
            )
        assert len(gateway) == 0
