"""``search_web``: results of a SearXNG instance."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from anyio import fail_after
from pydantic import Field

from ryx_dash.engine.tools.base import Arguments, CheckedTool, ToolOutcome
from ryx_dash.errors import Transient
from ryx_dash.protocol.events import JsonObject
from ryx_dash.web import Web

if TYPE_CHECKING:
    import httpx

TIMEOUT = 10.0
"""Seconds for the whole exchange."""
MAX_RESULTS = 10
_MAX_BYTES = 4 << 20
_MAX_TITLE, _MAX_SNIPPET = 300, 1000


class SearchWebArguments(Arguments):
    """What to look for."""

    query: str = Field(min_length=1, max_length=500, description="words to search the web for")


class SearchWeb(CheckedTool[SearchWebArguments]):
    """Searches the web through SearXNG's JSON API. ``url`` is the instance's address."""

    name: ClassVar[str] = "search_web"
    description: ClassVar[str] = "Search the web; gives titles, addresses and snippets."
    arguments = SearchWebArguments

    def __init__(self, url: str, web: Web) -> None:
        self._url = url.rstrip("/") + "/search"
        self._web = web

    async def run(self, args: SearchWebArguments) -> ToolOutcome:
        """Output: ``{query, results: [{title, url, snippet}]}``, at most :data:`MAX_RESULTS`.

        Raises :class:`errors.Transient` when SearXNG cannot be reached in time, asks for a
        pause (429) or fails by itself (5xx).
        """
        client = await self._web.client()
        import httpx  # the client has just imported it

        try:
            with fail_after(TIMEOUT):
                status, body = await self._fetch(client, args.query)
        except TimeoutError:
            raise Transient(f"{self._url} did not answer within {TIMEOUT:g} s.") from None
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise Transient(f"{self._url} cannot be reached: {reason}.") from None
        if status == 429 or status >= 500:
            raise Transient(f"{self._url} answered with status {status}.")
        fault = self._fault(status, body)
        if fault is not None:
            return ToolOutcome(error=fault, summary="no results")
        results = _results(json.loads(body)["results"])
        return ToolOutcome({"query": args.query, "results": results}, None, _count(len(results)))

    async def _fetch(self, client: "httpx.AsyncClient", query: str) -> tuple[int, bytes]:
        request = client.stream(
            "GET", self._url, params={"q": query, "format": "json"}, timeout=TIMEOUT
        )
        body = b""
        async with request as response:
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > _MAX_BYTES:
                    break
        return response.status_code, body

    def _fault(self, status: int, body: bytes) -> str | None:
        if status == 403:
            return (
                f"{self._url} refuses to answer in JSON (status 403); "
                "add json to search.formats in SearXNG's settings.yml."
            )
        if status != 200:
            return f"{self._url} answered with status {status}; RYX_SEARCH_URL must be a SearXNG."
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
            return f"{self._url} did not answer as SearXNG does; check RYX_SEARCH_URL."
        return None


def _results(items: Iterable[Any]) -> list[JsonObject]:
    """The usable results: objects whose address a browser may open safely."""
    usable = (
        {
            "title": _text(item.get("title"), _MAX_TITLE) or item["url"],
            "url": item["url"],
            "snippet": _text(item.get("content"), _MAX_SNIPPET),
        }
        for item in items
        if isinstance(item, dict) and _is_web(item.get("url"))
    )
    return [result for result, _ in zip(usable, range(MAX_RESULTS), strict=False)]


def _is_web(url: Any) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _text(value: Any, most: int) -> str:
    return " ".join(value.split())[:most] if isinstance(value, str) else ""


def _count(results: int) -> str:
    return "1 result" if results == 1 else f"{results} results"
