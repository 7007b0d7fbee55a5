"""Real servers for tests: in a thread of this process, or as processes of their own."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from starlette.types import ASGIApp

from ryx_dash.cli import UVICORN

ROOT = Path(__file__).parent.parent
START_SECONDS = 60

# Every port that a dashboard of this process has had, and whether it has it now. A port that was
# left is used again: a browser keeps what it has loaded and compiled by origin, so the page opens
# several times as fast at an address that it knows.
PORTS: dict[int, bool] = {}


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nothing listens on this port."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@contextmanager
def known_port() -> Iterator[int]:
    """A port that an earlier dashboard has left, or another free one."""
    left = (port for port, taken in PORTS.items() if not taken and is_free(port))
    port = next(left, None) or free_port()
    PORTS[port] = True
    try:
        yield port
    finally:
        PORTS[port] = False


@contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """Serve an application in a thread; gives ``127.0.0.1:<port>``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, timeout_graceful_shutdown=2, **UVICORN))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            until(lambda: server.started)
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def until(condition: object, *, seconds: float = START_SECONDS, pause: float = 0.02) -> None:
    """Wait until ``condition()`` is true; fail if that takes ``seconds``. It is asked every
    ``pause``.
    """
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        if time.monotonic() > end:
            raise TimeoutError(f"{condition} did not come true in {seconds} s")
        time.sleep(pause)


@dataclass
class Dashboard:
    """A running dashboard process. ``output`` is a file with all that it printed."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def printed(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(errors="replace")

    def wait_until_served(self, *, headers: dict[str, str] | None = None) -> None:
        """Return when ``/health`` answers."""

        def answers() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(f"the dashboard ended:\n{self.printed}")
            try:
                return httpx.get(f"{self.url}/health", headers=headers).status_code == 200
            except httpx.TransportError:
                return False

        until(answers)

    def stop(self) -> None:
        """End it as a person would, then for certain, with all its workers."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5)


@contextmanager
def dashboard(
    folder: Path,
    *,
    workers: int = 0,
    port: int | None = None,
    target: str = "app:server",
    **env: str,
) -> Iterator[Dashboard]:
    """A dashboard process with its log in ``folder``.

    ``workers=0`` is ``python app.py``, more is gunicorn with the application ``target``. The
    workspace is ``folder/workspace`` unless ``RYX_WORKSPACE`` is given; no language model is
    reachable unless ``RYX_LLM_URL`` is.
    """
    command = ("-m", "gunicorn", target) if workers else ("app.py",)
    env = {"WEB_CONCURRENCY": str(workers), **env}
    with ExitStack() as stack:
        port = port or stack.enter_context(known_port())
        yield stack.enter_context(_process(folder, command, port, env))


@contextmanager
def engine_backend(
    folder: Path,
    *,
    port: int | None = None,
    command: tuple[str, ...] = ("-m", "ryx_dash", "backend"),
    **env: str,
) -> Iterator[Dashboard]:
    """A ``ryx-dash backend`` process, set up as :func:`dashboard` sets up a dashboard.

    ``command`` is another program of the kind.
    """
    with _process(folder, command, port or free_port(), env) as running:
        yield running


@contextmanager
def _process(
    folder: Path, command: tuple[str, ...], port: int, env: dict[str, str]
) -> Iterator[Dashboard]:
    workspace = folder / "workspace"
    workspace.mkdir(parents=True, exist_ok=True)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("RYX_")}
    environment = {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "RYX_PORT": str(port),
        "RYX_DATA_DIR": str(folder / "data"),
        "RYX_WORKSPACE": str(workspace),
        "RYX_LLM_URL": "http://127.0.0.1:9/v1",
        **env,
    }
    output = folder / f"output-{port}.txt"
    with output.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Dashboard(process, port, output)
    try:
        running.wait_until_served()
        yield running
    finally:
        running.stop()
