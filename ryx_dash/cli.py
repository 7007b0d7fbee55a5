"""The ``ryx-dash`` command. ``python app.py`` is ``ryx-dash run``."""

import logging
import os
import secrets
import signal
import socket
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import anyio
import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp

from ryx_dash import __version__, backend, factory, serving, settings
from ryx_dash.archive.command import export_run, import_run
from ryx_dash.archive.export import MEDIA_TYPES
from ryx_dash.archive.rescue import set_aside
from ryx_dash.client import Client
from ryx_dash.errors import RyxError, SettingsError
from ryx_dash.settings import Settings

MAX_MESSAGE_BYTES = 1024 * 1024
"""Where the socket itself gives up on a message. The protocol's limit, 64 KiB, is refused with a
sentence by the gateway; only far larger messages are cut off without one."""

GRACE_SECONDS = 2
"""How long connections may still take once all runs have ended and every socket is closed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        chosen = settings.load(os.environ, arguments)
        if arguments.command == "ask":
            return ask_dashboard(chosen, arguments)
        if arguments.command in ("export", "import"):
            return move_run(chosen, arguments)
        if arguments.command == "set-aside":
            print(set_aside(chosen))
            return 0
        return run_backend(chosen) if arguments.command == "backend" else run(chosen)
    except RyxError as error:
        print(f"ryx-dash: {error.message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def run(chosen: Settings) -> int:
    """Serve the dashboard until a signal ends it."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    serving.allow_many_files()
    chosen = with_token(chosen)
    with bind(chosen.host, chosen.port) as listener:
        chosen = chosen.model_copy(update={"port": listener.getsockname()[1]})
        server = serving.Server(uvicorn_config(factory.create(chosen)))
        announce(chosen, sys.stdout)
        server.run(sockets=[listener])
    return 0


def run_backend(chosen: Settings) -> int:
    """Serve the embedded engine alone until a signal ends it."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    chosen = with_token(backend.settings_of(chosen))
    with bind(chosen.host, chosen.port) as listener:
        chosen = chosen.model_copy(update={"port": listener.getsockname()[1]})
        announce_backend(chosen, sys.stdout)
        anyio.run(partial(backend.run, chosen, listener, until=_a_signal))
    return 0


def ask_dashboard(chosen: Settings, arguments: Namespace) -> int:
    """Send a query to a running dashboard and print what happens; returns the exit status."""
    from ryx_dash import ask  # it draws in the terminal, which no server needs

    token = chosen.token.get_secret_value() if chosen.token else None
    client = Client(arguments.url or f"http://{_netloc(chosen)}", token, wait=False)
    run = partial(ask.ask, client, arguments.query, model=arguments.model, as_json=arguments.json)
    return anyio.run(run)


def move_run(chosen: Settings, arguments: Namespace) -> int:
    """Take a run out of the log into a file, or from a file into the log."""
    if arguments.command == "import":
        print(import_run(chosen, arguments.file))
    else:
        export_run(chosen, arguments.run, arguments.format, arguments.output)
    return 0


async def _a_signal() -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            return


def server_from_environment() -> ASGIApp:
    """The ASGI application for gunicorn and other servers, set by environment variables.

    Ends the process with one line when a setting is bad: a traceback would hide it.
    """
    try:
        return factory.create(settings.load(os.environ))
    except RyxError as error:
        raise SystemExit(f"ryx-dash: {error.message}") from None


def with_token(chosen: Settings) -> Settings:
    """The settings, with a token made up if others could reach the dashboard without one."""
    if chosen.loopback or chosen.token is not None:
        return chosen
    return chosen.model_copy(update={"token": SecretStr(secrets.token_urlsafe(24))})


def announce(chosen: Settings, out: TextIO) -> None:
    """Say where the dashboard is, with the token's link when it asks for one."""
    query = f"?token={chosen.token.get_secret_value()}" if chosen.token else ""
    print(f"Ryx Dash {__version__}  http://{_netloc(chosen)}/{query}", file=out)
    print(f"{_folders(chosen)} Ctrl+C ends it.", file=out, flush=True)


def announce_backend(chosen: Settings, out: TextIO) -> None:
    """Say where the backend is, with the setting for the dashboard that is to use it."""
    url = f"ws://{_netloc(chosen)}{backend.PATH}"
    print(f"Ryx backend {__version__}  {url}", file=out)
    token = f" RYX_WS_TOKEN={chosen.token.get_secret_value()}" if chosen.token else ""
    print(f"Show it with: RYX_WS_URL={url}{token} ryx-dash run", file=out)
    print(f"{_folders(chosen)} Ctrl+C ends it.", file=out, flush=True)


def _netloc(chosen: Settings) -> str:
    host = f"[{chosen.host}]" if ":" in chosen.host else chosen.host
    return f"{host}:{chosen.port}"


def _folders(chosen: Settings) -> str:
    return f"workspace {chosen.workspace}, log {chosen.log_path or 'in memory'}."


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises :class:`errors.SettingsError` when there can be none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()}. "
            "Stop what uses it, or choose another with RYX_PORT or --port."
        ) from None
    # Its connections inherit it. asyncio does this only for sockets that say which protocol they
    # are of; without it the body of an answer may wait 40 ms until its head is acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def uvicorn_config(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves the dashboard; ``gunicorn.conf.py`` gives its workers the same."""
    return uvicorn.Config(app, timeout_graceful_shutdown=GRACE_SECONDS, **UVICORN)


UVICORN: dict[str, Any] = {
    "ws": serving.SocketProtocol,
    "ws_max_size": MAX_MESSAGE_BYTES,
    # Compressed secrets beside text that others choose can be guessed by length; the messages
    # are small anyway.
    "ws_per_message_deflate": False,
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
    "log_level": "warning",
    # Its lines would hold the token of a link.
    "access_log": False,
    "server_header": False,
}


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="ryx-dash", description="A live view of AI-agent workflows.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"ryx-dash {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    for name, about in (
        ("run", "serve the dashboard"),
        ("backend", "serve the embedded engine alone, for a dashboard elsewhere"),
        ("export", "write a run of the log to a file"),
        ("import", "bring a run in from a file that was exported as JSON lines"),
        ("set-aside", "move a damaged log away, and keep the runs that can be read"),
        ("ask", "send a query to a running dashboard and print what happens"),
    ):
        command = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        settings.add_flags(command)
        if name == "export":
            command.add_argument("run", help="the run's id")
            command.add_argument("--format", choices=MEDIA_TYPES, default="jsonl")
            command.add_argument("-o", "--output", type=Path, help="a file; else it is printed")
        elif name == "import":
            command.add_argument("file", type=Path, help="the file")
    command.add_argument("query", help="what to ask")
    command.add_argument("--model", default=None, help="the language model to use")
    command.add_argument(
        "--url", default=None, help="the dashboard's address, if not --host/--port"
    )
    command.add_argument("--json", action="store_true", help="print one event a line, as JSON")
    return parser
