"""``ryx-dash backend``: its protocol, and a dashboard in front of it that nobody can tell apart."""

import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Any

import anyio
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ryx_dash import backend
from ryx_dash.engine.engine import Engine
from ryx_dash.live.feed import Feed
from ryx_dash.live.relay import Relay
from ryx_dash.live.runner import Runner
from ryx_dash.log.base import NewRun
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import Draft, Event, EventKind, step_event
from ryx_dash.protocol.executor import Emit, Executor, Request
from ryx_dash.protocol.steps import LLM
from ryx_dash.settings import Settings
from tests.fakes.executor import Script, ScriptedExecutor, all_green
from tests.faults.proxy import Message, Proxy, Verdict
from tests.servers import engine_backend

QUESTION = "What is the launch code of project Zephyr?"


def quick() -> Iterator[float]:
    return repeat(0.01)


def settings(folder: Path, **fields: Any) -> Settings:
    workspace = folder / "workspace"
    workspace.mkdir(exist_ok=True)
    (workspace / "notes.md").write_text("The launch code of project Zephyr is 7421.\n")
    given = {"data_dir": folder / "data", "workspace": workspace, "log_url": "memory://"}
    return Settings(**{**given, "llm_url": "http://127.0.0.1:9/v1", **fields})


@asynccontextmanager
async def served(
    chosen: Settings, executor: Executor, stop: anyio.Event | None = None
) -> AsyncIterator[int]:
    """Serve a backend for the length of the block; gives its port."""
    stop = stop or anyio.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with anyio.create_task_group() as tasks:
            serving = backend.Backend(chosen, MemoryLog(), executor)
            tasks.start_soon(serving.serve, listener, stop.wait)
            yield listener.getsockname()[1]
            stop.set()


def url(port: int) -> str:
    return f"ws://127.0.0.1:{port}{backend.PATH}"


async def logged(executor: Executor, text: str = QUESTION) -> list[Event]:
    """The events of a run that ``executor`` executes."""
    log = MemoryLog()
    log.start(NewRun(input=text))
    run = log.claim("me", at_once=1, lease_seconds=60)
    assert run is not None
    with anyio.fail_after(60):
        await Runner(log, Feed(log), executor).execute(run)
    await executor.aclose()
    return log.read(run.run_id)


def told(events: list[Event]) -> list[tuple[object, ...]]:
    """What can be compared between two runs: all but ids and times."""
    return [(e.seq, e.event, e.step, e.node, e.message, _timeless(e.data)) for e in events]


def _timeless(data: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in data.items() if "time" not in k and "per_second" not in k}


async def test_a_run_through_it_is_the_embedded_one_event_for_event(tmp_path: Path) -> None:
    embedded = await logged(Engine(settings(tmp_path, data_dir=tmp_path / "a")))
    chosen = settings(tmp_path, data_dir=tmp_path / "b")
    engine = Engine(chosen)
    async with served(chosen, engine) as port:
        relayed = await logged(Relay(url(port)))
    await engine.aclose()
    assert told(relayed) == told(embedded)
    assert "7421" in relayed[-1].data["response"]
    assert [event.latency is None for event in relayed] == [e.latency is None for e in embedded]


async def test_it_answers_health_models_and_readiness(tmp_path: Path) -> None:
    executor = ScriptedExecutor()
    async with (
        served(settings(tmp_path), executor) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        assert (await client.get("/health")).json() == {"status": "ok"}
        models = (await client.get("/api/models")).json()["models"]
        assert models[0] == {
            "id": "qwen2.5:3b",
            "name": "qwen2.5:3b",
            "size": 1_900_000_000,
            "available": True,
        }
        assert (await client.get("/ready")).status_code == 200
        executor.trouble = "The workspace is gone."
        unready = await client.get("/ready")
        missing = await client.get("/nowhere")
        plain = await client.get(backend.PATH)
    assert (unready.status_code, unready.json()["reasons"]) == (503, ["The workspace is gone."])
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    assert plain.status_code == 426


async def test_a_token_is_asked_for(tmp_path: Path) -> None:
    async with served(settings(tmp_path, token="s3cret"), ScriptedExecutor()) as port:
        with pytest.raises(InvalidStatus):
            await connect(url(port))
        refused = await logged(Relay(url(port), "wrong"))
        taken = await logged(Relay(url(port), "s3cret"))
        async with connect(f"{url(port)}?token=s3cret"):
            pass
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/health")).status_code == 200
            assert (await client.get("/api/models")).status_code == 401
    assert "refuses the token" in refused[-1].message
    assert taken[-1].event == "workflow_complete"


async def test_pages_of_others_may_not_come_in(tmp_path: Path) -> None:
    chosen = settings(tmp_path, allowed_origins=("https://good.example",))
    async with served(chosen, ScriptedExecutor()) as port:
        with pytest.raises(InvalidStatus) as refused:
            await connect(url(port), origin="https://evil.example")  # type: ignore[arg-type]
        async with connect(url(port), origin="https://good.example"):  # type: ignore[arg-type]
            pass
    assert refused.value.response.status_code == 403


async def test_bad_commands_are_answered_and_the_connection_stays(tmp_path: Path) -> None:
    async with served(settings(tmp_path), ScriptedExecutor()) as port, connect(url(port)) as socket:
        for message, code in (("{", "not_json"), (b"\xff", "not_json"), ("{}", "unknown_action")):
            await socket.send(message)
            assert json.loads(await socket.recv())["data"]["code"] == code
        await socket.send(json.dumps({"action": "execute_workflow", "input": "hi"}))
        assert json.loads(await socket.recv())["event"] == "workflow_start"
        await socket.send("x" * 70_000)
        await _heard(socket)
    assert socket.close_code == 1009


async def test_stopping_ends_its_runs_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "DRAIN_SECONDS", 0.1)
    begun = anyio.Event()

    async def endless(request: Request, emit: Emit) -> None:
        begun.set()
        await anyio.sleep_forever()

    stop = anyio.Event()
    async with (
        served(settings(tmp_path), ScriptedExecutor(endless), stop) as port,
        connect(url(port)) as socket,
    ):
        await socket.send(json.dumps({"action": "execute_workflow", "input": "hi"}))
        await begun.wait()
        stop.set()
        heard = await _heard(socket)
    assert heard[-1]["data"]["code"] == "interrupted"
    assert socket.close_code == 1012


