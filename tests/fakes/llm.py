"""A model server for tests: OpenAI-compatible, over real HTTP, with Ollama's list of sizes.

    with serve_llm(models={"qwen2.5:3b": 1_900_000_000}) as llm:
        llm.tool_calls = [("search_local", {"query": "Zephyr"})]
        llm.answer = "It is 7421 (`notes.md:3`)."
        ...  # run something against llm.url
        assert llm.chats[0]["tools"]

Attributes may be set at any time, from any thread; they hold for the requests that follow.
"""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

POLL = 0.002
PIECE = 8
"""Characters of the answer in one streamed chunk."""


@dataclass(frozen=True)
class Recorded:
    """A request as it came; ``body`` is its JSON, ``None`` without one."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class FakeLlm:
    """What the server does, and what it has seen."""

    url: str = ""
    """Base URL, ending in ``/v1``."""
    models: dict[str, int | None] = field(default_factory=lambda: {"qwen2.5:3b": 1_900_000_000})
    """Installed models; bytes on disk, or ``None`` when ``/api/tags`` does not name it."""
    answer: str = "The answer of the model."
    """What is streamed."""
    tool_calls: Sequence[tuple[str, Any]] = ()
    """Calls that are made when tools are offered: name, and arguments (JSON, or a raw text)."""
    key: str | None = None
    """When set, a request without this key is answered 401."""
    statuses: list[int] = field(default_factory=list)
    """Statuses of the next chat requests, used up one by one; 200 answers as ever."""
    reason: str = "overloaded"
    """The message that goes with such a status."""
    refuses_tools: bool = False
    """Whether a chat request with tools is answered 400."""
    delay: float = 0.0
    """Seconds before each answer, lists of models included."""
    pace: float = 0.0
    """Seconds between two streamed chunks."""
    breaks_after: int | None = None
    """Chunks after which the connection is cut, at every stream."""
    says_usage: bool = True
    """Whether the stream ends with token counts."""
    finish_reason: str | None = "stop"
    hold_after: int | None = None
    """Chunks after which a stream waits for ``release``; 0: before the first one."""
    release: threading.Event = field(default_factory=threading.Event)
    raw: bytes | None = None
    """When set, the whole body of every answer, whatever was asked."""
    requests: list[Recorded] = field(default_factory=list)
    streaming: threading.Event = field(default_factory=threading.Event)
    """Set once a stream has sent a chunk, or holds."""
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set once a client went away before its answer was whole."""

    @property
    def chats(self) -> list[Any]:
        """The bodies of the chat requests so far."""
        return [r.body for r in self.requests if r.path.endswith("/chat/completions")]

    def count(self, path: str) -> int:
        """How many requests ended in ``path``."""
        return sum(request.path.endswith(path) for request in self.requests)


@contextmanager
def serve_llm(**behaviour: Any) -> Iterator[FakeLlm]:
    """A running server on a random port; ``behaviour`` sets attributes of :class:`FakeLlm`."""
    fake = FakeLlm(**behaviour)
    ready, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(fake, ready, stop)), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield fake
    finally:
        stop.set()
        thread.join(10)


