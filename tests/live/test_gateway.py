"""The WebSocket as other programs see it, over real sockets and a real log."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from ryx_dash import factory
from ryx_dash.errors import LogError
from ryx_dash.live import program as program_module
from ryx_dash.live.desk import Desk
from ryx_dash.live.feed import ALL, Feed, Watch
from ryx_dash.live.gateway import FEW, LIST_SECONDS, TOGETHER_SECONDS, Gateway, _pause
from ryx_dash.live.limits import BURST, PATIENCE
from ryx_dash.log.base import Run
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.executor import Emit, Request
from ryx_dash.protocol.frames import SUBPROTOCOL
from ryx_dash.protocol.steps import INPUT
from ryx_dash.settings import Settings
from tests.fakes.executor import ScriptedExecutor
from tests.servers import serve

PATH = "/api/workflow/stream"
KEYS = ["id", "run_id", "seq", "ts", "event", "step", "node", "message", "latency", "data"]


@pytest.fixture
def executor() -> ScriptedExecutor:
    return ScriptedExecutor()


@pytest.fixture
def address(executor: ScriptedExecutor) -> Iterator[str]:
    with serve(factory.create(Settings(log_url="memory://"), executor=executor)) as address:
        yield address


def program(address: str, query: str = "") -> ClientConnection:
    return connect(f"ws://{address}{PATH}{query}", close_timeout=1)


def page(address: str, query: str = "") -> ClientConnection:
    return connect(f"ws://{address}{PATH}{query}", subprotocols=[SUBPROTOCOL], close_timeout=1)  # type: ignore[list-item]


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection) -> dict[str, Any]:
    heard: dict[str, Any] = json.loads(socket.recv(timeout=10))
    return heard


def hear_until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    events = [hear(socket)]
    while events[-1]["event"] != kind:
        events.append(hear(socket))
    return events


async def until_cancelled(request: Request, emit: Emit) -> None:
    await emit(step_event(EventKind.STEP_START, INPUT, "Waiting"))
    await anyio.sleep_forever()


# -- the plain protocol -----------------------------------------------------------------------


def test_a_run_arrives_whole_and_in_order(address: str) -> None:
    with program(address) as socket:
        say(socket, action="execute_workflow", input="hello")
        events = hear_until(socket, "workflow_complete")
    assert [event["seq"] for event in events] == list(range(1, 19))
    assert all(list(event) == KEYS for event in events)
    assert all(event["id"] == f"{event['run_id']}:{event['seq']}" for event in events)
    assert events[0]["event"] == "workflow_start"
    assert events[-1]["data"]["response"] == "You asked: hello"


def test_resume_sends_what_came_after(address: str) -> None:
    with program(address) as socket:
        say(socket, action="execute_workflow", input="hello")
        events = hear_until(socket, "workflow_complete")
    with program(address, f"?run={events[0]['run_id']}&since=10") as socket:
        assert hear_until(socket, "workflow_complete") == events[10:]


def test_a_command_id_has_one_effect(address: str, executor: ScriptedExecutor) -> None:
    with program(address) as first, program(address) as second:
        say(first, action="execute_workflow", input="hello", command_id="c1")
        events = hear_until(first, "workflow_complete")
        say(second, action="execute_workflow", input="hello", command_id="c1")
        assert hear_until(second, "workflow_complete") == events
    assert len(executor.requests) == 1


def test_the_choice_of_model_reaches_the_executor(address: str, executor: ScriptedExecutor) -> None:
    with program(address) as socket:
        say(socket, action="execute_workflow", input="hello", model="qwen2.5:3b")
        hear_until(socket, "workflow_complete")
    assert executor.requests[0].model == "qwen2.5:3b"


@pytest.mark.parametrize("named", [True, False])
def test_cancel_ends_the_run(address: str, executor: ScriptedExecutor, named: bool) -> None:
    executor.script = until_cancelled
    with program(address) as socket:
        say(socket, action="execute_workflow", input="hello")
        events = hear_until(socket, "step_start")
        target = {"run_id": events[0]["run_id"]} if named else {}
        say(socket, action="cancel_workflow", **target)
        assert hear(socket)["event"] == "workflow_cancelled"


def test_cancel_without_a_run_says_what_is_missing(address: str) -> None:
    with program(address) as socket:
        say(socket, action="cancel_workflow")
        answer = hear(socket)
    assert answer["event"] == "error"
    assert answer["data"]["code"] == "bad_field"
    assert "run_id" in answer["message"]
    assert "seq" not in answer


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "not_json"),
        ("[1]", "not_an_object"),
        ('{"action": "dance"}', "unknown_action"),
        ("{}", "unknown_action"),
        ('{"action": "execute_workflow"}', "bad_field"),
        ('{"action": "execute_workflow", "input": 5}', "bad_field"),
        ('{"action": "cancel_workflow", "run_id": "none"}', "unknown_run"),
    ],
)
def test_a_bad_message_is_answered_and_the_connection_stays(
    address: str, text: str, code: str
) -> None:
    with program(address) as socket:
        socket.send(text)
        assert hear(socket)["data"]["code"] == code
        say(socket, action="execute_workflow", input="still here")
        hear_until(socket, "workflow_complete")


def test_a_binary_message_is_read_as_text(address: str) -> None:
    with program(address) as socket:
        socket.send(json.dumps({"action": "execute_workflow", "input": "bytes"}).encode())
        hear_until(socket, "workflow_complete")


def test_a_message_that_is_too_large_closes_with_1009(address: str) -> None:
    with program(address) as socket:
        say(socket, action="execute_workflow", input="x" * 70_000)
        assert hear(socket)["data"]["code"] == "too_large"
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
        assert socket.protocol.close_code == 1009


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?run=none", "unknown_run"),
        ("?run={run}&since=19", "bad_cursor"),
        ("?run={run}&since=-1", "bad_cursor"),
        ("?run={run}&since=x", "bad_cursor"),
    ],
)
def test_a_bad_cursor_is_said(address: str, query: str, code: str) -> None:
    with program(address) as socket:
        say(socket, action="execute_workflow", input="hello")
        run_id = hear_until(socket, "workflow_complete")[0]["run_id"]
    with program(address, query.format(run=run_id)) as socket:
        assert hear(socket)["data"]["code"] == code
        say(socket, action="execute_workflow", input="still here")
        hear_until(socket, "workflow_complete")


def test_a_run_that_never_speaks_of_its_end_fails(address: str, executor: ScriptedExecutor) -> None:
    async def silent(request: Request, emit: Emit) -> None:
        await emit(step_event(EventKind.STEP_START, INPUT, "Start"))

    executor.script = silent
    with program(address) as socket:
        say(socket, action="execute_workflow", input="hello")
        assert hear_until(socket, "workflow_error")[-1]["message"]


def test_what_is_emitted_after_the_end_is_dropped(address: str, executor: ScriptedExecutor) -> None:
    async def chatty(request: Request, emit: Emit) -> None:
        await emit(Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": "yes"}))
        await emit(step_event(EventKind.STEP_START, INPUT, "One more thing"))

    executor.script = chatty
    with program(address) as socket:
        say(socket, action="execute_workflow", input="hello")
        run_id = hear_until(socket, "workflow_complete")[0]["run_id"]
    with program(address, f"?run={run_id}&since=0") as socket:
        assert len(hear_until(socket, "workflow_complete")) == 2


# -- the page's protocol ----------------------------------------------------------------------


def envelope(socket: ClientConnection, *messages: dict[str, Any]) -> None:
    socket.send(json.dumps({"c": "1", "m": messages}))


def shown(socket: ClientConnection, frame: dict[str, Any]) -> None:
    envelope(socket, {"type": "shown", "n": frame["n"], "seq": frame["head"]})


def follow_to_the_end(socket: ClientConnection) -> dict[str, Any]:
    while True:
        frame = hear(socket)
        shown(socket, frame)
        if frame["status"] in ("success", "failed", "cancelled"):
            return frame


def test_the_page_follows_the_newest_run(address: str) -> None:
    with page(address) as viewer, program(address) as socket:
        hello = hear(viewer)
        assert hello["hello"] is True
        assert hello["run"] is None
        shown(viewer, hello)
        say(socket, action="execute_workflow", input="hello")
        run_id = hear_until(socket, "workflow_complete")[0]["run_id"]
        frame = follow_to_the_end(viewer)
    assert (frame["run"], frame["head"], frame["status"]) == (run_id, 18, "success")


def test_the_page_starts_and_watches_a_run(address: str) -> None:
    with page(address) as viewer:
        shown(viewer, hear(viewer))
        execute = {"type": "execute", "command_id": "c1", "input": "hello", "model": None}
        envelope(viewer, execute)
        frame = hear(viewer)
        while not frame["acks"]:
            shown(viewer, frame)
            frame = hear(viewer)
        run_id = frame["acks"][0]["run_id"]
        envelope(viewer, {"type": "watch", "run": run_id})
        shown(viewer, frame)
        assert follow_to_the_end(viewer)["run"] == run_id


def test_the_page_stays_with_the_run_that_it_started(address: str) -> None:
    """The newest run is another's by the time of the answer; no frame after it shows that one."""
    with page(address) as viewer, program(address) as other:
        shown(viewer, hear(viewer))
        execute = {"type": "execute", "command_id": "c1", "input": "mine", "model": None}
        envelope(viewer, execute)
        frames = [hear(viewer)]
        while not frames[-1]["acks"]:
            shown(viewer, frames[-1])
            frames.append(hear(viewer))
        mine = frames[-1]["acks"][0]["run_id"]
        say(other, action="execute_workflow", input="theirs")
        theirs = hear_until(other, "workflow_complete")[0]["run_id"]
        assert frames[-1]["run"] == mine != theirs
        shown(viewer, frames[-1])
        envelope(viewer, {"type": "ping"})
        assert hear(viewer)["run"] == mine