async def test_a_run_under_way_may_end_when_it_stops(tmp_path: Path) -> None:
    begun, stop = anyio.Event(), anyio.Event()

    async def short(request: Request, emit: Emit) -> None:
        begun.set()
        await stop.wait()
        await anyio.sleep(0.2)
        await all_green(request, emit)

    async with (
        served(settings(tmp_path), ScriptedExecutor(short), stop) as port,
        connect(url(port)) as socket,
    ):
        await socket.send(json.dumps({"action": "execute_workflow", "input": "hi"}))
        await begun.wait()
        stop.set()
        heard = await _heard(socket)
    assert heard[-1]["event"] == "workflow_complete"
    assert socket.close_code == 1012


async def _heard(socket: ClientConnection) -> list[dict[str, Any]]:
    """All messages until the other side closes the connection."""
    heard = []
    with suppress(ConnectionClosed):
        while True:
            heard.append(json.loads(await socket.recv()))
    return heard


# -- a bad network between the two -----------------------------------------------------------------


def numbered(count: int, seconds: float) -> Script:
    """A run of that many events, told apart by their messages."""

    async def script(request: Request, emit: Emit) -> None:
        for n in range(count):
            await emit(step_event(EventKind.STEP_PROGRESS, LLM, str(n)))
            await anyio.sleep(seconds / count)
        await emit(Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": "whole"}))

    return script


Judge = Callable[[Message], Verdict]


def resetting(random: Random) -> Judge:
    """Resets a connection now and then, before or after a message, or in the middle of it."""
    verdicts = (Verdict.RESET, Verdict.RESET_AFTER, Verdict.TRUNCATE)

    def judge(message: Message) -> Verdict:
        return random.choice(verdicts) if random.random() < 0.08 else Verdict.PASS

    return judge


def swallowing(random: Random) -> Judge:
    """Loses a message now and then, and nobody is told."""

    def judge(message: Message) -> Verdict:
        lost = message.direction == "down" and random.random() < 0.02
        return Verdict.SWALLOW if lost else Verdict.PASS

    return judge


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("trouble", [resetting, swallowing])
async def test_what_the_network_does_costs_no_event(
    tmp_path: Path, trouble: Callable[[Random], Judge], seed: int
) -> None:
    executor = ScriptedExecutor(numbered(150, 1.0))
    async with served(settings(tmp_path), executor) as port:
        proxy = Proxy(port, Random(seed))
        async with proxy.serve():
            proxy.judge = trouble(Random(seed))
            relay = Relay(url(proxy.port), silence=4, pauses=quick)
            events = await logged(relay)
    messages = [event.message for event in events if event.step == LLM.name]
    assert [m for m in messages if m.isdigit()] == [str(n) for n in range(150)]
    assert events[-1].data == {"response": "whole"}
    assert len(executor.requests) == 1


async def test_a_backend_that_forgot_the_run_leaves_it_interrupted(tmp_path: Path) -> None:
    proxy = Proxy(0)
    events: list[Draft] = []
    first = anyio.Event()

    async def emit(*drafts: Draft) -> None:
        events.extend(drafts)
        first.set()

    async with proxy.serve(), anyio.create_task_group() as tasks:
        async with served(settings(tmp_path), ScriptedExecutor(numbered(100, 60))) as port:
            proxy.upstream = port
            relay = Relay(url(proxy.port), pauses=quick)
            tasks.start_soon(relay.execute, Request(run_id="r", input="x"), emit)
            await first.wait()
            proxy.refuse = True
            proxy.reset()
        async with served(settings(tmp_path), ScriptedExecutor(all_green)) as port:
            proxy.upstream = port
            proxy.heal()
            with anyio.fail_after(20):
                while events[-1].event != "workflow_error":
                    await anyio.sleep(0.01)
    await relay.aclose()
    assert events[-1].data["code"] == "interrupted"


# -- the process -----------------------------------------------------------------------------------


def test_it_has_a_port_and_a_log_of_its_own(tmp_path: Path) -> None:
    chosen = backend.settings_of(Settings(data_dir=tmp_path))
    assert (chosen.port, chosen.log_path) == (8000, tmp_path / "backend.db")
    given = Settings(data_dir=tmp_path, port=9, log_url="memory://")
    assert backend.settings_of(given) == given


def test_the_process_says_where_it_is_and_stops_on_a_signal(tmp_path: Path) -> None:
    with engine_backend(tmp_path, RYX_TOKEN="s3cret") as running:
        address = url(running.port)
        assert f"Show it with: RYX_WS_URL={address} RYX_WS_TOKEN=s3cret" in running.printed
        os.kill(running.process.pid, signal.SIGINT)
        assert running.process.wait(20) == 0
    assert "Traceback" not in running.printed
