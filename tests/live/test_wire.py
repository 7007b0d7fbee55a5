"""One WebSocket within its limits, over a pretended socket."""

from collections.abc import Iterable
from typing import Any

import anyio
import pytest
from starlette.datastructures import QueryParams
from starlette.websockets import WebSocketDisconnect

from ryx_dash.errors import ProtocolError
from ryx_dash.live import wire as module
from ryx_dash.live.limits import BURST, PATIENCE, RATE
from ryx_dash.live.wire import Wire, cut


class Socket:
    """Gives ``messages``, then waits for ever; keeps what is sent."""

    query_params = QueryParams("run=r1")

    def __init__(self, messages: Iterable[dict[str, Any]] = ()) -> None:
        self._messages = iter(messages)
        self.sent: list[str] = []
        self.closed: list[tuple[int, str]] = []
        self.stalled = False

    async def receive(self) -> dict[str, Any]:
        for message in self._messages:
            return message
        await anyio.sleep_forever()
        raise AssertionError

    async def send_text(self, text: str) -> None:
        if self.stalled:
            await anyio.sleep_forever()
        self.sent.append(text)

    async def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))


def text(content: str) -> dict[str, Any]:
    return {"type": "websocket.receive", "text": content}


def wire_of(socket: Socket, now: float = 0.0) -> Wire:
    return Wire(socket, clock=lambda: now)  # type: ignore[arg-type]


async def test_text_and_bytes_come_as_they_are() -> None:
    data = {"type": "websocket.receive", "bytes": b"b"}
    nothing = {"type": "websocket.receive", "bytes": None}
    wire = wire_of(Socket([text("a"), data, nothing, {"type": "websocket.disconnect"}]))
    assert [await wire.receive() for _ in range(5)] == ["a", b"b", b"", None, None]
    assert wire.query["run"] == "r1"


async def test_too_fast_is_said_of_each_message_then_it_ends() -> None:
    socket = Socket(text("x") for _ in range(10_000))
    wire = wire_of(socket)
    for _ in range(int(BURST)):
        assert await wire.receive() == "x"
    for _ in range(int(PATIENCE)):
        with pytest.raises(ProtocolError, match=f"{RATE:.0f} messages") as refused:
            await wire.receive()
        assert refused.value.code == "too_fast"
    assert await wire.receive() is None
    assert socket.closed == [(1008, "Too many messages for too long.")]
    assert await wire.receive() is None


async def test_nothing_is_sent_after_the_end() -> None:
    socket = Socket()
    wire = wire_of(socket)
    await wire.send("a")
    await wire.close(1012, "first")
    await wire.close(1011, "second")
    with pytest.raises(WebSocketDisconnect):
        await wire.send("b")
    assert (socket.sent, socket.closed) == (["a"], [(1012, "first")])


class Broken(Socket):
    """A connection that has gone without a word."""

    async def send_text(self, text: str) -> None:
        assert not self.sent, "asked again, Starlette raises an error of the program"
        self.sent.append(text)
        raise WebSocketDisconnect(1006)

    async def close(self, code: int, reason: str) -> None:
        raise WebSocketDisconnect(1006)


async def test_whoever_sends_to_a_viewer_that_has_gone_is_told_so() -> None:
    wire = wire_of(Broken())
    for _ in range(2):
        with pytest.raises(WebSocketDisconnect):
            await wire.send("a")
    assert await wire.receive() is None


async def test_closing_a_connection_that_has_gone_is_no_error() -> None:
    await wire_of(Broken()).close(1012, "over")


async def test_a_reader_that_takes_nothing_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.01)
    socket = Socket()
    socket.stalled = True
    wire = wire_of(socket)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wire.send, "a")
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(5):
            await wire.close(1012, "over")
        tasks.cancel_scope.cancel()
    assert await wire.receive() is None


def test_a_reason_fits_into_a_close_frame() -> None:
    assert cut("short") == "short"
    for sign in ("x", "ø", "€", "🙂"):
        reason = cut(sign * 200)
        assert len(reason.encode()) <= 123
        assert reason.endswith(sign + "…")
