"""The WebSocket at ``/api/workflow/stream``: one coroutine a connection, two dialects.

Without a subprotocol it speaks the plain protocol (contract, 4.1): commands in, events out. With
``ryx.dash.v1`` it tells the dashboard's page how far its run has grown (``live.session``).
"""

import json
import random
import time
from collections.abc import Mapping
from typing import Any

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup
from starlette.websockets import WebSocket, WebSocketDisconnect

from ryx_dash.errors import LogError, ProtocolError, RunEnded, RyxError
from ryx_dash.live.counters import Counters
from ryx_dash.live.desk import Desk
from ryx_dash.live.feed import ALL, LATEST, Feed, Watch
from ryx_dash.live.link import Link
from ryx_dash.live.program import RESTARTING, TOO_LARGE, Program
from ryx_dash.live.session import BEAT_SECONDS, Follow, Request, Session
from ryx_dash.live.wire import FAILED, TOO_BUSY, Wire
from ryx_dash.log.base import EventLog, Run
from ryx_dash.protocol.codec import MAX_COMMAND
from ryx_dash.protocol.frames import SUBPROTOCOL, Cancel, Execute, decode_envelope
from ryx_dash.websocket import CONTRACT_HEADER

CLOSING_SECONDS = 2.0
"""Over how long a time many connections are closed, so that they do not all come back at once."""

CLOSINGS_A_SECOND = 100

LAST_WORDS_SECONDS = 1.0
"""How long programs are sent the ends of their runs before that."""


LIST_SECONDS = 0.5
"""How long changes are gathered for someone who watches all runs: nobody reads a list faster."""

TOGETHER_SECONDS = 0.002
"""For each of many viewers of one run, how far apart they are all told of its growth: told at the
same time they ask the same, which is answered once (:mod:`callbacks.sharing`)."""

FEW = 4
"""Viewers of one run that are told at once, each by itself."""

STOPPING = "The dashboard is restarting."


