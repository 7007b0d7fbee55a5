"""Runs on backends of all kinds, from the command to an end that the log can keep."""

import json
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import anyio
import pytest
from websockets.asyncio.server import ServerConnection

from ryx_dash.backoff import RETRIES
from ryx_dash.live.feed import Feed
from ryx_dash.live.relay import Relay
from ryx_dash.live.runner import Runner
from ryx_dash.log.base import NewRun
from ryx_dash.log.memory import MemoryLog
from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.projection.state import RunState
from ryx_dash.protocol.events import RAW, Draft, Event
from ryx_dash.protocol.executor import Request
from ryx_dash.protocol.steps import STEPS, RunStatus
from tests.fakes import backends
from tests.fakes.backends import FakeBackend, Script, served_backend
from tests.faults.proxy import Proxy
from tests.servers import free_port


def quick() -> Iterator[float]:
    return repeat(0.01)


async def run_on(backend: FakeBackend, *, silence: float = 10, **kwargs: Any) -> list[Event]:
    """Execute a run through log and runner; gives its events."""
    relay = Relay(backend.url, silence=silence, pauses=quick, **kwargs)
    return await logged(relay)


async def logged(relay: Relay) -> list[Event]:
    log = MemoryLog()
    log.start(NewRun(input="hello", model="m"))
    run = log.claim("me", at_once=1, lease_seconds=60)
    assert run is not None
    with anyio.fail_after(60):
        await Runner(log, Feed(log), relay).execute(run)
    await relay.aclose()
    return log.read(run.run_id)


def state(events: list[Event]) -> RunState:
    return fold_all(initial("r"), events)


async def outcome_of(script: Script, **kwargs: Any) -> RunState:
    async with served_backend(script) as backend:
        return state(await run_on(backend, **kwargs))


# -- dialects --------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [backends.documented, backends.executor, backends.numbered])
async def test_every_dialect_leaves_a_green_graph(script: Script) -> None:
    shown = await outcome_of(script)
    assert shown.status is RunStatus.SUCCESS
    assert {node.step: node.status for node in shown.steps} == {
        step.name: "success" for step in STEPS
    }
    assert shown.input == "hello"
    assert (shown.gaps, shown.duplicates) == (0, 0)


async def test_the_documented_form_has_its_calls_and_its_answer() -> None:
    shown = await outcome_of(backends.documented)
    assert [(c.call_id, c.tool, c.status) for c in shown.calls] == [
        ("c1", "search_local", "success"),
        ("c2", "search_local", "failed"),
    ]
    assert shown.answer == "It is 7421."
    assert shown.tokens == 2


async def test_the_executors_form_is_paired_by_order() -> None:
    shown = await outcome_of(backends.executor)
    assert [(c.tool, c.status, c.inferred) for c in shown.calls] == [
        ("search_local", "success", True),
        ("read_file", "success", True),
        ("launch_app", "failed", True),
    ]
    search, read, launch = shown.calls
    assert search.output == backends.FILES[:2]
    assert read.output.endswith("(cut by the backend)")
    assert launch.error == "No such app: vim"


async def test_unknown_steps_become_nodes_in_the_order_of_their_arrival() -> None:
    shown = await outcome_of(backends.own_steps)
    assert [node.step for node in shown.steps[8:]] == ["planning", "research", "writing"]
    assert shown.answer == "Written."


async def test_a_backend_that_says_it_failed_has_failed() -> None:
    shown = await outcome_of(backends.failing)
    assert (shown.status, shown.failure) == (RunStatus.FAILED, "No model")
    assert shown.failed_step == "llm_response"


async def test_the_command_says_what_was_asked() -> None:
    async with served_backend(backends.documented) as backend:
        await run_on(backend)
    command = backend.commands[0]
    assert (command["input"], command["model"]) == ("hello", "m")
    assert command["command_id"]


async def test_the_token_goes_along() -> None:
    async with served_backend(backends.documented) as backend:
        await run_on(backend, token="s3cret")
    assert backend.tokens == ["Bearer s3cret"]


# -- lost and lying backends -----------------------------------------------------------------------


async def test_a_connection_that_breaks_in_mid_run_leaves_it_interrupted() -> None:
    shown = await outcome_of(backends.breaking)
    assert shown.status is RunStatus.INTERRUPTED
    assert "rag_context" in (shown.failure or "")
    assert "Run it again" in (shown.failure or "")


