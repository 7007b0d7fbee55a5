"""The page through nginx, with the directives of deploy/nginx.conf."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from dash.testing.browser import Browser

from tests.browser.conftest import fill_workspace
from tests.browser.page import PageUnderTest
from tests.servers import ROOT, Dashboard, dashboard, free_port, until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def configuration(folder: Path, listen: int, upstream: int) -> Path:
    """The documented server block between the lines that every nginx needs, on other ports."""
    block = (ROOT / "deploy" / "nginx.conf").read_text()
    block = block.replace("127.0.0.1:8050", f"127.0.0.1:{upstream}")
    block = re.sub(r"listen 80;", f"listen 127.0.0.1:{listen};", block)
    path = folder / "nginx.conf"
    path.write_text(
        f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\nclient_body_temp_path {folder}/body;\n"
        f"proxy_temp_path {folder}/proxy;\nfastcgi_temp_path {folder}/fastcgi;\n"
        f"uwsgi_temp_path {folder}/uwsgi;\nscgi_temp_path {folder}/scgi;\n{block}\n}}\n"
    )
    return path


@contextmanager
def nginx(folder: Path, upstream: int) -> Iterator[int]:
    """nginx in front of ``upstream``; gives its port."""
    assert NGINX is not None, "nginx is missing: make test installs it"
    port = free_port()
    config = configuration(folder, port, upstream)
    process = subprocess.Popen([NGINX, "-c", str(config), "-e", str(folder / "error.log")])
    try:
        until(lambda: _answers(port), seconds=20)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
    except httpx.TransportError:
        return False


def test_a_run_through_nginx_and_two_workers(tmp_path: Path, dash_br: Browser) -> None:
    fill_workspace(tmp_path)
    with dashboard(tmp_path, workers=2) as running, nginx(tmp_path, running.port) as port:
        through = Dashboard(running.process, port, running.output)
        page = PageUnderTest(dash_br, through)
        page.open()
        page.ask("What is the launch code of project Zephyr?")
        assert page.run["status"] == "success"
        assert "notes.md:3" in page.text("#answer")
        assert page.counts["gaps"] == page.counts["duplicates"] == 0
        assert page.console == []