def test_the_page_is_told_of_a_refused_command(address: str) -> None:
    with page(address) as viewer:
        shown(viewer, hear(viewer))
        envelope(viewer, {"type": "cancel", "command_id": "c2", "run_id": "none"})
        assert hear(viewer)["acks"][0]["error"]["code"] == "unknown_run"


def test_the_page_is_told_of_an_unknown_run(address: str) -> None:
    with page(address, "?run=none") as viewer:
        assert hear(viewer)["error"]["code"] == "unknown_run"


def test_the_page_may_talk_nonsense(address: str) -> None:
    with page(address) as viewer:
        shown(viewer, hear(viewer))
        viewer.send("{")
        assert hear(viewer)["error"]["code"] == "not_json"


def test_a_page_message_that_is_too_large_closes(address: str) -> None:
    with page(address) as viewer:
        hear(viewer)
        viewer.send("x" * 70_000)
        with pytest.raises(ConnectionClosed):
            hear(viewer)
        assert viewer.protocol.close_code == 1009


def test_a_page_that_goes_away_leaves_nothing_behind(address: str) -> None:
    for _ in range(5):
        with page(address):
            pass
    with page(address) as viewer:
        assert hear(viewer)["hello"] is True


def test_a_foreign_origin_is_refused(address: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{address}{PATH}", origin="http://evil.example")  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


# -- limits, and the end ------------------------------------------------------------------------


@contextmanager
def limited(executor: ScriptedExecutor, **settings: Any) -> Iterator[str]:
    with serve(
        factory.create(Settings(log_url="memory://", **settings), executor=executor)
    ) as address:
        yield address


def close_of(socket: ClientConnection) -> tuple[int | None, str | None]:
    with suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=10)
    return socket.protocol.close_code, socket.protocol.close_reason


