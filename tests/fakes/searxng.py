"""A SearXNG over real HTTP on a port of its own, which answers as a test tells it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

DEFAULT = [
    {"title": "Zephyr", "url": "https://example.org/zephyr", "content": "A  west\nwind."},
    {"title": "Gale", "url": "http://example.org/gale", "content": "A strong wind."},
]


class SearXNG:
    """Answers with ``results`` in JSON, or with ``status`` and ``body`` when they are set.

    ``queries`` keeps what was asked for, path and parameters. While ``hold`` is set no answer
    is sent.
    """

    def __init__(self) -> None:
        self.results: Any = DEFAULT
        self.status = 200
        self.body: bytes | None = None
        self.hold = False
        self.queries: list[tuple[str, dict[str, list[str]]]] = []
        self.asked = Event()
        self._released = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["SearXNG"]:
        """Serve until the end of the ``with`` block."""
        thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._released.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                fake.queries.append((parts.path, parse_qs(parts.query)))
                fake.asked.set()
                if fake.hold:
                    fake._released.wait()
                    return
                body = fake.body
                if body is None:
                    body = json.dumps({"query": "", "results": fake.results}).encode()
                self.send_response(fake.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Tests want no lines on stderr."""

        return Handler