async def test_a_stub_that_only_acknowledges_leaves_it_interrupted() -> None:
    shown = await outcome_of(backends.acknowledging, silence=0.2)
    assert shown.status is RunStatus.INTERRUPTED
    assert "acknowledged the command and then sent nothing for 0.2 s" in (shown.failure or "")


async def test_silence_ends_the_run() -> None:
    async with served_backend(backends.silent) as backend:
        events = await run_on(backend, silence=0.2)
        with anyio.fail_after(5):
            while not backend.cancels:
                await anyio.sleep(0.01)
    assert [event.event for event in events] == ["workflow_start", "step_start", "workflow_error"]
    assert state(events).status is RunStatus.INTERRUPTED
    assert "sent nothing for 0.2 s during rag_context" in events[-1].message


async def test_what_is_of_other_runs_does_not_keep_a_run_alive() -> None:
    async def others(socket: ServerConnection, command: dict[str, Any]) -> None:
        await backends.say(socket, event="step_start", step="rag_context", run_id="mine")
        while True:
            await backends.say(socket, event="step_progress", step="rag_context", run_id="other")
            await anyio.sleep(0.02)

    shown = await outcome_of(others, silence=0.4)
    assert shown.status is RunStatus.INTERRUPTED
    assert "sent nothing" in (shown.failure or "")


async def test_time_that_the_log_takes_is_not_the_backends_silence() -> None:
    async def emit(*some: Draft) -> None:
        drafts.extend(some)
        await anyio.sleep(0.3)

    drafts: list[Draft] = []
    async with served_backend(backends.own_steps) as backend:
        relay = Relay(backend.url, silence=0.2)
        with anyio.fail_after(20):
            await relay.execute(Request(run_id="r", input="x"), emit)
        await relay.aclose()
    assert drafts[-1].event == "workflow_complete"


async def test_what_must_not_matter_does_not() -> None:
    async with served_backend(backends.lying) as backend:
        events = await run_on(backend)
    shown = state(events)
    assert shown.status is RunStatus.SUCCESS
    assert shown.answer == "The end."
    assert (shown.gaps, shown.duplicates) == (0, 0)
    statuses = {node.step: node.status for node in shown.steps}
    assert statuses["input_reception"] == statuses["intent_detection"] == "success"
    kinds = [event.event for event in events]
    assert kinds.count("unreadable") == 2
    assert kinds.count("unknown") == 1
    assert "dream" in kinds
    assert kinds.count("workflow_complete") == 1
    assert events[-2].data["duplicates"] == 1
    assert events[-2].data["foreign"] == 1


async def test_messages_of_10_mb_are_kept_once_and_not_in_the_runs_state() -> None:
    async with served_backend(backends.heavy) as backend:
        events = await run_on(backend)
    assert state(events).answer == "Small."
    assert state(events).calls[0].status == "success"
    raw = [len(event.data.get(RAW, "")) for event in events]
    assert sum(size > 10_000_000 for size in raw) == 2
    assert sum(len(json.dumps(event.data)) for event in events) < sum(raw) + 1_000_000
    assert len(repr(state(events))) < 1_000_000


async def test_a_message_beyond_every_limit_ends_the_run_as_interrupted() -> None:
    async def enormous(socket: ServerConnection, command: dict[str, Any]) -> None:
        await backends.say(socket, event="step_start", step="x", message="x" * 34_000_000)

    shown = await outcome_of(enormous)
    assert shown.status is RunStatus.INTERRUPTED


@pytest.mark.parametrize("count", [2_000, 20_000])
async def test_a_burst_is_logged_whole(count: int) -> None:
    async with served_backend(backends.burst(count)) as backend:
        events = await run_on(backend)
    assert [event.seq for event in events] == list(range(1, count + 3))


async def test_messages_in_one_packet_are_taken_in_order_up_to_the_end() -> None:
    async def at_once(socket: ServerConnection, command: dict[str, Any]) -> None:
        for n in range(600):
            await backends.say(socket, event="step_progress", step="x", message=str(n))
        await backends.say(socket, event="workflow_complete", data={"response": "Done."})
        await backends.say(socket, event="step_progress", step="x", message="after the end")

    async with served_backend(at_once) as backend:
        events = await run_on(backend)
    assert [event.message for event in events[1:-1]] == [str(n) for n in range(600)]
    assert events[-1].event == "workflow_complete"