def test_one_viewer_too_many_is_told_so(executor: ScriptedExecutor) -> None:
    with limited(executor, max_connections=2) as address:
        with page(address) as first, program(address):
            hear(first)
            with page(address) as third:
                code, reason = close_of(third)
            assert code == 1013
            assert "2 viewers" in str(reason)
        with page(address) as after:
            assert hear(after)["hello"] is True


def test_a_program_that_sends_too_fast_is_told_then_cut_off(address: str) -> None:
    with program(address) as socket:
        with suppress(ConnectionClosed):
            for _ in range(5_000):
                socket.send("{")
        codes = set()
        with suppress(ConnectionClosed):
            while True:
                codes.add(hear(socket)["data"]["code"])
    assert codes == {"not_json", "too_fast"}
    assert socket.protocol.close_code == 1008


def test_a_page_that_sends_too_fast_is_told(address: str) -> None:
    with page(address) as viewer:
        for _ in range(int(BURST + PATIENCE / 2)):
            envelope(viewer, {"type": "ping"})
        frame = hear(viewer)
        while "error" not in frame:
            time.sleep(0.05)  # what is too fast now is not in a moment
            shown(viewer, frame)
            frame = hear(viewer)
        assert frame["error"]["code"] == "too_fast"


def test_a_page_that_goes_on_like_that_is_cut_off(address: str) -> None:
    with page(address) as viewer:
        with suppress(ConnectionClosed):
            for _ in range(5_000):
                envelope(viewer, {"type": "ping"})
        assert close_of(viewer) == (1008, "Too many messages for too long.")


