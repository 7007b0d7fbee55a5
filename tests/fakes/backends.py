"""Ryx backends for tests, over real sockets: one script a dialect, and some that lie.

    with serve_backend(executor) as backend:
        ...  # run something against backend.url
        assert backend.commands[0]["input"] == "hello"

Attributes may be set at any time, from any thread; they hold for what follows.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ryx_dash.protocol.steps import STEPS

Script = Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]

STAMP = "2026-01-01T12:00:00.123456"
"""A naive local time, as Ryx's executor sends it."""

FILES = [f"docs/chapter-{n}.md" for n in range(20)]


@dataclass
class FakeBackend:
    """What the server does, and what it has seen."""

    script: Script
    url: str = ""
    models: list[Any] | None = None
    """What ``/api/models`` answers; ``None``: it has no such route."""
    status: int | None = None
    """When set, every request is answered with this HTTP status."""
    resume: Script | None = None
    """What happens on a connection that asks for a run by its id."""
    commands: list[dict[str, Any]] = field(default_factory=list)
    """All commands that start a run."""
    cancels: list[dict[str, Any]] = field(default_factory=list)
    """All other messages."""
    tokens: list[str | None] = field(default_factory=list)
    """The ``Authorization`` of each request."""
    queries: list[str] = field(default_factory=list)
    """The path with query of each request."""
    drop: Callable[[], object] = lambda: None
    """Closes all connections, from any thread."""

    async def handle(self, socket: ServerConnection) -> None:
        """Serve one connection."""
        try:
            assert socket.request is not None
            if self.resume is not None and "?run=" in socket.request.path:
                await self.resume(socket, {})
            async for message in socket:
                command = json.loads(message)
                if command.get("action") == "execute_workflow":
                    self.commands.append(command)
                    await self.script(socket, command)
                else:
                    self.cancels.append(command)
        except ConnectionClosed:
            pass

    def answer(self, socket: ServerConnection, request: Request) -> Response | None:
        """Answer a request that is not for the WebSocket."""
        self.tokens.append(request.headers.get("Authorization"))
        self.queries.append(request.path)
        if self.status is not None:
            return socket.respond(self.status, "no\n")
        if request.path == "/api/models":
            if self.models is None:
                return socket.respond(404, "not found\n")
            return socket.respond(200, json.dumps({"models": self.models}))
        return None


@asynccontextmanager
async def served_backend(
    script: Script, *, port: int = 0, **fields: Any
) -> AsyncIterator[FakeBackend]:
    """Serve a fake backend in this event loop."""
    backend = FakeBackend(script, **fields)
    async with serve(
        backend.handle, "127.0.0.1", port, process_request=backend.answer, close_timeout=0.2
    ) as server:
        found = next(iter(server.sockets)).getsockname()[1]
        loop = asyncio.get_running_loop()
        backend.drop = lambda: loop.call_soon_threadsafe(
            lambda: [socket.transport.abort() for socket in server.connections]
        )
        backend.url = f"ws://127.0.0.1:{found}/api/workflow/stream"
        yield backend


