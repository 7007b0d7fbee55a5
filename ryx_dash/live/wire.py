"""One WebSocket, within limits: what is received, what is sent, and one end."""

import time
from contextlib import suppress

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from ryx_dash.errors import ProtocolError
from ryx_dash.live.limits import BURST, PATIENCE, PATIENCE_RATE, RATE, Bucket, Clock

REFUSED = 1008
FAILED = 1011
TOO_BUSY = 1013

CLOSE_SECONDS = 1.0
"""How long a close may wait for a reader that takes nothing."""

_REASON_BYTES = 123


class Wire:
    """An accepted connection. Its memory is bounded: one message is read at a time, and
    :meth:`send` waits for a slow reader.
    """

    def __init__(self, websocket: WebSocket, *, clock: Clock = time.monotonic) -> None:
        self.query = websocket.query_params
        self._websocket = websocket
        self._pace = Bucket(RATE, BURST, clock)
        self._patience = Bucket(PATIENCE_RATE, PATIENCE, clock)
        self._sending = anyio.Lock()
        self._ended = False

    async def receive(self) -> str | bytes | None:
        """The next message as it came; ``None`` when the connection is over.

        Raises :class:`errors.ProtocolError` (``too_fast``) in place of a message that came too
        soon; it is dropped. Whoever goes on like that is cut off.
        """
        if self._ended:
            return None
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            self._ended = True
            return None
        if not self._pace.take():
            if self._patience.take():
                raise ProtocolError(
                    f"More than {RATE:.0f} messages a second: this one was dropped. "
                    "Send it again, slower.",
                    code="too_fast",
                )
            await self.close(REFUSED, "Too many messages for too long.")
            return None
        text = message.get("text")
        return text if text is not None else bytes(message.get("bytes") or b"")

    async def send(self, text: str) -> None:
        """Send one message. A slow reader makes this wait, not the memory grow.

        Raises ``WebSocketDisconnect`` when the connection is over.
        """
        async with self._sending:
            if self._ended:
                raise WebSocketDisconnect
            try:
                await self._websocket.send_text(text)
            except WebSocketDisconnect:
                self._ended = True  # who sends next is told in the same way
                raise

    async def close(self, code: int, reason: str) -> None:
        """End the connection; the first to do so says why."""
        if self._ended:
            return
        self._ended = True
        with anyio.move_on_after(CLOSE_SECONDS), suppress(WebSocketDisconnect):
            async with self._sending:
                await self._websocket.close(code, cut(reason))


def cut(reason: str) -> str:
    """The reason, as long as a close frame may hold."""
    whole = reason.encode()
    if len(whole) <= _REASON_BYTES:
        return reason
    return whole[: _REASON_BYTES - len("…".encode())].decode(errors="ignore") + "…"