async def test_what_came_before_a_connection_broke_is_in_the_log() -> None:
    async def breaks(socket: ServerConnection, command: dict[str, Any]) -> None:
        for n in range(300):
            await backends.say(socket, event="step_progress", step="x", message=str(n))
        await socket.close(1011)

    async with served_backend(breaks) as backend:
        events = await run_on(backend)
    assert [event.message for event in events[1:-1]] == [str(n) for n in range(300)]
    assert state(events).status is RunStatus.INTERRUPTED


async def test_a_slow_log_makes_the_backend_wait_and_not_the_memory_grow() -> None:
    sent = 0

    async def flood(socket: ServerConnection, command: dict[str, Any]) -> None:
        nonlocal sent
        while True:
            sent += 1
            await backends.say(socket, event="step_progress", step="x", message="y" * 10_000)

    taken = 0
    stopped = anyio.Event()

    async def emit(*drafts: Draft) -> None:
        nonlocal taken
        taken += len(drafts)
        if taken >= 50:
            stopped.set()
            await anyio.sleep_forever()

    async with served_backend(flood) as backend:
        relay = Relay(backend.url)
        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(relay.execute, Request(run_id="r", input="x"), emit)
                await stopped.wait()
                before = -1
                while before != sent:
                    before = sent
                    await anyio.sleep(0.3)
                tasks.cancel_scope.cancel()
        await relay.aclose()
    assert sent < 5_000


# -- connecting ------------------------------------------------------------------------------------


async def test_a_backend_that_comes_late_is_waited_for() -> None:
    port = free_port()
    relay = Relay(f"ws://127.0.0.1:{port}/api/workflow/stream", pauses=quick)
    events: list[Draft] = []
    tried = anyio.Event()

    async def emit(*drafts: Draft) -> None:
        events.extend(drafts)
        tried.set()

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(relay.execute, Request(run_id="r", input="x"), emit)
            await tried.wait()
            async with served_backend(backends.documented, port=port):
                while events[-1].event != "workflow_complete":
                    await anyio.sleep(0.01)
    await relay.aclose()
    assert "Trying again in 0 s (1 of 10)" in events[0].message
    assert events[0].data["retry"] == 1


async def test_after_ten_retries_the_run_has_failed_and_never_begun() -> None:
    events = await logged(Relay(f"ws://127.0.0.1:{free_port()}/x", pauses=quick))
    assert [event.data.get("retry") for event in events[1:-1]] == list(range(1, RETRIES + 1))
    assert state(events).status is RunStatus.FAILED
    assert events[-1].data["code"] == "backend_unreachable"
    assert "The run has not begun" in events[-1].message


@pytest.mark.parametrize(("status", "said"), [(401, "refuses the token"), (404, "HTTP 404")])
async def test_what_no_retry_can_mend_is_said_at_once(status: int, said: str) -> None:
    async with served_backend(backends.documented, status=status) as backend:
        events = await run_on(backend)
    assert len(events) == 2
    assert said in events[-1].message


async def test_a_status_that_may_pass_is_retried() -> None:
    async with served_backend(backends.documented, status=503) as backend:
        relay = Relay(backend.url, pauses=quick)
        said: list[Draft] = []

        async def emit(*drafts: Draft) -> None:
            said.extend(drafts)
            backend.status = None

        with anyio.fail_after(20):
            await relay.execute(Request(run_id="r", input="x"), emit)
        await relay.aclose()
    assert "HTTP 503" in said[0].message
    assert said[-1].event == "workflow_complete"


# -- resuming --------------------------------------------------------------------------------------


def counted(seq: int, kind: str, **data: Any) -> dict[str, Any]:
    head = {"id": f"mine:{seq}", "run_id": "mine", "seq": seq, "ts": "2026-01-01T00:00:00Z"}
    return {**head, "event": kind, "step": "", "node": "", "message": "", "data": data}


