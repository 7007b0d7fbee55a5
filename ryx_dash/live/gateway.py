"""The WebSocket at ``/api/workflow/stream``: one coroutine a connection, two dialects.

Without a subprotocol it speaks the plain protocol (contract, 4.1): commands in, events out. With
``ryx.dash.v1`` it tells the dashboard's page how far its run has grown (``live.session``).
"""

import json

import anyio
from anyio.abc import TaskGroup
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from ryx_dash.errors import ProtocolError, RyxError
from ryx_dash.live.desk import Desk
from ryx_dash.live.feed import LATEST, Feed, Watch
from ryx_dash.live.program import TOO_LARGE, Program
from ryx_dash.live.session import BEAT_SECONDS, Follow, Request, Session
from ryx_dash.log.base import EventLog
from ryx_dash.protocol.codec import MAX_COMMAND
from ryx_dash.protocol.frames import SUBPROTOCOL, Execute, decode_envelope


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
        connection = _Connection(websocket)
        await Program(self._log, self._feed, self._desk, connection, tasks).serve()


class _Connection:
    """Starlette's WebSocket as :class:`live.program.Connection`."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self.query = websocket.query_params

    async def receive(self) -> str | bytes | None:
        return await _receive(self._websocket)

    async def send(self, text: str) -> None:
        await self._websocket.send_text(text)

    async def close(self, code: int, reason: str) -> None:
        await self._websocket.close(code, reason)


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
