"""The language model, through any OpenAI-compatible server.

The ``openai`` package is imported with the first question, in a worker thread: it takes a second.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import anyio
from anyio import to_thread
from pydantic import SecretStr

from ryx_dash.engine.catalogue import shown
from ryx_dash.engine.prompt import Messages
from ryx_dash.errors import StepFailed, Transient
from ryx_dash.protocol.events import JsonObject

if TYPE_CHECKING:
    from openai import AsyncOpenAI

CONNECT_TIMEOUT = 5.0
"""Seconds to reach the server. Its answer may take as long as the step."""
MAX_REASON = 300


class ToolsRefused(StepFailed):
    """The server or the model takes no tools."""

    code = "tools_refused"


@dataclass(frozen=True, slots=True)
class AskedCall:
    """A tool call as the model wrote it: ``arguments`` should be JSON, and may be anything."""

    tool: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of the streamed answer."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The end of the stream: why it ended, and token counts where the server gives them."""

    reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Llm:
    """Questions to the model server. The key is in no message and no log.

    Methods raise :class:`errors.Transient` when the server cannot be reached, is overloaded or
    fails by itself, and :class:`errors.StepFailed` when it refuses.
    """

    def __init__(self, url: str, key: SecretStr | None) -> None:
        self._url = url
        self._key = key.get_secret_value() if key else None
        self._openai: AsyncOpenAI | None = None
        self._opening = anyio.Lock()

    async def choose_tools(
        self, model: str, messages: Messages, functions: Sequence[JsonObject]
    ) -> list[AskedCall]:
        """The calls that the model wants. Raises :class:`ToolsRefused` when it can't choose."""
        client = await self._client()
        with self._sentences(tools=True):
            completion = await client.chat.completions.create(
                model=model,
                messages=cast(Any, messages),
                tools=cast(Any, functions),
            )
            return [
                AskedCall(call.function.name or "", call.function.arguments or "")
                for call in completion.choices[0].message.tool_calls or ()
                if call.type == "function"
            ]

    async def stream(self, model: str, messages: Messages) -> AsyncGenerator[Piece | End, None]:
        """The answer piece by piece, then its :class:`End`. Close it when leaving early."""
        client = await self._client()
        end = End()
        with self._sentences():
            stream = await client.chat.completions.create(
                model=model,
                messages=cast(Any, messages),
                stream=True,
                stream_options={"include_usage": True},
            )
            async with stream:
                async for chunk in stream:
                    for choice in (chunk.choices or ())[:1]:
                        if choice.delta and choice.delta.content:
                            yield Piece(choice.delta.content)
                        end = _ended(end, choice.finish_reason)
                    if chunk.usage:
                        end = _counted(end, chunk.usage)
        yield end

    async def aclose(self) -> None:
        """Close the connections."""
        if self._openai is not None:
            await self._openai.close()

    async def _client(self) -> "AsyncOpenAI":
        async with self._opening:
            if self._openai is None:
                self._openai = await to_thread.run_sync(self._open, abandon_on_cancel=True)
            return self._openai

    def _open(self) -> "AsyncOpenAI":
        import openai

        client = openai.AsyncOpenAI(
            base_url=self._url,
            api_key=self._key or "none",  # it wants one; local servers ask for none
            max_retries=0,  # tries are the driver's, where they can be seen
            timeout=openai.Timeout(None, connect=CONNECT_TIMEOUT),
        )
        # What the environment says of OpenAI's own service is no business of this server.
        client.organization = client.project = None
        _ = client.chat.completions  # imports some more
        return client

    @contextmanager
    def _sentences(self, *, tools: bool = False) -> Iterator[None]:
        """Turns the client's errors into sentences."""
        import httpx  # openai's own client
        import openai

        url = shown(self._url)
        try:
            yield
        except openai.APIStatusError as error:
            raise self._refusal(error.status_code, error.message, tools) from None
        except (openai.APIConnectionError, httpx.HTTPError):
            raise Transient(f"The connection to the model server {url} failed.") from None
        except openai.APIError as error:
            raise StepFailed(f"The model server failed: {self._clean(error.message)}") from None
        except (ValueError, TypeError, AttributeError, LookupError):
            raise StepFailed(
                f"The model server {url} gave an answer that no OpenAI-compatible server gives."
            ) from None

    def _refusal(self, status: int, message: str, tools: bool) -> StepFailed | Transient:
        reason = f"The model server answered with status {status}: {self._clean(message)}"
        if tools and (status in (400, 422, 501) or (status == 500 and "tool" in message.lower())):
            return ToolsRefused(reason)
        if status in (401, 403):
            return StepFailed(f"{reason} Check RYX_LLM_KEY.")
        if status in (408, 429) or status >= 500:
            return Transient(reason)
        return StepFailed(reason)

    def _clean(self, message: str) -> str:
        """One line of bounded length that ends like a sentence, without the key."""
        text = " ".join(message.split())
        if self._key:
            text = text.replace(self._key, "…")
        text = text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}…"
        return text if text.endswith((".", "…", "!", "?")) else f"{text}."


def _ended(end: End, reason: str | None) -> End:
    return End(reason or end.reason, end.prompt_tokens, end.completion_tokens)


def _counted(end: End, usage: Any) -> End:
    return End(end.reason, usage.prompt_tokens, usage.completion_tokens)
