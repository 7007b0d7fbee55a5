"""Gathering small pieces of text into fewer, larger ones without making anyone wait."""

from collections.abc import Awaitable, Callable

import anyio


class Gatherer:
    """Takes pieces, and sends what came within ``window`` seconds as one text.

    ``run`` sends beside whoever adds, and returns once everything before ``close`` is sent.
    """

    def __init__(self, send: Callable[[str], Awaitable[None]], window: float) -> None:
        self._send = send
        self._window = window
        self._pieces: list[str] = []
        self._added = anyio.Event()
        self._closed = anyio.Event()

    def add(self, piece: str) -> None:
        """Take a piece; it is sent at most ``window`` later."""
        self._pieces.append(piece)
        self._added.set()

    def close(self) -> None:
        """Let ``run`` send the rest at once and return."""
        self._closed.set()
        self._added.set()

    async def run(self) -> None:
        """Send until closed."""
        while self._pieces or not self._closed.is_set():
            await self._added.wait()
            with anyio.move_on_after(self._window):
                await self._closed.wait()
            text = "".join(self._pieces)
            self._pieces.clear()
            self._added = anyio.Event()
            if self._closed.is_set():
                self._added.set()
            if text:
                await self._send(text)
