"""The HTTP client for other servers, made when it is first needed.

The page of a dashboard that has just been started asks no other server: importing ``httpx`` and
reading certificates took a quarter of the time until it was there.
"""

from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread

if TYPE_CHECKING:
    import httpx


class Web:
    """Holds one ``httpx.AsyncClient``; ``options`` are its arguments."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._client: httpx.AsyncClient | None = None
        self._opening = anyio.Lock()

    async def client(self) -> "httpx.AsyncClient":
        """The client. The first call makes it, in a thread, so that nobody waits meanwhile."""
        async with self._opening:
            if self._client is None:
                self._client = await to_thread.run_sync(self._open)
            return self._client

    async def aclose(self) -> None:
        """Close its connections."""
        if self._client is not None:
            await self._client.aclose()

    def _open(self) -> "httpx.AsyncClient":
        import httpx  # here alone: see above

        return httpx.AsyncClient(**self._options)
