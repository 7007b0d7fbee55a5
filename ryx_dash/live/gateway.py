"""The WebSocket at ``/api/workflow/stream``: one coroutine a connection, two dialects.

Without a subprotocol it speaks the plain protocol (contract, 4.1): commands in, events out. With
``ryx.dash.v1`` it tells the dashboard's page how far its run has grown (``live.session``).
"""

import json

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from ryx_dash.errors import ProtocolError, RyxError, UnknownRun
from ryx_dash.live.desk import Desk
from ryx_dash.live.feed import LATEST, Feed, Watch
from ryx_dash.live.session import BEAT_SECONDS, Follow, Request, Session
from ryx_dash.log.base import EventLog
from ryx_dash.protocol.codec import (
    MAX_COMMAND,
    decode_command,
    encode,
    error_event,
)
from ryx_dash.protocol.commands import CancelWorkflow, ExecuteWorkflow
from ryx_dash.protocol.frames import SUBPROTOCOL, Execute, decode_envelope

PAGE = 500
"""Events read from the log at once for a plain viewer: bounds the memory of each connection."""

TOO_LARGE = 1009


class Gateway:
    """Serves WebSocket connections on a log."""

    def __init__(self, log: EventLog, feed: Feed, desk: Desk) -> None:
        self._log = log
        self._feed = feed
        self._desk = desk

    async def __call__(self, websocket: WebSocket) -> None:
        """Serve one connection until it ends."""
        page = SUBPROTOCOL in websocket.scope.get("subprotocols", [])
        await websocket.accept(subprotocol=SUBPROTOCOL if page else None)
        serve = self._serve_page if page else self._serve_program
        try:
            async with anyio.create_task_group() as tasks:
                await serve(websocket, tasks)
                tasks.cancel_scope.cancel()
        except* (WebSocketDisconnect, OSError):
            pass  # the viewer has gone: the usual end of a connection

    # -- the dashboard's page -----------------------------------------------------------------

    async def _serve_page(self, websocket: WebSocket, tasks: TaskGroup) -> None:
        session = self._session(websocket)
        wake = _Signal()
        following = await self._follow(tasks, session, wake)
        tasks.start_soon(self._send_frames, websocket, session, wake)
        while (text := await _receive(websocket)) is not None:
            if _size(text) > MAX_COMMAND:
                await websocket.close(TOO_LARGE, "The message is over 64 KiB.")
                return
            for request in _requests(session, text):
                if isinstance(request, Follow):
                    following.cancel()
                    following = await self._follow(tasks, session, wake)
                else:
                    await self._carry_out(session, request)
            wake.set()

    def _session(self, websocket: WebSocket) -> Session:
        query = websocket.query_params
        seen = query.get("seen", "0")
        return Session(
            identity=self._log.identity,
            run=query.get("run") or None,
            seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 12 else 0,
            known_log=query.get("log") or None,
        )

    async def _send_frames(self, websocket: WebSocket, session: Session, wake: "_Signal") -> None:
        while True:
            while (frame := session.frame()) is not None:
                await websocket.send_text(json.dumps(frame))
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
                    session.observe(watch.run)

        tasks.start_soon(follow)
        await ready.wait()
        return scope

    async def _carry_out(self, session: Session, request: Request) -> None:
        assert not isinstance(request, Follow)
        try:
            if isinstance(request, Execute):
                run = await self._desk.start(
                    request.input, model=request.model, command_id=request.command_id
                )
            else:
                run = await self._desk.cancel(request.run_id)
        except RyxError as error:
            refusal = {"code": error.code, "message": error.message}
            session.acknowledge(request.command_id, {"error": refusal})
        else:
            session.acknowledge(request.command_id, {"run_id": run.run_id})

    # -- other programs -----------------------------------------------------------------------

    async def _serve_program(self, websocket: WebSocket, tasks: TaskGroup) -> None:
        viewer = _Program(self._log, self._feed, websocket, tasks)
        await self._resume(viewer, websocket)
        started: str | None = None
        while (text := await _receive(websocket)) is not None:
            try:
                command = decode_command(text)
                if isinstance(command, ExecuteWorkflow):
                    run = await self._desk.start(
                        command.input, model=command.model, command_id=command.command_id
                    )
                    started = run.run_id
                    viewer.follow(started)
                else:
                    await self._desk.cancel(_wanted(command, started))
            except RyxError as error:
                await viewer.send(error_event(error))
                if error.code == "too_large":
                    await websocket.close(TOO_LARGE, error.message)
                    return

    async def _resume(self, viewer: "_Program", websocket: WebSocket) -> None:
        run_id = websocket.query_params.get("run")
        if run_id is None:
            return
        try:
            since = _cursor(websocket.query_params.get("since", "0"))
            run = await to_thread.run_sync(self._log.run, run_id)
            if run is None:
                raise UnknownRun(f"There is no run {run_id[:80]!r}.")
            if since > run.head:
                raise ProtocolError(
                    f"since={since} is beyond the end of the run, which is {run.head}.",
                    code="bad_cursor",
                )
        except RyxError as error:
            await viewer.send(error_event(error))
        else:
            viewer.follow(run_id, after=since)


class _Program:
    """A connection that receives whole events of the runs that it started or resumed."""

    def __init__(self, log: EventLog, feed: Feed, websocket: WebSocket, tasks: TaskGroup) -> None:
        self._log = log
        self._feed = feed
        self._websocket = websocket
        self._tasks = tasks
        self._following: set[str] = set()
        self._sending = anyio.Lock()

    async def send(self, text: str) -> None:
        """Send one message. A slow reader makes this wait, not the memory grow."""
        async with self._sending:
            await self._websocket.send_text(text)

    def follow(self, run_id: str, *, after: int = 0) -> None:
        """Send the run's events after ``after`` and those to come, unless already doing so."""
        if run_id not in self._following:
            self._following.add(run_id)
            self._tasks.start_soon(self._tail, run_id, after)

    async def _tail(self, run_id: str, after: int) -> None:
        with self._feed.watch(run_id) as watch:
            while True:
                run = watch.run
                while run is not None and after < run.head:
                    upto = min(run.head, after + PAGE)
                    for text in await to_thread.run_sync(self._encoded, run_id, after, upto):
                        await self.send(text)
                    after = upto
                if run is None or run.status.ended:
                    return
                await watch.changed()

    def _encoded(self, run_id: str, after: int, upto: int) -> list[str]:
        return [encode(event) for event in self._log.read(run_id, after=after, upto=upto)]


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


def _requests(session: Session, text: str | bytes) -> list[Request]:
    try:
        messages = decode_envelope(text)
    except ProtocolError as error:
        session.refuse(error.code, error.message)
        return []
    return [request for message in messages if (request := session.receive(message))]


async def _receive(websocket: WebSocket) -> str | bytes | None:
    """The next message as it came; ``None`` when the viewer has gone."""
    if websocket.application_state != WebSocketState.CONNECTED:
        return None
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        return None
    text = message.get("text")
    return text if text is not None else bytes(message.get("bytes") or b"")


def _size(text: str | bytes) -> int:
    return len(text) if isinstance(text, bytes) else len(text.encode(errors="surrogatepass"))


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
