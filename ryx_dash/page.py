"""The Dash application on its Flask server: layout, callbacks and Content-Security-Policy."""

import re
from functools import partial
from http import HTTPStatus

import dash
from dash.types import RendererHooks
from flask import Flask, Response, request

from ryx_dash.callbacks import (
    analytics,
    client,
    compare,
    inspector,
    live,
    runs,
    runs_client,
    timeline,
    travel,
)
from ryx_dash.callbacks.history import History
from ryx_dash.callbacks.live import Advice
from ryx_dash.log.analyst import Analyst
from ryx_dash.log.base import EventLog
from ryx_dash.pages.site import layout
from ryx_dash.settings import assets_dir

PATHS = ("/", *(f"/{name}{end}" for name in ("runs", "compare", "analytics") for end in ("", "/")))
"""Where there is always a page."""

HOOKS: RendererHooks = {
    "request_pre": "(payload) => RyxDash.calls.begun(payload)",
    "request_post": "(payload) => RyxDash.calls.ended(payload)",
}
"""What the client-side layer hears of requests: one that got lost, Dash does not make again."""

_RUN_PATH = re.compile(r"/runs/(?P<run_id>[^/]+)/?")


class Page:
    """The dashboard's page as a WSGI application (``flask``)."""

    def __init__(
        self,
        log: EventLog,
        history: History,
        advice: Advice,
        analyst: Analyst,
        *,
        backend: str,
    ) -> None:
        self._log = log
        self.flask = Flask("ryx_dash")
        self.flask.after_request(self._set_status)
        self.app = dash.Dash(
            "ryx_dash",
            server=self.flask,
            title="Ryx Dash",
            update_title=None,
            assets_folder=str(assets_dir()),
            assets_ignore=r"^highlight\.min\.js$",  # fetched when there is something to colour
            serve_locally=True,
            suppress_callback_exceptions=True,
            hooks=HOOKS,
        )
        self.app.layout = partial(layout, backend)
        live.register(self.app, log, history, advice)
        runs.register(self.app, log)
        compare.register(self.app, log, history)
        analytics.register(self.app, analyst)
        timeline.register(self.app, log, history)
        travel.register(self.app, log)
        inspector.register(self.app, log, history)
        client.register(self.app)
        runs_client.register(self.app)
        # Dash sets itself up in the first request, and lets a second one that comes meanwhile see
        # it half done: it then answers 500 for the scripts of its own page. So the first is ours.
        self.flask.test_client().get("/")

    @property
    def csp(self) -> str:
        """The policy that the page runs under: nothing from elsewhere, no inline script but
        Dash's own, which are allowed by their hashes.
        """
        scripts = " ".join(self.app.csp_hashes())
        return "; ".join(
            (
                "default-src 'self'",
                f"script-src 'self' {scripts}",
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data:",
                "connect-src 'self'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        )

    def _set_status(self, response: Response) -> Response:
        """Dash gives its page for any path; one that names nothing is still a 404."""
        html = response.mimetype == "text/html" and response.status_code == HTTPStatus.OK
        if html and not self._exists(request.path):
            response.status_code = HTTPStatus.NOT_FOUND
        return response

    def _exists(self, path: str) -> bool:
        match = _RUN_PATH.fullmatch(path)
        return path in PATHS or (match is not None and self._log.run(match["run_id"]) is not None)