@contextmanager
def serve_backend(script: Script, *, port: int = 0, **fields: Any) -> Iterator[FakeBackend]:
    """The same in a thread of its own."""
    loop = asyncio.new_event_loop()
    started: list[FakeBackend] = []
    ready = threading.Event()
    stop = asyncio.Event()

    async def run() -> None:
        async with served_backend(script, port=port, **fields) as backend:
            started.append(backend)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(20)
    try:
        yield started[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def say(socket: ServerConnection, **event: Any) -> None:
    """Send one JSON message."""
    await socket.send(json.dumps(event))


# -- the dialects, as they were recorded -----------------------------------------------------------


async def documented(socket: ServerConnection, command: dict[str, Any]) -> None:
    """As the documents say: no id, no time; calls with ids, tokens, a response."""

    async def event(kind: str, step: str = "", node: str = "", **fields: Any) -> None:
        base = {"message": "", "latency": None, "data": {}}
        await say(socket, event=kind, step=step, node=node, **{**base, **fields})

    await event("workflow_start", message="Starting workflow")
    for step in STEPS:
        await event("step_start", step.name, step.node, message=f"{step.label}...")
        if step.node == "execute":
            for call_id in ("c1", "c2"):
                data: dict[str, Any] = {"call_id": call_id, "args": {"query": "code"}}
                await event("tool_call", step.name, "search_local", data=data)
            for call_id, success in (("c2", False), ("c1", True)):
                data = {"call_id": call_id, "success": success, "output": {"hits": []}}
                data["error"] = None if success else "Nothing to search."
                await event("tool_result", step.name, "search_local", latency=12.5, data=data)
        if step.node == "llm":
            for token in ("It is ", "7421."):
                await event("llm_token", step.name, step.node, data={"text": token})
        await event("step_complete", step.name, step.node, latency=123.45)
    await event("workflow_complete", latency=999.0, data={"response": "It is 7421."})


async def executor(socket: ServerConnection, command: dict[str, Any]) -> None:
    """As Ryx's own executor sends: times without zone, no ids, cut reprs, errors in messages."""

    async def event(kind: str, step: str = "", node: str = "", **fields: Any) -> None:
        base = {"message": "", "latency": None, "data": {}, "timestamp": STAMP}
        await say(socket, event=kind, step=step, node=node, **{**base, **fields})

    await event("workflow_start", message="Workflow started")
    for step in STEPS:
        await event("step_start", step.name, step.node, message=step.label)
        if step.node == "execute":
            for tool in ("search_local", "read_file", "launch_app"):
                await event("tool_call", step.name, tool, message=f"Calling {tool}")
            whole, cut = repr(FILES[:2]), repr(FILES)[:100]
            await event("tool_result", step.name, "search_local", data=_output(whole))
            await event("tool_result", step.name, "read_file", data=_output(cut))
            await event("tool_result", step.name, "launch_app", message="No such app: vim")
        latency = None if step.node == "rag" else 9_999.0
        await event("step_complete", step.name, step.node, latency=latency)
    await event("workflow_complete", message="Done", data={"response": "Found two files."})


def _output(text: str) -> dict[str, Any]:
    return {"success": True, "output": text}


async def numbered(socket: ServerConnection, command: dict[str, Any]) -> None:
    """The older server at the same path."""
    for number, step in enumerate(STEPS, 1):
        action = "Parsing command" if number == 1 else f"Doing {step.label}"
        await say(socket, type="step_start", step=number, action=action, timestamp=1735732800.5)
        result = {"ok": True}
        await say(socket, type="step_complete", step=number, latency_ms=12.5, result=result)
    await say(socket, type="task_complete", total_latency_ms=100.0, results={"answer": "7421"})


async def acknowledging(socket: ServerConnection, command: dict[str, Any]) -> None:
    """A stub: it says that it has heard, and nothing more."""
    await say(socket, event="acknowledged", data=command)


async def own_steps(socket: ServerConnection, command: dict[str, Any]) -> None:
    """A step-shaped backend with steps that nobody here knows."""
    for step in ("planning", "research", "writing"):
        await say(socket, event="step_start", step=step, message=step)
        await say(socket, event="step_complete", step=step, latency=1.0)
    await say(socket, event="workflow_complete", data={"response": "Written."})


# -- those that break or lie -----------------------------------------------------------------------


async def breaking(socket: ServerConnection, command: dict[str, Any]) -> None:
    """It is gone in the middle of a step."""
    await say(socket, event="step_start", step="rag_context", node="rag", message="Reading")
    socket.transport.abort()


async def silent(socket: ServerConnection, command: dict[str, Any]) -> None:
    """It says nothing more in the middle of a step."""
    await say(socket, event="step_start", step="rag_context", node="rag", message="Reading")


async def failing(socket: ServerConnection, command: dict[str, Any]) -> None:
    """A step fails, and then the run."""
    await say(socket, event="step_start", step="llm_response", node="llm", message="", data={})
    await say(socket, event="step_error", step="llm_response", node="llm", message="No model")
    await say(socket, event="error", message="No model", data={})


async def lying(socket: ServerConnection, command: dict[str, Any]) -> None:
    """All that must not matter: twice, of others, out of order, unreadable, after the end."""

    async def own(seq: int, kind: str, step: str = "", run: str = "mine", **data: Any) -> None:
        fields = {"id": f"{run}:{seq}", "run_id": run, "seq": seq, "ts": f"{STAMP}Z"}
        await say(socket, **fields, event=kind, step=step, node="", message="", data=data)

    await own(1, "workflow_start")
    await own(2, "step_start", "input_reception")
    await own(3, "step_complete", "input_reception")
    await own(3, "step_complete", "input_reception")
    await own(7, "workflow_error", run="other", code="boom")
    await own(5, "step_complete", "intent_detection")
    await own(4, "step_start", "intent_detection")
    await own(6, "step_complete", "intent_detection")
    await own(7, "step_error", "rag_context")
    await own(8, "step_complete", "rag_context")
    await own(9, "dream", "llm_response")
    await socket.send("{ this is no JSON")
    await socket.send(b'{"event": "step_progress", "message": "\xff\xfe"}', text=True)
    await socket.send("[" * 100_000)
    await say(socket, event=None, step=[], data="x")
    await own(10, "workflow_complete", response="The end.")
    await own(10, "workflow_complete", response="Another end.")
    await own(11, "workflow_error", code="boom")


async def heavy(socket: ServerConnection, command: dict[str, Any]) -> None:
    """Messages of 10 MB."""
    bulk = "x" * 10_000_000
    await say(socket, event="tool_call", step="tool_execution", node="read_file")
    data = {"success": True, "output": bulk}
    await say(socket, event="tool_result", step="tool_execution", node="read_file", data=data)
    await say(socket, event="step_progress", step="llm_response", node="llm", message=bulk)
    await say(socket, event="workflow_complete", data={"response": "Small."})


async def swarming(socket: ServerConnection, command: dict[str, Any]) -> None:
    """Thousands of steps and calls that nobody has heard of."""
    for n in range(3_000):
        await say(socket, event="step_start", step=f"step-{n}", message="begins")
        data = {"call_id": f"c{n}", "tool": "search_local", "args": {"n": n}}
        await say(socket, event="tool_call", step="tool_execution", data=data)
        data = {"call_id": f"c{n}", "tool": "search_local", "success": True, "output": [n]}
        await say(socket, event="tool_result", step="tool_execution", data=data)
        await say(socket, event="step_complete", step=f"step-{n}", latency=1.0)
    await say(socket, event="workflow_complete", data={"response": "Swarmed."})


def burst(events: int, *, a_second: float | None = None) -> Script:
    """A script that sends that many progress events, at that rate or as fast as it can."""

    async def script(socket: ServerConnection, command: dict[str, Any]) -> None:
        text = json.dumps(
            {
                "event": "step_progress",
                "step": "rag_context",
                "node": "rag",
                "message": "Reading",
                "latency": None,
                "data": {"done": 1, "total": 2},
            }
        )
        clock = asyncio.get_running_loop().time
        begun = clock()
        for n in range(events):
            if a_second is not None and n % 50 == 0:
                await asyncio.sleep(max(0.0, begun + n / a_second - clock()))
            await socket.send(text)
        await say(socket, event="workflow_complete", data={"response": f"{events} events."})

    return script