def test_cancelling_twice_is_acknowledged_twice(address: str, executor: ScriptedExecutor) -> None:
    executor.script = until_cancelled
    with program(address) as socket, page(address) as viewer:
        say(socket, action="execute_workflow", input="hello")
        run_id = hear_until(socket, "step_start")[0]["run_id"]
        for command_id in ("k1", "k2"):  # the second as if the first's answer had been lost
            envelope(viewer, {"type": "cancel", "command_id": command_id, "run_id": run_id})
            frame = hear(viewer)
            while command_id not in [ack["command_id"] for ack in frame["acks"]]:
                shown(viewer, frame)
                frame = hear(viewer)
            answer = {ack["command_id"]: ack for ack in frame["acks"]}[command_id]
            assert answer == {"command_id": command_id, "run_id": run_id}
            shown(viewer, frame)
            if command_id == "k1":
                hear_until(socket, "workflow_cancelled")


def test_a_run_that_ended_by_itself_cannot_be_cancelled(address: str) -> None:
    with program(address) as socket, page(address) as viewer:
        say(socket, action="execute_workflow", input="hello")
        run_id = hear_until(socket, "workflow_complete")[0]["run_id"]
        envelope(viewer, {"type": "cancel", "command_id": "k", "run_id": run_id})
        frame = hear(viewer)
        while not frame["acks"]:
            shown(viewer, frame)
            frame = hear(viewer)
    assert frame["acks"][0]["error"]["code"] == "run_ended"


def test_one_connection_follows_so_many_runs(
    address: str, executor: ScriptedExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_module, "MOST_RUNS", 1)
    executor.script = until_cancelled
    with program(address) as socket:
        say(socket, action="execute_workflow", input="one")
        hear_until(socket, "step_start")
        say(socket, action="execute_workflow", input="two")
        assert hear(socket)["data"]["code"] == "too_many_runs"


class Unreadable(MemoryLog):
    """A log whose runs cannot be read."""

    def latest(self) -> Run | None:
        raise LogError("The event log is damaged.")


def test_a_log_that_cannot_be_read_closes_with_its_reason() -> None:
    log = Unreadable()
    feed = Feed(log)
    gateway = Gateway(log, feed, Desk(log, feed))
    app = Starlette(routes=[WebSocketRoute(PATH, gateway.__call__)])
    with serve(app) as address, page(address) as viewer:
        assert close_of(viewer) == (1011, "The event log is damaged.")


@pytest.fixture
def stopping() -> Iterator[str]:
    log = MemoryLog()
    feed = Feed(log)
    desk = Desk(log, feed)
    desk.close()
    gateway = Gateway(log, feed, desk)
    with serve(Starlette(routes=[WebSocketRoute(PATH, gateway.__call__)])) as address:
        yield address


def test_a_pages_command_is_left_to_the_next_worker(stopping: str) -> None:
    execute = {"type": "execute", "command_id": "c1", "input": "hello", "model": None}
    with page(stopping) as viewer:
        shown(viewer, hear(viewer))
        envelope(viewer, execute)
        heard = []
        with suppress(ConnectionClosed):
            while True:
                heard.append(hear(viewer))
    assert viewer.protocol.close_code == 1012
    assert all(frame["acks"] == [] for frame in heard)


def test_a_programs_command_is_refused_with_the_reason(stopping: str) -> None:
    with program(stopping) as socket:
        say(socket, action="execute_workflow", input="hello")
        assert hear(socket)["data"]["code"] == "closing"
        assert close_of(socket)[0] == 1012


def test_a_page_that_shows_all_runs_hears_of_each_change(address: str) -> None:
    with page(address, "?run=*") as socket, program(address) as other:
        first = hear(socket)
        assert (first["run"], first["status"]) == ("*", "running")
        say(socket, c="1", m=[{"type": "shown", "n": 1, "run": None, "seq": first["head"]}])
        say(other, action="execute_workflow", input="one")
        second = hear(socket)
        assert second["n"] == 2
        assert second["head"] > first["head"]
        assert "error" not in second


def test_few_viewers_are_told_at_once_and_many_together() -> None:
    assert _pause(Watch("r1"), FEW) == 0.0
    assert _pause(Watch(ALL), FEW) == LIST_SECONDS
    assert 0.0 < _pause(Watch("r1"), 100) <= 100 * TOGETHER_SECONDS
