"""Opening a WebSocket to a Ryx server, and saying in one sentence why that did not work."""

import os
import re
import ssl
import time
from asyncio import Future
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from math import inf
from socket import SO_RCVBUF, SOL_SOCKET, gaierror
from urllib.parse import urlencode, urlsplit, urlunsplit

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
)

CLOSE_SECONDS = 0.5
PING_SECONDS = 10.0
"""How long the other side may take to answer, to a ping as to the first request."""

BACKLOG = 256 * 1024
"""Bytes that the system may keep for us unread. Pings of the other side wait behind them, and
must not wait for long when events come faster than the log takes them."""

MAX_MESSAGE = 32 * 1024 * 1024
"""Bytes of the largest message that is received; a larger one closes the connection (1009)."""

SOME_BYTES = 1024 * 1024
"""Bytes of messages from which on no more are taken at once."""

QUEUE = 4
"""Messages that may wait unread before the connection is not read from any more: what comes then
is read at once and not message by message."""

CONTRACT_HEADER = "Ryx-Contract"
"""By this header of its handshake a server says that it keeps the whole contract: the same command
twice has one effect, and runs are resumed."""

FAILURES = (OSError, InvalidHandshake, InvalidProxy, InvalidURI, ConnectionClosed, TimeoutError)
"""What opening or using a socket may raise when the other side, or the way to it, fails."""


@asynccontextmanager
async def opened(
    url: str, token: str | None, **query: str | int
) -> AsyncIterator[ClientConnection]:
    """A WebSocket to ``url``, through the environment's proxies, certificates checked.

    It is closed within :data:`CLOSE_SECONDS`, also when its user is cancelled. Raises one of
    :data:`FAILURES`; :func:`why` says it in words.
    """
    try:
        socket = await connect(
            _with_query(url, query),
            additional_headers={"Authorization": f"Bearer {token}"} if token else None,
            compression=None,
            open_timeout=PING_SECONDS,
            close_timeout=CLOSE_SECONDS,
            # The answer to a ping waits behind whatever is read too slowly: see `receive`.
            ping_interval=None,
            max_size=MAX_MESSAGE,
            max_queue=QUEUE,
        )
    except ImportError as error:  # of the optional package for SOCKS proxies
        raise OSError(f"{error}; install python-socks, or unset the proxy") from None
    socket.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, BACKLOG)
    try:
        yield socket
    finally:
        with anyio.CancelScope(shield=True):
            await socket.close()


async def receive(socket: ClientConnection, *, at_most: float = inf) -> bytes | None:
    """The next message; ``None`` if there is none within ``at_most`` seconds.

    When nothing comes, not even the answer to a ping, for twice :data:`PING_SECONDS`, the other
    side is not there any more. Raises one of :data:`FAILURES`.
    """
    end = time.monotonic() + at_most
    pong: Awaitable[float] | None = None
    while True:
        left = end - time.monotonic()
        with anyio.move_on_after(min(left, PING_SECONDS)):
            return await socket.recv(decode=False)
        if left <= PING_SECONDS:
            return None
        if isinstance(pong, Future) and not pong.done():
            raise TimeoutError
        pong = await socket.ping()


async def receive_some(socket: ClientConnection, *, at_most: float = inf, most: int) -> list[bytes]:
    """The next message, and with it up to ``most`` that are there already; none if there is none
    within ``at_most`` seconds. Raises as :func:`receive`.

    To wait for each message costs more than to read most of them.
    """
    first = await receive(socket, at_most=at_most)
    if first is None:
        return []
    found, size = [first], len(first)
    # Nothing of what is there is lost: the next call raises again, or gets the message.
    with suppress(*FAILURES), anyio.move_on_after(0):
        while len(found) < most and size < SOME_BYTES:
            found.append(await socket.recv(decode=False))
            size += len(found[-1])
    return found


def why(error: BaseException) -> str:
    """Why a socket could not be opened, or was closed: the end of a sentence."""
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status in (401, 403):
            return f"it refuses the token (HTTP {status})"
        return f"it answers HTTP {status} and no WebSocket"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return f"it does not answer within {PING_SECONDS:g} s"
    if isinstance(error, ConnectionClosed):
        return _closed(error)
    if isinstance(error, OSError):
        return _system(error)
    return str(error) or type(error).__name__


def final(error: BaseException) -> bool:
    """Whether another try would fail in the same way: a person has to change something."""
    if isinstance(error, InvalidStatus):
        return error.response.status_code in (400, 401, 403, 404)
    return isinstance(error, ssl.SSLCertVerificationError | InvalidURI | InvalidProxy)


def public(url: str) -> str:
    """The URL without what may be secret in it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def http_base(url: str) -> str:
    """Where the HTTP routes of the server of a WebSocket URL begin."""
    parts = urlsplit(url)
    return urlunsplit(("https" if parts.scheme == "wss" else "http", parts.netloc, "", "", ""))


def _system(error: OSError) -> str:
    """The system's own word for it: asyncio's names addresses, and all tries for one host."""
    if isinstance(error, gaierror):
        return "its name is not known"
    found = re.search(r"\[Errno (\d+)\]", str(error))
    return os.strerror(int(found[1])).lower() if found else str(error) or type(error).__name__


def _closed(error: ConnectionClosed) -> str:
    if error.rcvd is None:
        return "the connection broke off"
    reason = f", {error.rcvd.reason}" if error.rcvd.reason else ""
    return f"it closed the connection (code {error.rcvd.code}{reason})"


def _with_query(url: str, query: dict[str, str | int]) -> str:
    if not query:
        return url
    parts = urlsplit(url)
    joined = "&".join(part for part in (parts.query, urlencode(query)) if part)
    return urlunsplit(parts._replace(query=joined))
