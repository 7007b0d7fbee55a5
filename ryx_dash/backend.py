"""The embedded engine alone, behind the plain protocol: ``ryx-dash backend``.

It has a log of its own, so that a dashboard which was cut off resumes where it was.
"""

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from socket import socket
from urllib.parse import parse_qsl, urlsplit

import anyio
from anyio import to_thread
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Origin

from ryx_dash.engine.engine import Engine
from ryx_dash.live.desk import Desk
from ryx_dash.live.dispatch import DRAIN_SECONDS, Dispatcher
from ryx_dash.live.feed import Feed
from ryx_dash.live.program import Program
from ryx_dash.live.retention import Retention
from ryx_dash.live.runner import Runner
from ryx_dash.log.base import EventLog
from ryx_dash.log.open import open_log
from ryx_dash.protocol.executor import Executor
from ryx_dash.settings import Settings
from ryx_dash.websocket import CONTRACT_HEADER

PORT = 8000
PATH = "/api/workflow/stream"

MAX_MESSAGE = 1024 * 1024
"""Bytes at which the socket itself gives up on a message; the protocol's limit is far below."""

LAST_WORDS_SECONDS = 1.0
"""How long a backend that stops goes on sending the ends of its runs."""

SERVICE_RESTART = 1012


def settings_of(chosen: Settings) -> Settings:
    """The settings with what is different for a backend: its port and its log.

    A backend that shared the dashboard's log would take the dashboard's own runs.
    """
    changes: dict[str, object] = {}
    if "port" not in chosen.model_fields_set:
        changes["port"] = PORT
    if chosen.log_url is None:
        changes["log_url"] = f"sqlite:///{chosen.data_dir.expanduser() / 'backend.db'}"
    return chosen.model_copy(update=changes)


async def run(
    settings: Settings, listener: socket, *, until: Callable[[], Awaitable[object]]
) -> None:
    """Serve on ``listener`` until ``until()`` returns; runs under way may then end for a while.

    Raises :class:`errors.RyxError` when log or workspace cannot be used.
    """
    log = open_log(settings)
    engine = Engine(settings)
    try:
        await Backend(settings, log, engine).serve(listener, until)
    finally:
        await engine.aclose()
        log.close()


class Backend:
    """Serves the plain protocol over an executor."""

    def __init__(self, settings: Settings, log: EventLog, executor: Executor) -> None:
        self._settings = settings
        self._log = log
        self._executor = executor
        self._token = settings.token.get_secret_value() if settings.token else None
        self._feed = Feed(log)
        self._desk = Desk(log, self._feed)
        self._programs: set[Program] = set()

    async def serve(self, listener: socket, until: Callable[[], Awaitable[object]]) -> None:
        """Serve until ``until()`` returns."""
        runner = Runner(self._log, self._feed, self._executor)
        dispatcher = Dispatcher(self._log, self._feed, runner, at_once=self._settings.max_runs)
        kept = self._settings
        retention = Retention(self._log, days=kept.keep_days, runs=kept.keep_runs)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._feed.run)
            async with serve(
                self._connected,
                sock=listener,
                # A program sends no Origin; a page of somebody else's cannot but send its own.
                origins=[None, *map(Origin, self._settings.allowed_origins)],
                process_request=self._answer,
                process_response=_keep_contract,
                compression=None,
                max_size=MAX_MESSAGE,
                server_header=None,
            ) as server:
                async with anyio.create_task_group() as work:
                    work.start_soon(dispatcher.run)
                    work.start_soon(retention.run)
                    await until()
                    self._desk.close()
                    await dispatcher.drain(at_most=DRAIN_SECONDS)
                    work.cancel_scope.cancel()
                await self._say_last_words()
                server.close(code=SERVICE_RESTART, reason="The backend is stopping.")
            tasks.cancel_scope.cancel()

    async def _connected(self, connection: ServerConnection) -> None:
        try:
            async with anyio.create_task_group() as tasks:
                program = Program(self._log, self._feed, self._desk, _Connection(connection), tasks)
                self._programs.add(program)
                try:
                    await program.serve()
                finally:
                    self._programs.discard(program)
                tasks.cancel_scope.cancel()
        except* (ConnectionClosed, OSError):
            pass  # the other side has gone: the usual end of a connection

    async def _say_last_words(self) -> None:
        with anyio.move_on_after(LAST_WORDS_SECONDS):
            for program in tuple(self._programs):
                await program.finished()

    # -- HTTP -----------------------------------------------------------------------------------

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a request that is not for the WebSocket; ``None`` lets it open one."""
        path = urlsplit(request.path).path
        if path == "/health":
            return _json(connection, HTTPStatus.OK, {"status": "ok"})
        if not self._presents_token(request):
            return _refusal(
                connection,
                HTTPStatus.UNAUTHORIZED,
                "unauthorized",
                "This backend asks for a token: send Authorization: Bearer.",
            )
        if path == PATH:
            return None
        route = {"/api/models": self._models, "/ready": self._ready}.get(path)
        if route is None:
            return _refusal(
                connection, HTTPStatus.NOT_FOUND, "not_found", f"There is nothing at {path[:80]}."
            )
        return await route(connection)

    async def _models(self, connection: ServerConnection) -> Response:
        models = [asdict(model) for model in await self._executor.models()]
        return _json(connection, HTTPStatus.OK, {"models": models})

    async def _ready(self, connection: ServerConnection) -> Response:
        found = [await to_thread.run_sync(self._log.writable), await self._executor.problem()]
        reasons = [reason for reason in found if reason is not None]
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        return _json(connection, status, {"ready": not reasons, "reasons": reasons})

    def _presents_token(self, request: Request) -> bool:
        if self._token is None:
            return True
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        given = bearer.strip() if scheme.lower() == "bearer" else _query(request).get("token", "")
        return hmac.compare_digest(given.encode(errors="replace"), self._token.encode())


class _Connection:
    """The library's connection as :class:`live.program.Connection`."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        assert connection.request is not None
        self.query: Mapping[str, str] = _query(connection.request)

    async def receive(self) -> str | bytes | None:
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed:
            return None

    async def send(self, text: str) -> None:
        await self._connection.send(text)

    async def close(self, code: int, reason: str) -> None:
        await self._connection.close(code, reason)


def _keep_contract(_: ServerConnection, __: Request, response: Response) -> None:
    response.headers[CONTRACT_HEADER] = "1"


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))


def _refusal(connection: ServerConnection, status: HTTPStatus, code: str, message: str) -> Response:
    return _json(connection, status, {"error": {"code": code, "message": message}})


def _json(connection: ServerConnection, status: HTTPStatus, body: object) -> Response:
    response = connection.respond(status, json.dumps(body))
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
