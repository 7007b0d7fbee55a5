"""The gunicorn worker: uvicorn, set as ``python app.py`` sets it."""

from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker

from ryx_dash.cli import UVICORN


class Worker(UvicornWorker):
    """Closes sockets with 1012 when it stops, so that pages move to another worker at once."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {**UVICORN, "log_level": None}
