"""uvicorn, with an end in good order and without the sockets that it would wait for in vain."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from socket import socket
from typing import Any

import anyio
import uvicorn
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

DRAIN = "drain"
"""Key of the lifespan state under which an application may leave a function without arguments
that brings its work to an end while connections are still served."""

FILES = 65_536
"""Open files wanted: one a connection. Many systems begin at 1,024 and allow more."""


class Server(uvicorn.Server):
    """Lets the application come to an end before its connections are cut."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """As uvicorn does; then what is there to stay is left out of garbage collections.

        Looking through all modules and the page takes 60 ms or more, in which every socket waits.
        """
        await super().startup(sockets)
        gc.collect()
        gc.freeze()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Take no more connections, let the application drain, then do as uvicorn does."""
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        drain: Callable[[], Awaitable[None]] | None = self.lifespan.state.get(DRAIN)
        if drain is not None:
            await self._unless_forced(drain)
        await super().shutdown(sockets)

    async def _unless_forced(self, drain: Callable[[], Awaitable[None]]) -> None:
        """Drain; a second Ctrl+C ends that too."""
        async with anyio.create_task_group() as tasks:

            async def until_forced() -> None:
                while not self.force_exit:  # noqa: ASYNC110, uvicorn sets no event
                    await asyncio.sleep(0.1)
                tasks.cancel_scope.cancel()

            tasks.start_soon(until_forced)
            await drain()
            tasks.cancel_scope.cancel()


class SocketProtocol(WebSocketsSansIOProtocol):
    """Gives up on readers that take nothing, and says nothing wrong about refusals."""

    async def send(self, message: Any) -> None:
        """As uvicorn does; but a handshake that was refused is complete, and no error.

        Nor is it one of the application to answer a message after which came bytes that are no
        frame: uvicorn ends the connection then, before the application can know.
        """
        if self.close_sent and message["type"] in ("websocket.send", "websocket.close"):
            raise ClientDisconnected
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True

    def keepalive_timeout(self) -> None:
        """The other side answers no pings."""
        super().keepalive_timeout()
        self._give_up()

    def shutdown(self) -> None:
        """The server stops."""
        super().shutdown()
        self._give_up()

    def _give_up(self) -> None:
        """A transport closes when all is sent, which a reader that takes nothing puts off."""
        if not self.writable.is_set():
            self.transport.abort()


def allow_many_files() -> None:
    """Raise this process's limit of open files as far as it may by itself."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
