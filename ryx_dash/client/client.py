"""Commands to a running dashboard, and its events, over as many connections as it takes."""

import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import urlsplit, urlunsplit

import anyio
from websockets.asyncio.client import ClientConnection

from ryx_dash import backoff
from ryx_dash.errors import ProtocolError, RyxError
from ryx_dash.protocol.codec import Skipped, decode_event
from ryx_dash.protocol.events import Event, EventKind, JsonObject, outcome
from ryx_dash.protocol.reading import read_object
from ryx_dash.protocol.steps import RunStatus
from ryx_dash.websocket import FAILURES, final, opened, public, receive, why

PATH = "/api/workflow/stream"


class Unreachable(RyxError):
    """Nothing answers at the address, or it answered and then stayed away."""

    code = "unreachable"


class Refused(RyxError):
    """The dashboard refused a command; ``code`` is the one that it gave."""

    code = "refused"


class Client:
    """A dashboard, or a ``ryx-dash backend``, at ``url``: its page, its origin or its WebSocket.

    Nothing is connected before a method is used, and each run has a connection of its own. A
    connection that breaks is made again after 1, 2, 4 … 30 s, ten times at most, and the run goes
    on where it was. ``wait=False`` does not wait for a dashboard that is not there at first.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8050",
        token: str | None = None,
        *,
        wait: bool = True,
        pauses: Callable[[], Iterator[float]] = backoff.pauses,
    ) -> None:
        self.url = _stream_url(url)
        self._wait = wait
        self._token = token
        self._pauses = pauses

    def execute(self, query: str, *, model: str | None = None) -> "Execution":
        """Start a run. Iterate over what this returns to run it and see its events.

        Iterating raises :class:`Unreachable` or :class:`Refused`.
        """
        command: JsonObject = {"action": "execute_workflow", "input": query}
        if model is not None:
            command["model"] = model
        # The id makes it safe to send the command again when nothing was heard of it.
        command["command_id"] = uuid.uuid4().hex
        return Execution(self, command=command)

    def events(self, run_id: str, *, since: int = 0) -> "Execution":
        """The events of a run after ``since``, and those to come, up to its end.

        Iterating raises :class:`Unreachable` or :class:`Refused` (``unknown_run``,
        ``bad_cursor``).
        """
        return Execution(self, run_id=run_id, since=since)

    async def cancel(self, run_id: str) -> RunStatus:
        """End a run; returns how it has ended. A run that had ended keeps its status.

        Raises :class:`Unreachable` or :class:`Refused` (``unknown_run``).
        """
        execution = self.events(run_id)
        await execution.cancel()
        async for _ in execution:
            pass
        assert execution.status is not None
        return execution.status

    def _opened(self, **position: str | int):  # type: ignore[no-untyped-def]
        return opened(self.url, self._token, **position)


class Execution:
    """A run as it is seen from here: an asynchronous iterator of its events.

    ``run_id`` is known from the first event on; ``since`` is the ``seq`` of the last one;
    ``status`` is ``None`` until the run has ended.
    """

    def __init__(
        self,
        client: Client,
        *,
        command: JsonObject | None = None,
        run_id: str | None = None,
        since: int = 0,
    ) -> None:
        self._client = client
        self._command = command
        self._cancelling = False
        self._told = False
        self._socket: ClientConnection | None = None
        self._tries = 0
        self._met = client._wait
        self.run_id = run_id
        self.since = since
        self.status: RunStatus | None = None

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events()

    async def cancel(self) -> None:
        """Ask for the run's end; its last event then says how it ended."""
        self._cancelling = True
        if self._socket is not None:
            await self._tell(self._socket)

    async def _events(self) -> AsyncIterator[Event]:
        pauses = self._client._pauses()
        while self.status is None:
            try:
                async with self._client._opened(**self._position()) as socket:
                    await self._begin(socket)
                    while self.status is None:
                        raw = await receive(socket)
                        assert raw is not None
                        event = self._take(raw)
                        self._tries = 0
                        await self._tell(socket)
                        if event is not None:
                            yield event
            except FAILURES as error:
                await self._wait(error, pauses)
            finally:
                self._socket = None

    async def _begin(self, socket: ClientConnection) -> None:
        self._socket, self._told, self._met = socket, False, True
        if self.run_id is None:
            await socket.send(json.dumps(self._command))
        await self._tell(socket)

    async def _tell(self, socket: ClientConnection) -> None:
        """Pass the wish to cancel on, once a connection and as soon as the run is known."""
        if self._cancelling and not self._told and self.run_id is not None:
            self._told = True
            await socket.send(json.dumps({"action": "cancel_workflow", "run_id": self.run_id}))

    def _position(self) -> JsonObject:
        """Where to go on: with the last event, which says whether any can follow."""
        if self.run_id is None:
            return {}
        return {"run": self.run_id, "since": max(0, self.since - 1)}

    def _take(self, text: str | bytes) -> Event | None:
        """The event in a message. Raises :class:`Refused` when it is a refusal."""
        payload = read_object(text, lenient=True)
        if payload.get("event") == EventKind.ERROR:
            _check(payload)
            return None
        event = decode_event(payload)
        if isinstance(event, Skipped):
            return None
        self.run_id, self.status = event.run_id, outcome(event)
        if event.seq <= self.since:
            return None
        self.since = event.seq
        return event

    async def _wait(self, error: Exception, pauses: Iterator[float]) -> None:
        if final(error) or not self._met or self._tries == backoff.RETRIES:
            address = public(self._client.url)
            raise Unreachable(f"{address} cannot be reached: {why(error)}.") from error
        self._tries += 1
        await anyio.sleep(next(pauses))


def _check(payload: JsonObject) -> None:
    """Raise :class:`Refused` unless the ``error`` event is harmless."""
    data = payload.get("data")
    code = data.get("code") if isinstance(data, dict) else None
    if code != "run_ended":  # it was to be cancelled; how it ended is among its events
        raise Refused(str(payload.get("message")), code=str(code or Refused.code))


def _stream_url(url: str) -> str:
    """The WebSocket's address. Raises :class:`errors.ProtocolError` for what is no such URL."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in ("ws", "wss") or not parts.hostname:
        raise ProtocolError(
            f"{url[:100]!r} is no address of a dashboard; give one like http://127.0.0.1:8050.",
            code="bad_address",
        )
    path = parts.path if parts.path.endswith(PATH) else PATH
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))
