"""The plain protocol (contract, 4.1) over any connection: commands in, events out."""

from collections.abc import Callable, Mapping
from typing import Protocol

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from ryx_dash.errors import ProtocolError, RyxError, UnknownRun
from ryx_dash.live.desk import Desk
from ryx_dash.live.feed import Feed
from ryx_dash.log.base import EventLog
from ryx_dash.protocol.codec import decode_command, encode, error_event
from ryx_dash.protocol.commands import CancelWorkflow, ExecuteWorkflow

MOST_RUNS = 64
"""Runs under way that one connection may follow."""

TOO_LARGE = 1009
RESTARTING = 1012
ENDS = {"too_large": TOO_LARGE, "closing": RESTARTING}
"""Errors after which the connection is closed, and with which code."""


class Connection(Protocol):
    """A WebSocket, whichever library serves it."""

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of its address."""
        ...

    async def receive(self) -> str | bytes | None:
        """The next message as it came; ``None`` when the other side has gone.

        Raises :class:`errors.ProtocolError` in place of a message that is not taken.
        """
        ...

    async def send(self, text: str) -> None:
        """Send one message. A slow reader makes this wait."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """End the connection."""
        ...


class Program:
    """Serves one connection that receives whole events of the runs it started or resumed."""

    def __init__(
        self,
        log: EventLog,
        feed: Feed,
        desk: Desk,
        connection: Connection,
        tasks: TaskGroup,
        *,
        refused: Callable[[str], None] | None = None,
    ) -> None:
        self._log = log
        self._feed = feed
        self._desk = desk
        self._connection = connection
        self._tasks = tasks
        self._refused = refused or (lambda _: None)
        self._following: set[str] = set()
        self._started: str | None = None
        self._sending = anyio.Lock()
        self._tails = 0
        self._tail_ended = anyio.Event()

    async def finished(self) -> None:
        """Wait until every run that is followed has been sent to its end."""
        while self._tails:
            await self._tail_ended.wait()

    async def serve(self) -> None:
        """Serve until the other side goes, or has to."""
        await self._resume()
        while True:
            try:
                text = await self._connection.receive()
                if text is None:
                    return
                await self._obey(text)
            except RyxError as error:
                await self._refuse(error)
                if error.code in ENDS:
                    await self._connection.close(ENDS[error.code], error.message)
                    return

    async def _obey(self, text: str | bytes) -> None:
        command = decode_command(text)
        if isinstance(command, ExecuteWorkflow):
            if self._tails >= MOST_RUNS:
                raise ProtocolError(
                    f"This connection follows {MOST_RUNS} runs that go on. Wait for one to end, "
                    "or open another connection.",
                    code="too_many_runs",
                )
            run = await self._desk.start(
                command.input, model=command.model, command_id=command.command_id
            )
            self._started = run.run_id
            self._follow(run.run_id)
        else:
            await self._desk.cancel(_wanted(command, self._started))

    async def _resume(self) -> None:
        run_id = self._connection.query.get("run")
        if run_id is None:
            return
        try:
            since = _cursor(self._connection.query.get("since", "0"))
            run = await to_thread.run_sync(self._log.run, run_id)
            if run is None:
                raise UnknownRun(f"There is no run {run_id[:80]!r}.")
            if since > run.head:
                raise ProtocolError(
                    f"since={since} is beyond the end of the run, which is {run.head}.",
                    code="bad_cursor",
                )
        except RyxError as error:
            await self._refuse(error)
        else:
            self._follow(run_id, after=since)

    async def _refuse(self, error: RyxError) -> None:
        self._refused(error.code)
        await self._send(error_event(error))

    async def _send(self, text: str) -> None:
        async with self._sending:
            await self._connection.send(text)

    def _follow(self, run_id: str, *, after: int = 0) -> None:
        """Send the run's events after ``after`` and those to come, unless already doing so."""
        if run_id not in self._following:
            self._following.add(run_id)
            self._tails += 1
            self._tasks.start_soon(self._tail, run_id, after)

    async def _tail(self, run_id: str, after: int) -> None:
        with self._feed.watch(run_id) as watch:
            while True:
                run = watch.run
                while run is not None and after < run.head:
                    texts = await to_thread.run_sync(self._encoded, run_id, after, run.head)
                    if not texts:
                        break  # the run was taken out of the log
                    for text in texts:
                        await self._send(text)
                    after += len(texts)
                if run is None or run.status.ended:
                    break
                await watch.changed()
        self._tails -= 1
        self._tail_ended.set()
        self._tail_ended = anyio.Event()

    def _encoded(self, run_id: str, after: int, upto: int) -> list[str]:
        return [encode(event) for event in self._log.page(run_id, after=after, upto=upto)]


def _wanted(command: CancelWorkflow, started: str | None) -> str:
    run_id = command.run_id or started
    if run_id is None:
        raise ProtocolError(
            "run_id: this connection has started no run, so cancel_workflow must name one.",
            code="bad_field",
        )
    return run_id


def _cursor(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise ProtocolError(f"since: {text[:40]!r} is not a whole number.", code="bad_cursor")
    return int(text)