async def _serve(fake: FakeLlm, ready: threading.Event, stop: threading.Event) -> None:
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await _exchange(fake, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            fake.hung_up.set()
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    ready.set()
    await _until(stop)
    server.close()
    for task in list(tasks):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until(event: threading.Event) -> None:
    while not event.is_set():
        await asyncio.sleep(POLL)


async def _exchange(
    fake: FakeLlm, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """One request and its answer; a client that leaves ends it."""
    request = await _read(reader)
    fake.requests.append(request)
    answering = asyncio.ensure_future(_answer(fake, request, writer))
    leaving = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            fake.hung_up.set()
        else:
            answering.result()
    finally:
        for task in (answering, leaving):
            task.cancel()
        await asyncio.gather(answering, leaving, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Recorded:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Recorded(method, path, headers, json.loads(body) if body else None)


async def _answer(fake: FakeLlm, request: Recorded, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(fake.delay)
    if fake.raw is not None:
        await _send(writer, 200, fake.raw)
    elif fake.key and request.headers.get("authorization") != f"Bearer {fake.key}":
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        await _error(writer, 401, f"Incorrect API key provided: {given}")
    elif request.path == "/v1/models":
        listed = [{"id": name, "object": "model"} for name in fake.models]
        await _json(writer, 200, {"object": "list", "data": listed})
    elif request.path == "/api/tags":
        sized = [{"name": name, "size": size} for name, size in fake.models.items() if size]
        await _json(writer, 200, {"models": sized})
    elif request.path == "/v1/chat/completions":
        await _chat(fake, request.body, writer)
    else:
        await _error(writer, 404, "not found")


async def _chat(fake: FakeLlm, body: Any, writer: asyncio.StreamWriter) -> None:
    status = fake.statuses.pop(0) if fake.statuses else 200
    if status != 200:
        await _error(writer, status, fake.reason)
    elif fake.refuses_tools and "tools" in body:
        await _error(writer, 400, f"{body['model']} does not support tools")
    elif body.get("stream"):
        await _stream(fake, body, writer)
    else:
        await _json(writer, 200, _completion(fake, body))


def _completion(fake: FakeLlm, body: Any) -> Any:
    calls = [
        {
            "id": f"fake-{number}",
            "type": "function",
            "function": {
                "name": name,
                "arguments": args if isinstance(args, str) else json.dumps(args),
            },
        }
        for number, (name, args) in enumerate(fake.tool_calls if "tools" in body else ())
    ]
    message: dict[str, Any] = {"role": "assistant", "content": None if calls else fake.answer}
    message |= {"tool_calls": calls} if calls else {}
    return {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }


async def _stream(fake: FakeLlm, body: Any, writer: asyncio.StreamWriter) -> None:
    await _head(writer, 200, "text/event-stream", "Transfer-Encoding: chunked")
    pieces = [fake.answer[at : at + PIECE] for at in range(0, len(fake.answer), PIECE)]
    for number, piece in enumerate(pieces):
        if fake.hold_after == number:
            fake.streaming.set()
            await _until(fake.release)
        if fake.breaks_after == number:
            return
        await _event(writer, _chunk(body, {"content": piece}))
        fake.streaming.set()
        await asyncio.sleep(fake.pace)
    await _event(writer, _chunk(body, {}, finish_reason=fake.finish_reason))
    if fake.says_usage and (body.get("stream_options") or {}).get("include_usage"):
        usage = {"prompt_tokens": 11, "completion_tokens": len(pieces), "total_tokens": 0}
        await _event(writer, {**_chunk(body, {}), "choices": [], "usage": usage})
    await _event(writer, None)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def _chunk(body: Any, delta: Any, finish_reason: str | None = None) -> dict[str, Any]:
    return {
        "id": "chat-1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }


async def _event(writer: asyncio.StreamWriter, value: Any) -> None:
    """One server-sent event; ``None`` is the last one."""
    data = f"data: {json.dumps(value) if value else '[DONE]'}\n\n".encode()
    writer.write(b"%x\r\n%s\r\n" % (len(data), data))
    await writer.drain()


async def _error(writer: asyncio.StreamWriter, status: int, message: str) -> None:
    await _json(writer, status, {"error": {"message": message, "type": "error"}})


async def _json(writer: asyncio.StreamWriter, status: int, value: Any) -> None:
    await _send(writer, status, json.dumps(value).encode())


async def _send(writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
    await _head(writer, status, "application/json", f"Content-Length: {len(body)}")
    writer.write(body)
    await writer.drain()


async def _head(writer: asyncio.StreamWriter, status: int, kind: str, *headers: str) -> None:
    lines = [f"HTTP/1.1 {status} Status", f"Content-Type: {kind}", "Connection: close", *headers]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    await writer.drain()
