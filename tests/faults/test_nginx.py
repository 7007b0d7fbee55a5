"""nginx between page and server: reloaded, restarted, and with little patience."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import anyio
import pytest
from anyio import to_thread

from tests.browser.test_nginx import NGINX, configuration
from tests.faults.headless import HeadlessPage
from tests.faults.layer import Machine
from tests.faults.proxy import Proxy
from tests.faults.rounds import Rounds
from tests.faults.servers import Server
from tests.servers import free_port, until


class Nginx:
    """nginx in front of a server, with the directives of ``deploy/nginx.conf``."""

    def __init__(self, folder: Path, upstream: int) -> None:
        assert NGINX is not None, "nginx is missing: make test installs it"
        self.port = free_port()
        self.config = configuration(folder, self.port, upstream)
        self._command = [NGINX, "-c", str(self.config), "-e", str(folder / "error.log")]
        self._process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(self._command)
        until(lambda: (self.config.parent / "nginx.pid").exists())

    def stop(self) -> None:
        """End it, and every connection through it."""
        self._process.terminate()
        self._process.wait(60)

    def reload(self) -> None:
        """Let new workers take over; old ones keep their connections."""
        self._process.send_signal(signal.SIGHUP)


@pytest.fixture
def nginx(served: Server, tmp_path: Path) -> Iterator[Nginx]:
    """A started nginx."""
    with running_nginx(Nginx(tmp_path, served.port)) as front:
        yield front


@contextmanager
def running_nginx(front: Nginx) -> Iterator[Nginx]:
    """A started nginx for the length of a block."""
    front.start()
    try:
        yield front
    finally:
        front.stop()


async def test_reloaded(served: Server, nginx: Nginx, layer: Machine, seeds: list[int]) -> None:
    async def reload(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        for _ in range(3):
            await anyio.sleep(random.uniform(0, 0.8))
            nginx.reload()

    await Rounds(layer=layer, server=served, port=nginx.port).play(reload, seeds)


async def test_restarted(served: Server, nginx: Nginx, layer: Machine, seeds: list[int]) -> None:
    one_at_a_time = anyio.Lock()

    async def restart(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        await anyio.sleep(random.uniform(0, 1))
        async with one_at_a_time:
            await to_thread.run_sync(nginx.stop)
            await anyio.sleep(random.uniform(0, 0.3))
            await to_thread.run_sync(nginx.start)

    await Rounds(layer=layer, server=served, port=nginx.port).play(restart, seeds)


async def test_ten_seconds_of_patience(
    served: Server, tmp_path: Path, layer: Machine, seeds: list[int]
) -> None:
    """An idle limit below the heartbeat cuts the connection; the page returns each time."""
    front = Nginx(tmp_path, served.port)
    text = front.config.read_text()
    front.config.write_text(re.sub(r"proxy_read_timeout \S+;", "proxy_read_timeout 10s;", text))
    with running_nginx(front):

        async def wait_idle(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
            await anyio.sleep(random.uniform(11, 13))

        rounds = Rounds(layer=layer, server=served, port=front.port, rate=1, at_once=40)
        await rounds.play(wait_idle, seeds)
