"""gunicorn's settings for ``gunicorn app:server``; every ``RYX_*`` setting holds here too."""

import os
import sys

from ryx_dash import cli, serving, settings
from ryx_dash.errors import RyxError

try:
    _settings = cli.with_token(settings.load(os.environ))
except RyxError as error:
    sys.exit(f"ryx-dash: {error.message}")

if _settings.token is not None:
    # One token for all workers, whether it was given or made here.
    os.environ["RYX_TOKEN"] = _settings.token.get_secret_value()

bind = (
    f"[{_settings.host}]:{_settings.port}"
    if ":" in _settings.host
    else (f"{_settings.host}:{_settings.port}")
)
serving.allow_many_files()
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "ryx_dash.worker.Worker"
graceful_timeout = 20
# Of a worker that stands still: it may hold the log, and then nobody can write.
timeout = 30
loglevel = "warning"


def when_ready(server: object) -> None:
    """Say where the dashboard is, as ``python app.py`` does."""
    cli.announce(_settings, sys.stdout)