class Gateway:
    """Serves WebSocket connections on a log, ``most`` of them at once."""

    def __init__(
        self,
        log: EventLog,
        feed: Feed,
        desk: Desk,
        *,
        most: int = 2_000,
        link: Link | None = None,
        counters: Counters | None = None,
    ) -> None:
        self._log = log
        self._feed = feed
        self._desk = desk
        self._most = most
        self._link = link
        self._counters = counters or Counters()
        self._wires: set[Wire] = set()
        self._programs: set[Program] = set()
        self._closing = False

    async def __call__(self, websocket: WebSocket) -> None:
        """Serve one connection until it ends."""
        page = SUBPROTOCOL in websocket.scope.get("subprotocols", [])
        await websocket.accept(
            subprotocol=SUBPROTOCOL if page else None,
            headers=[(CONTRACT_HEADER.lower().encode(), b"1")],
        )
        wire = Wire(websocket)
        if self._closing:
            await wire.close(RESTARTING, STOPPING)
        elif len(self._wires) >= self._most:
            self._counters.refused("too_busy")
            await wire.close(TOO_BUSY, f"The server has {self._most:,} viewers and takes no more.")
        else:
            await self._serve(wire, page)

    def __len__(self) -> int:
        """How many connections there are."""
        return len(self._wires)

    @property
    def connections(self) -> tuple[int, int]:
        """How many of them are pages, and how many are other programs."""
        return len(self._wires) - len(self._programs), len(self._programs)

    async def close(self) -> None:
        """Close every connection with 1012, one after the other, and take no more.

        A page goes on elsewhere; a program may not know how, so it first gets what there is.
        """
        self._closing = True
        with anyio.move_on_after(LAST_WORDS_SECONDS):
            for program in tuple(self._programs):
                await program.finished()
        wires = list(self._wires)
        random.shuffle(wires)
        pause = min(1 / CLOSINGS_A_SECOND, CLOSING_SECONDS / max(len(wires), 1))
        async with anyio.create_task_group() as tasks:
            for wire in wires:
                tasks.start_soon(wire.close, RESTARTING, STOPPING)
                await anyio.sleep(pause)

    async def _serve(self, wire: Wire, page: bool) -> None:
        serve = self._serve_page if page else self._serve_program
        self._wires.add(wire)
        try:
            async with anyio.create_task_group() as tasks:
                await serve(wire, tasks)
                tasks.cancel_scope.cancel()
        except* (WebSocketDisconnect, OSError):
            pass  # the viewer has gone: the usual end of a connection
        except* LogError as group:
            await wire.close(FAILED, str(group.exceptions[0]))
        finally:
            self._wires.discard(wire)

    # -- the dashboard's page -----------------------------------------------------------------

    async def _serve_page(self, wire: Wire, tasks: TaskGroup) -> None:
        session = self._session(wire)
        wake = _Signal()
        following = await self._follow(tasks, session, wake)
        tasks.start_soon(self._send_frames, wire, session, wake)
        if self._link is not None:
            tasks.start_soon(self._follow_link, self._link, session, wake)
        while (requests := await self._hear(wire, session)) is not None:
            for request in requests:
                answer = None
                if not isinstance(request, Follow):
                    answer = await self._carry_out(wire, session, request)
                if session.elsewhere:
                    following.cancel()
                    following = await self._follow(tasks, session, wake)
                if answer is not None:  # in a frame of the run that it is about
                    session.acknowledge(*answer)
            wake.set()

    def _session(self, wire: Wire) -> Session:
        seen = wire.query.get("seen", "0")
        return Session(
            identity=self._log.identity,
            run=wire.query.get("run") or None,
            seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 12 else 0,
            known_log=wire.query.get("log") or None,
            link=self._link.as_json if self._link is not None else None,
        )

    async def _follow_link(self, link: Link, session: Session, wake: "_Signal") -> None:
        while True:
            await link.changed()
            session.link_changed()
            wake.set()

    async def _hear(self, wire: Wire, session: Session) -> list[Request] | None:
        """What the page's next message asks for; ``None`` when the connection is over."""
        try:
            text = await wire.receive()
            if text is None:
                return None
            if _size(text) > MAX_COMMAND:
                await wire.close(TOO_LARGE, "The message is over 64 KiB.")
                return None
            messages = decode_envelope(text)
        except ProtocolError as error:
            self._counters.refused(error.code)
            session.refuse(error.code, error.message)
            return []
        return [request for message in messages if (request := session.receive(message))]

    async def _send_frames(self, wire: Wire, session: Session, wake: "_Signal") -> None:
        while True:
            while (frame := session.frame()) is not None:
                await wire.send(json.dumps(frame))
                self._counters.sent()
            with anyio.move_on_after(BEAT_SECONDS) as idle:
                await wake.wait()
            if idle.cancelled_caught:
                session.beat()

    async def _follow(
        self, tasks: TaskGroup, session: Session, wake: "_Signal"
    ) -> anyio.CancelScope:
        """Start telling the session about the run that it wants; cancel the scope to stop."""
        scope = anyio.CancelScope()
        ready = anyio.Event()

        async def follow() -> None:
            with scope, self._feed.watch(session.wanted or LATEST) as watch:
                _observe(session, watch)
                ready.set()
                while True:
                    wake.set()
                    await watch.changed()
                    await anyio.sleep(_pause(watch, self._feed.watchers(watch.key)))
                    session.observe(watch.run)

        tasks.start_soon(follow)
        await ready.wait()
        return scope

    async def _carry_out(
        self, wire: Wire, session: Session, request: Execute | Cancel
    ) -> tuple[str, Mapping[str, Any]] | None:
        """Carry out a command. Gives what to acknowledge; a run that was begun is followed."""
        try:
            run = await self._ask(request)
        except RyxError as error:
            if error.code == "closing":  # not refused: the page sends it to the next worker
                await wire.close(RESTARTING, STOPPING)
                return None
            self._counters.refused(error.code)
            return request.command_id, {"error": {"code": error.code, "message": error.message}}
        if isinstance(request, Execute):
            session.follow(run.run_id)
        return request.command_id, {"run_id": run.run_id}

    async def _ask(self, request: Execute | Cancel) -> Run:
        if isinstance(request, Execute):
            return await self._desk.start(
                request.input, model=request.model, command_id=request.command_id
            )
        try:
            return await self._desk.cancel(request.run_id)
        except RunEnded:
            run = await to_thread.run_sync(self._log.run, request.run_id)
            if run is None or not run.cancel_requested:
                raise
            return run  # it has had its effect; the acknowledgement was lost on its way

    # -- other programs -----------------------------------------------------------------------

    async def _serve_program(self, wire: Wire, tasks: TaskGroup) -> None:
        program = Program(
            self._log, self._feed, self._desk, wire, tasks, refused=self._counters.refused
        )
        self._programs.add(program)
        try:
            await program.serve()
        finally:
            self._programs.discard(program)


class _Signal:
    """Wakes one waiter; a wake before the wait is kept."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self) -> None:
        await self._event.wait()
        self._event = anyio.Event()


def _observe(session: Session, watch: Watch) -> None:
    session.observe(watch.run)
    if watch.run is None and session.wanted is not None:
        session.refuse("unknown_run", f"There is no run {session.wanted[:80]!r}.")


def _pause(watch: Watch, watchers: int) -> float:
    """Seconds until a viewer is told of a change, so that others are told at the same time."""
    if watch.key == ALL:
        return LIST_SECONDS
    if watchers <= FEW:
        return 0.0
    period = TOGETHER_SECONDS * watchers
    return period - time.monotonic() % period


def _size(text: str | bytes) -> int:
    return len(text) if isinstance(text, bytes) else len(text.encode(errors="surrogatepass"))
