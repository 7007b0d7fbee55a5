"""Builds the whole server out of settings. The only module that knows every part."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import anyio
from a2wsgi import WSGIMiddleware
from flask import Flask
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount, WebSocketRoute
from starlette.types import ASGIApp

from ryx_dash import serving
from ryx_dash.api.metrics import Metrics
from ryx_dash.api.routes import Api, on_error
from ryx_dash.callbacks.history import SPACING, History
from ryx_dash.callbacks.sharing import Sharing
from ryx_dash.door import Door
from ryx_dash.engine.engine import Engine
from ryx_dash.engine.models import KNOWN
from ryx_dash.errors import RyxError
from ryx_dash.live.counters import Counters
from ryx_dash.live.desk import Desk
from ryx_dash.live.dispatch import DRAIN_SECONDS, Dispatcher
from ryx_dash.live.feed import Feed
from ryx_dash.live.gateway import Gateway
from ryx_dash.live.keeper import Keeper
from ryx_dash.live.relay import Relay
from ryx_dash.live.retention import Retention
from ryx_dash.live.runner import Runner
from ryx_dash.log.analyst import Analyst
from ryx_dash.log.base import EventLog
from ryx_dash.log.open import open_log
from ryx_dash.page import Page
from ryx_dash.protocol.executor import Executor, Model
from ryx_dash.settings import Settings
from ryx_dash.websocket import public

WSGI_THREADS = 8
"""Threads that answer Dash's requests; a page has one callback under way at a time."""


T = TypeVar("T")


@dataclass
class Parts:
    """Everything a server is made of."""

    settings: Settings
    log: EventLog
    executor: Executor
    feed: Feed
    desk: Desk
    dispatcher: Dispatcher
    retention: Retention
    counters: Counters
    history: History
    keeper: Keeper


def create(settings: Settings, *, executor: Executor | None = None) -> ASGIApp:
    """The ASGI application; ``executor`` takes the place of the one that the settings name.

    Raises :class:`errors.RyxError` when the log cannot be opened.
    """
    parts = _assemble(settings, executor)
    advice = _Advice(parts.executor)
    analyst = Analyst(parts.log)
    page = Page(parts.log, parts.history, advice, analyst, backend=_backend(settings))
    gateway = Gateway(
        parts.log,
        parts.feed,
        parts.desk,
        most=settings.max_connections,
        link=parts.executor.link if isinstance(parts.executor, Relay) else None,
        counters=parts.counters,
    )
    metrics = Metrics(parts.log, parts.counters, lambda: gateway.connections)
    api = Api(parts.log, parts.desk, parts.executor, analyst, metrics)
    app = Starlette(
        routes=[
            WebSocketRoute("/api/workflow/stream", gateway.__call__),
            *api.routes(),
            Mount("/", app=_wsgi(page.flask)),
        ],
        exception_handlers={HTTPException: on_error, RyxError: on_error},
        lifespan=lambda _: _lifespan(parts, gateway, advice),
    )
    return Door(app, settings, csp=page.csp)


def _assemble(settings: Settings, executor: Executor | None) -> Parts:
    log = open_log(settings)
    executor = executor or _executor(settings)
    feed = Feed(log)
    counters = Counters()
    history = History(log)
    keeper = Keeper(partial(history.at, budget=None), every=SPACING)
    runner = Runner(log, feed, executor, counters=counters, note=keeper.note)
    dispatcher = Dispatcher(log, feed, runner, at_once=settings.max_runs)
    retention = Retention(log, days=settings.keep_days, runs=settings.keep_runs)
    return Parts(
        settings=settings,
        log=log,
        executor=executor,
        feed=feed,
        desk=Desk(log, feed),
        dispatcher=dispatcher,
        retention=retention,
        counters=counters,
        history=history,
        keeper=keeper,
    )


def _executor(settings: Settings) -> Executor:
    if settings.ws_url is None:
        return Engine(settings)
    token = settings.ws_token.get_secret_value() if settings.ws_token else None
    return Relay(settings.ws_url, token, silence=settings.silence, known=KNOWN)


def _wsgi(flask: Flask) -> ASGIApp:
    app: ASGIApp = WSGIMiddleware(flask, workers=WSGI_THREADS)
    return Sharing(app)


def _backend(settings: Settings) -> str:
    return "embedded engine" if settings.ws_url is None else public(settings.ws_url)


class _Advice:
    """Lets Dash's threads ask what can be chosen, which only the event loop can tell."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.loop: asyncio.AbstractEventLoop | None = None

    def models(self) -> list[Model]:
        """The models that can be chosen; none before the server has started."""
        return self._wait_for(self._executor.models)

    def examples(self) -> list[str]:
        """Questions for a first visit; none before the server has started."""
        return self._wait_for(self._executor.examples)

    def _wait_for(self, ask: Callable[[], Coroutine[Any, Any, list[T]]]) -> list[T]:
        if self.loop is None:
            return []
        return asyncio.run_coroutine_threadsafe(ask(), self.loop).result(timeout=10)


@asynccontextmanager
async def _lifespan(
    parts: Parts, gateway: Gateway, advice: _Advice
) -> AsyncIterator[dict[str, Any]]:
    async def drain() -> None:
        """No new runs; those under way end, or are ended; then viewers go elsewhere."""
        parts.desk.close()
        await parts.dispatcher.drain(at_most=DRAIN_SECONDS)
        await gateway.close()

    advice.loop = asyncio.get_running_loop()
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(parts.feed.run)
            tasks.start_soon(parts.dispatcher.run)
            tasks.start_soon(parts.retention.run)
            tasks.start_soon(parts.keeper.run)
            if isinstance(parts.executor, Relay):
                tasks.start_soon(parts.executor.run)
            yield {serving.DRAIN: drain}
            parts.desk.close()
            tasks.cancel_scope.cancel()
    finally:
        await parts.executor.aclose()
        parts.log.close()
