"""Whether the backend is there: one connection that is kept for nothing but knowing it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import anyio
from anyio.abc import TaskGroup
from websockets.asyncio.client import ClientConnection

from ryx_dash import backoff
from ryx_dash.websocket import FAILURES, opened, public, why

State = Literal["connecting", "connected", "disconnected"]

PING_SECONDS = 10.0
"""Pause between two looks whether a quiet backend still answers."""

STEADY_SECONDS = 5.0
"""How long a connection must last for the pauses to begin anew when it is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """How the link to the backend stands.

    ``attempt`` counts tries since it was last there, ``next`` is the moment of the next one,
    ``heard`` that of the last sign of life, both on the monotonic clock; ``reason`` is the end of
    a sentence that begins with the backend.
    """

    address: str
    state: State = "connecting"
    attempt: int = 0
    next: float | None = None
    heard: float | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The state as it goes to the page: ``next`` and ``heard`` are seconds from now, and ago,
        since the page's clock may differ.
        """
        now = time.monotonic()
        return {
            "address": self.address,
            "state": self.state,
            "attempt": self.attempt,
            "next": None if self.next is None else round(max(0.0, self.next - now), 1),
            "heard": None if self.heard is None else round(now - self.heard, 1),
            "reason": self.reason,
        }


class Link:
    """Keeps a connection to the backend and says how that goes."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        pauses: Callable[[], Iterator[float]] = backoff.pauses,
    ) -> None:
        self._url = url
        self._token = token
        self._pauses = pauses
        self._state = LinkState(address=public(url))
        self._heard: float | None = None
        self._changed = anyio.Event()

    @property
    def state(self) -> LinkState:
        """How the link stands now."""
        return replace(self._state, heard=self._heard)

    def as_json(self) -> dict[str, Any]:
        """The present state as it goes to the page."""
        return self.state.as_json()

    def heard(self) -> None:
        """The backend has just sent something, on whichever connection."""
        self._heard = time.monotonic()

    async def changed(self) -> None:
        """Wait until the link comes up, goes down or is tried again."""
        await self._changed.wait()

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the backend is there."""
        with anyio.move_on_after(seconds):
            while self._up():  # it may not have noticed yet what the caller has
                await self.changed()
            while not self._up():
                await self.changed()

    async def keep(self) -> None:
        """Connect, stay connected, and try again for ever when that fails; until cancelled."""
        pauses = self._pauses()
        while True:
            self._become("connecting", attempt=self._state.attempt + 1)
            begun = time.monotonic()
            try:
                async with opened(self._url, self._token) as socket:
                    self._become("connected")
                    await self._watch(socket)
            except FAILURES as error:
                if time.monotonic() - begun > STEADY_SECONDS:
                    pauses = self._pauses()
                seconds = next(pauses)
                self._become(
                    "disconnected",
                    attempt=self._state.attempt,
                    next=time.monotonic() + seconds,
                    reason=why(error),
                )
                await anyio.sleep(seconds)

    async def _watch(self, socket: ClientConnection) -> None:
        """Return never; raises when the connection is lost."""
        failures: list[Exception] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._ping, socket, tasks, failures)
            try:
                while True:
                    await socket.recv(decode=False)
                    self.heard()
            except FAILURES as error:
                failures.append(error)
                tasks.cancel_scope.cancel()
        raise failures[0]

    async def _ping(
        self, socket: ClientConnection, tasks: TaskGroup, failures: list[Exception]
    ) -> None:
        try:
            while True:
                with anyio.fail_after(PING_SECONDS):
                    await (await socket.ping())
                self.heard()
                await anyio.sleep(PING_SECONDS)
        except FAILURES as error:
            failures.append(error)
            tasks.cancel_scope.cancel()

    def _up(self) -> bool:
        return self._state.state == "connected"

    def _become(self, state: State, **changes: Any) -> None:
        if state == "connected":
            self.heard()
        self._state = LinkState(address=self._state.address, state=state, **changes)
        self._changed.set()
        self._changed = anyio.Event()
