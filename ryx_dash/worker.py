"""The gunicorn worker: uvicorn, set as ``python app.py`` sets it."""

import asyncio
import signal
import sys
from typing import Any, ClassVar

from gunicorn.arbiter import Arbiter
from uvicorn_worker import UvicornWorker

from ryx_dash.cli import GRACE_SECONDS, UVICORN
from ryx_dash.serving import Server


class Worker(UvicornWorker):
    """Serves with :class:`serving.Server`, so that a worker that stops does so in good order."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        **UVICORN,
        "log_level": None,
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = Server(config=self.config)
        # What gunicorn sends its workers when it gets a SIGINT; uvicorn minds the others.
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGQUIT, server.handle_exit, signal.SIGTERM, None)
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