async def test_a_backend_that_counts_is_resumed_where_it_was() -> None:
    async def half(socket: ServerConnection, command: dict[str, Any]) -> None:
        await backends.say(socket, **counted(1, "workflow_start"))
        await backends.say(socket, **counted(2, "note"))
        await socket.close(1012)

    async def rest(socket: ServerConnection, command: dict[str, Any]) -> None:
        await backends.say(socket, **counted(2, "note"))
        await backends.say(socket, **counted(3, "workflow_complete", response="Whole."))

    async with served_backend(half, resume=rest) as backend:
        events = await run_on(backend)
    assert "run=mine&since=2" in backend.queries[-1]
    assert state(events).answer == "Whole."
    assert [event.event for event in events].count("note") == 1


async def test_a_run_that_the_backend_has_forgotten_is_interrupted() -> None:
    async def half(socket: ServerConnection, command: dict[str, Any]) -> None:
        await backends.say(socket, **counted(1, "workflow_start"))
        await socket.close(1012)

    async def unknown(socket: ServerConnection, command: dict[str, Any]) -> None:
        data = {"code": "unknown_run"}
        await backends.say(socket, event="error", ts="", message="?", data=data)

    async with served_backend(half, resume=unknown) as backend:
        events = await run_on(backend)
    assert state(events).status is RunStatus.INTERRUPTED
    assert "has lost this run" in events[-1].message


async def test_an_event_that_never_comes_is_asked_for_and_then_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ryx_dash.live.conversation.HOLE_SECONDS", 0.05)

    async def rest(socket: ServerConnection, command: dict[str, Any]) -> None:
        await backends.say(socket, **counted(4, "note"))
        await backends.say(socket, **counted(5, "workflow_complete", response="Nearly whole."))

    async def holey(socket: ServerConnection, command: dict[str, Any]) -> None:
        await backends.say(socket, **counted(1, "workflow_start"))
        await rest(socket, command)

    async with served_backend(holey, resume=rest) as backend:
        events = await run_on(backend)
    assert "run=mine&since=1" in backend.queries[-1]
    assert state(events).answer == "Nearly whole."
    assert events[-2].data["missing"] == 2


async def test_no_more_than_some_events_wait_for_one_that_is_missing() -> None:
    async def holey(socket: ServerConnection, command: dict[str, Any]) -> None:
        await backends.say(socket, **counted(1, "workflow_start"))
        for seq in range(3, 4_000):
            await backends.say(socket, **counted(seq, "note"))
        await backends.say(socket, **counted(4_000, "workflow_complete"))

    async def rest(socket: ServerConnection, command: dict[str, Any]) -> None:
        await holey(socket, command)

    async with served_backend(holey, resume=rest) as backend:
        events = await run_on(backend)
    assert len(backend.queries) == 2
    assert events[-2].data["missing"] == 1
    assert len(events) == 4_000


async def test_a_contract_backend_that_is_silent_is_asked_again_before_it_is_given_up() -> None:
    async def hushed(socket: ServerConnection, command: dict[str, Any]) -> None:
        await backends.say(socket, **counted(1, "workflow_start"))

    async def rest(socket: ServerConnection, command: dict[str, Any]) -> None:
        return

    async with served_backend(hushed, resume=rest) as backend:
        events = await run_on(backend, silence=0.4)
    assert "run=mine&since=1" in backend.queries[-1]
    assert len(backend.queries) == 2
    assert state(events).status is RunStatus.INTERRUPTED


async def test_a_backend_that_stays_away_leaves_a_begun_run_interrupted() -> None:
    async def half(socket: ServerConnection, command: dict[str, Any]) -> None:
        await backends.say(socket, **counted(1, "workflow_start"))
        backend.status = 503
        await socket.close(1012)

    async with served_backend(half) as backend:
        events = await run_on(backend)
    assert len(backend.queries) == 1 + RETRIES
    assert state(events).status is RunStatus.INTERRUPTED


async def test_time_without_a_connection_is_nobodys_silence() -> None:
    """A backend that comes back after longer than the silence allowed may say what it has."""

    async def half(socket: ServerConnection, command: dict[str, Any]) -> None:
        await backends.say(socket, **counted(1, "workflow_start"))
        backend.status = 503
        await socket.close(1012)

    async def rest(socket: ServerConnection, command: dict[str, Any]) -> None:
        await anyio.sleep(0.1)
        await backends.say(socket, **counted(2, "workflow_complete", response="Here again."))

    def pauses() -> Iterator[float]:
        yield 1.0  # longer than the silence
        backend.status = None
        yield from quick()

    async with served_backend(half, resume=rest) as backend:
        events = await logged(Relay(backend.url, silence=0.6, pauses=pauses))
    assert "run=mine&since=1" in backend.queries[-1]
    assert state(events).answer == "Here again."


