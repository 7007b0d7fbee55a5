"""Which models the server has, asked for when somebody wants to know, and remembered."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import anyio
from pydantic import SecretStr

from ryx_dash.protocol.executor import Model
from ryx_dash.web import Web

if TYPE_CHECKING:
    import httpx

TIMEOUT = 2.0
"""Seconds for the whole answer."""
FRESH = 60.0
"""Seconds for which an answer is good."""
RETRY = 5.0
"""Seconds until a server that gave none is asked again: a person may just have started it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The installed models. ``problem``: why the server could not be asked, as the end of a
    sentence; ``None`` when it answered."""

    models: tuple[Model, ...] = ()
    problem: str | None = None


class Catalogue:
    """Asks an OpenAI-compatible server for its models, and Ollama for their sizes.

    It speaks plain HTTP, since the ``openai`` package takes a second to import and a machine
    without a model server never needs it. ``clock`` gives seconds.
    """

    def __init__(
        self,
        url: str,
        key: SecretStr | None,
        web: Web,
        *,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        self._web = web
        self._timeout = timeout
        self._clock = clock
        self._listing = Listing()
        self._good_until = float("-inf")
        self._asking = anyio.Lock()

    async def listing(self) -> Listing:
        """The newest listing, at most a minute old. Askers at the same time share one request.

        Never raises.
        """
        async with self._asking:
            if self._clock() >= self._good_until:
                self._listing = await self._ask()
                self._good_until = self._clock() + (RETRY if self._listing.problem else FRESH)
            return self._listing

    async def _ask(self) -> Listing:
        client = await self._web.client()
        sizes: dict[str, int] = {}
        ids: list[str] = []
        problem: str | None = f"{shown(self._url)} did not answer within {self._timeout:g} s"

        async def ask_sizes() -> None:
            sizes.update(await self._sizes(client))

        with anyio.move_on_after(self._timeout):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask_sizes)
                ids, problem = await self._ids(client)
                if problem:
                    tasks.cancel_scope.cancel()
        return Listing(models=tuple(_model(id_, sizes) for id_ in ids), problem=problem)

    async def _ids(self, client: "httpx.AsyncClient") -> tuple[list[str], str | None]:
        """The ids, or why there are none."""
        import httpx  # the client has just imported it

        try:
            response = await client.get(f"{self._url}/models", headers=self._headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            return [], f"nothing answers at {shown(self._url)}"
        if response.status_code in (401, 403):
            return [], f"{shown(self._url)} refuses the key; set RYX_LLM_KEY"
        if response.status_code != httpx.codes.OK:
            return [], f"{shown(self._url)}/models answered with status {response.status_code}"
        listed = _items(response, "data")
        if listed is None:
            return [], f"{shown(self._url)} does not answer as an OpenAI-compatible server does"
        ids = [item["id"] for item in listed if isinstance(item.get("id"), str)]
        return list(dict.fromkeys(ids)), None

    async def _sizes(self, client: "httpx.AsyncClient") -> dict[str, int]:
        """Bytes on disk by id, if the server is an Ollama; its failure means nothing."""
        import httpx  # the client has just imported it

        base = self._url.removesuffix("/v1")
        try:
            response = await client.get(f"{base}/api/tags", headers=self._headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            return {}
        return {
            item["name"]: item["size"]
            for item in _items(response, "models") or ()
            if isinstance(item.get("name"), str) and isinstance(item.get("size"), int)
        }


def shown(url: str) -> str:
    """``url`` without a user name or password, fit for messages."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _items(response: "httpx.Response", name: str) -> list[dict[str, Any]] | None:
    """The objects listed under ``name``; ``None`` when the answer has another shape."""
    try:
        listed = response.json().get(name)
    except (ValueError, RecursionError, AttributeError):
        return None
    if not isinstance(listed, list):
        return None
    return [item for item in listed if isinstance(item, dict)]


def _model(id_: str, sizes: dict[str, int]) -> Model:
    name = id_.rpartition("/")[2] or id_
    return Model(id=id_, name=name, size=sizes.get(id_), available=True)
