"""The client library against a real server, over good connections and bad ones."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import repeat
from pathlib import Path
from random import Random

import anyio
import pytest

from ryx_dash import backend
from ryx_dash.client import Client, Refused, Unreachable
from ryx_dash.errors import ProtocolError
from ryx_dash.protocol.events import Event
from ryx_dash.protocol.executor import Emit, Request
from ryx_dash.protocol.steps import RunStatus
from tests.fakes.executor import Script, ScriptedExecutor, all_green
from tests.faults.proxy import Proxy
from tests.servers import free_port
from tests.test_backend import numbered, resetting, served, settings


def quick() -> Iterator[float]:
    return repeat(0.01)


async def endless(request: Request, emit: Emit) -> None:
    await anyio.sleep_forever()


@asynccontextmanager
async def client(folder: Path, script: Script = all_green) -> AsyncIterator[Client]:
    async with served(settings(folder), ScriptedExecutor(script)) as port:
        with anyio.fail_after(30):
            yield Client(f"http://127.0.0.1:{port}", pauses=quick)


async def all_of(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


async def test_a_run_from_its_first_event_to_its_last(tmp_path: Path) -> None:
    async with client(tmp_path) as dashboard:
        run = dashboard.execute("hello", model="m")
        assert (run.run_id, run.status) == (None, None)
        events = await all_of(aiter(run))
    assert [event.seq for event in events] == list(range(1, 19))
    assert events[0].data == {"input": "hello", "model": "m"}
    assert (run.run_id, run.since, run.status) == (events[0].run_id, 18, RunStatus.SUCCESS)


async def test_events_go_on_after_a_place(tmp_path: Path) -> None:
    async with client(tmp_path) as dashboard:
        run = dashboard.execute("hello")
        await all_of(aiter(run))
        assert run.run_id is not None
        rest = await all_of(aiter(dashboard.events(run.run_id, since=10)))
        end = dashboard.events(run.run_id, since=18)
        assert await all_of(aiter(end)) == []
    assert [event.seq for event in rest] == list(range(11, 19))
    assert end.status is RunStatus.SUCCESS


async def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    async with client(tmp_path) as dashboard:
        with pytest.raises(Refused) as unknown:
            await all_of(aiter(dashboard.events("none")))
        with pytest.raises(Refused):
            await dashboard.cancel("none")
    assert unknown.value.code == "unknown_run"


async def test_cancelling_from_elsewhere(tmp_path: Path) -> None:
    async with client(tmp_path, endless) as dashboard:
        run = dashboard.execute("hello")
        events = aiter(run)
        first = await anext(events)
        assert await dashboard.cancel(first.run_id) is RunStatus.CANCELLED
        assert [event.event async for event in events] == ["workflow_cancelled"]
        assert await dashboard.cancel(first.run_id) is RunStatus.CANCELLED
    assert run.status is RunStatus.CANCELLED


@pytest.mark.parametrize("before", [True, False])
async def test_cancelling_one_s_own_run(tmp_path: Path, before: bool) -> None:
    async with client(tmp_path, endless) as dashboard:
        run = dashboard.execute("hello")
        if before:
            await run.cancel()
        async for _ in run:
            await run.cancel()
    assert run.status is RunStatus.CANCELLED


@pytest.mark.parametrize("seed", range(3))
async def test_a_bad_connection_costs_no_event(tmp_path: Path, seed: int) -> None:
    executor = ScriptedExecutor(numbered(100, 0.5))
    async with served(settings(tmp_path), executor) as port:
        proxy = Proxy(port, Random(seed))
        async with proxy.serve():
            proxy.judge = resetting(Random(seed))
            run = Client(f"ws://127.0.0.1:{proxy.port}{backend.PATH}", pauses=quick).execute("x")
            with anyio.fail_after(30):
                events = await all_of(aiter(run))
    assert [event.seq for event in events] == list(range(1, 103))
    assert len(executor.requests) == 1


async def test_nothing_there_is_said_after_ten_retries() -> None:
    with pytest.raises(Unreachable) as caught:
        await all_of(aiter(Client(f"http://127.0.0.1:{free_port()}", pauses=quick).execute("x")))
    assert "connection refused" in caught.value.message


async def test_who_does_not_wait_is_told_at_once_that_nothing_is_there() -> None:
    client = Client(f"http://127.0.0.1:{free_port()}", wait=False)
    with anyio.fail_after(5), pytest.raises(Unreachable):
        await all_of(aiter(client.execute("x")))


async def test_who_does_not_wait_at_first_goes_on_all_the_same(tmp_path: Path) -> None:
    executor = ScriptedExecutor(numbered(50, 0.5))
    async with served(settings(tmp_path), executor) as port:
        proxy = Proxy(port, Random(1))
        async with proxy.serve():
            url = f"ws://127.0.0.1:{proxy.port}{backend.PATH}"
            run = Client(url, wait=False, pauses=quick).execute("x")
            events = []
            with anyio.fail_after(30):
                async for event in run:
                    events.append(event.seq)
                    if event.seq in (10, 20):
                        proxy.reset()
    assert events == list(range(1, 53))


async def test_a_wrong_token_is_said_at_once(tmp_path: Path) -> None:
    async with served(settings(tmp_path, token="s3cret"), ScriptedExecutor()) as port:
        with pytest.raises(Unreachable) as caught:
            await all_of(aiter(Client(f"http://127.0.0.1:{port}", "wrong").execute("x")))
        run = Client(f"http://127.0.0.1:{port}", "s3cret").execute("x")
        assert await all_of(aiter(run))
    assert "token" in caught.value.message


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://h:1", "ws://h:1/api/workflow/stream"),
        ("https://h/runs/x", "wss://h/api/workflow/stream"),
        ("ws://h/behind/api/workflow/stream", "ws://h/behind/api/workflow/stream"),
    ],
)
def test_any_address_of_a_dashboard_will_do(given: str, url: str) -> None:
    assert Client(given).url == url


@pytest.mark.parametrize("given", ["", "localhost:8050", "ftp://h", "http://"])
def test_what_is_no_address_is_said(given: str) -> None:
    with pytest.raises(ProtocolError):
        Client(given)
