"""Runs workflows on a Ryx backend: an :class:`Executor` at the other end of a WebSocket."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ryx_dash import backoff
from ryx_dash.live.conversation import Conversation
from ryx_dash.live.link import Link
from ryx_dash.protocol.executor import Emit, Model, Request
from ryx_dash.web import Web
from ryx_dash.websocket import http_base

MODELS_SECONDS = 3.0

SILENCE_SECONDS = 120.0


class Relay:
    """Executes each run on a connection of its own, so that their events cannot mix.

    ``known`` are the models to offer while the backend names none. :meth:`run` has to run beside
    the relay, for the state of its :attr:`link`.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        silence: float = SILENCE_SECONDS,
        known: Sequence[str] = (),
        pauses: Callable[[], Iterator[float]] = backoff.pauses,
    ) -> None:
        self._url = url
        self._token = token
        self._silence = silence
        self._pauses = pauses
        self._models = [Model(id=name, name=name, size=None, available=False) for name in known]
        self._web = Web(
            headers={"Authorization": f"Bearer {token}"} if token else None,
            timeout=MODELS_SECONDS,
            verify=ssl.create_default_context(),  # the system's certificates, as for the socket
        )
        self.link = Link(url, token, pauses=pauses)

    async def run(self) -> None:
        """Keep the link until cancelled."""
        await self.link.keep()

    async def execute(self, request: Request, emit: Emit) -> None:
        """Run one workflow on the backend; see :class:`Executor`."""
        conversation = Conversation(
            self._url,
            self._token,
            request,
            emit,
            link=self.link,
            silence=self._silence,
            pauses=self._pauses,
        )
        await conversation.hold()

    async def models(self) -> list[Model]:
        """What the backend's ``/api/models`` names, else what it named last, else known ones."""
        if self.link.state.state != "disconnected":
            self._models = await self._ask_for_models() or self._models
        return self._models

    async def problem(self) -> str | None:
        """Why the backend cannot be reached."""
        state = self.link.state
        if state.state == "connected":
            return None
        reason = f": {state.reason}" if state.reason else " yet"
        return f"The backend at {state.address} cannot be reached{reason}."

    async def examples(self) -> list[str]:
        """None: what lies in the backend's workspace is not known here."""
        return []

    async def aclose(self) -> None:
        """Release the HTTP client."""
        await self._web.aclose()

    async def _ask_for_models(self) -> list[Model]:
        client = await self._web.client()
        import httpx  # the client has just imported it

        try:
            answer = await client.get(f"{http_base(self._url)}/api/models")
            body = answer.json() if answer.is_success else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError):
            return []
        listed = body.get("models") if isinstance(body, dict) else body
        found = (_model(item) for item in listed) if isinstance(listed, list) else ()
        return [model for model in found if model is not None]


def _model(item: Any) -> Model | None:
    """A model out of foreign JSON: an object with an ``id`` or a ``name``, or the name alone."""
    fields = item if isinstance(item, dict) else {"id": item}
    id_ = fields.get("id") or fields.get("name")
    if not isinstance(id_, str) or not id_:
        return None
    name, size = fields.get("name"), fields.get("size")
    return Model(
        id=id_,
        name=name if isinstance(name, str) and name else id_,
        size=size if type(size) is int and size >= 0 else None,
        available=fields.get("available") is not False,
    )