# -- cancelling ------------------------------------------------------------------------------------


async def test_cancelling_ends_the_run_here_and_is_told_to_the_backend() -> None:
    log = MemoryLog()
    feed = Feed(log)
    log.start(NewRun(input="hello"))
    run = log.claim("me", at_once=1, lease_seconds=60)
    assert run is not None
    async with served_backend(backends.silent) as backend:
        relay = Relay(backend.url)
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(Runner(log, feed, relay).execute, run)
                while log.head(run.run_id) < 2:
                    await anyio.sleep(0.01)
                feed.publish(log.cancel(run.run_id))
            while not backend.cancels:
                await anyio.sleep(0.01)
        await relay.aclose()
    assert backend.cancels == [{"action": "cancel_workflow"}]
    after = log.run(run.run_id)
    assert after is not None
    assert after.status is RunStatus.CANCELLED


# -- link and models -------------------------------------------------------------------------------


async def test_the_link_knows_whether_the_backend_is_there() -> None:
    port = free_port()
    relay = Relay(f"ws://user:pw@127.0.0.1:{port}/api/workflow/stream", pauses=quick)
    link = relay.link
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            assert await relay.problem() is not None
            tasks.start_soon(relay.run)
            while link.state.attempt < 3 or link.state.state != "disconnected":
                await link.changed()
            assert "refused" in (link.state.reason or "")
            assert link.state.as_json()["next"] >= 0
            assert "cannot be reached: " in str(await relay.problem())
            async with served_backend(backends.documented, port=port):
                while link.state.state != "connected":
                    await link.changed()
                assert await relay.problem() is None
                assert link.as_json()["heard"] < 20
                assert link.state.attempt == 0
            while link.state.state != "disconnected":
                await link.changed()
            tasks.cancel_scope.cancel()
    await relay.aclose()
    assert link.state.as_json()["address"] == f"ws://127.0.0.1:{port}/api/workflow/stream"


async def test_the_link_notices_a_backend_that_answers_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ryx_dash.live.link.PING_SECONDS", 0.1)
    async with served_backend(backends.documented) as backend:
        proxy = Proxy(int(backend.url.split(":")[2].split("/")[0]))
        async with proxy.serve(), anyio.create_task_group() as tasks:
            link = Relay(f"ws://127.0.0.1:{proxy.port}/", pauses=quick).link
            tasks.start_soon(link.keep)
            with anyio.fail_after(20):
                while link.state.state != "connected":
                    await link.changed()
                proxy.hole = True
                while link.state.state != "disconnected":
                    await link.changed()
            tasks.cancel_scope.cancel()
    assert "does not answer" in (link.state.reason or "")


async def test_models_come_from_the_backend_where_it_offers_them() -> None:
    offered = [
        {"id": "a", "name": "A", "size": 5, "available": True},
        {"name": "b", "size": "big", "available": False},
        "c",
        {"size": 1},
        7,
    ]
    async with served_backend(backends.documented, models=offered) as backend:
        relay = Relay(backend.url, known=("k",))
        found = await relay.models()
        backend.models = None
        kept = await relay.models()
        await relay.aclose()
    assert [(m.id, m.name, m.size, m.available) for m in found] == [
        ("a", "A", 5, True),
        ("b", "b", None, False),
        ("c", "c", None, True),
    ]
    assert kept == found


async def test_without_an_offer_known_models_can_be_chosen() -> None:
    async with served_backend(backends.documented) as backend:
        relay = Relay(backend.url, known=("k",))
        assert [model.id for model in await relay.models()] == ["k"]
        assert await relay.examples() == []
        await relay.aclose()


async def test_models_of_a_backend_that_is_away_are_not_waited_for() -> None:
    relay = Relay(f"ws://127.0.0.1:{free_port()}/x", known=("k",))
    assert [model.id for model in await relay.models()] == ["k"]
    await relay.aclose()
