"""The dashboard's page without a browser: the real client-side layer, the real server callback.

Between them stands what a browser and Dash do: one socket, requests, storage, and the rule that
the answer to an older request is dropped. ``rate`` makes the page's clock run faster, so that
its patience and its pauses between retries pass sooner.
"""

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import anyio
import httpx
from anyio.abc import TaskGroup
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

from ryx_dash.protocol.frames import SUBPROTOCOL
from tests.faults.checker import CountSeen, FrameSeen, Record, Row
from tests.faults.layer import Layer, Machine, Outcome
from tests.faults.seeds import PATIENCE

TICK = 0.25
LATE = 4_000  # milliseconds; the page takes five seconds for sleep
REQUESTS_AT_ONCE = 6  # as browsers do for one server
FAILURES = (OSError, httpx.HTTPError, WebSocketException, InvalidHandshake, ValueError)


class HeadlessPage:
    """A page on ``http://127.0.0.1:<port>``. Use :func:`opened`."""

    def __init__(self, machine: Machine, port: int, *, seed: int, rate: float = 1.0) -> None:
        self.record = Record()
        self.skew = 0.0
        """Milliseconds by which somebody has set the page's clock."""
        self.storage: dict[str, str | None] = {}
        self.frozen = False
        self.life = 0
        """How often the page was loaded."""
        self.outcome: Outcome = {}
        self.ticked = 0.0
        """When the page's timer fired last, in milliseconds of its clock."""
        self.late = False
        """Whether it fired so late that the page must think that it had slept."""
        self._machine = machine
        self.seed = seed
        self._port = port
        self._rate = rate
        self._tasks: TaskGroup
        self._http: httpx.AsyncClient
        self._callback: dict[str, Any] = {}
        self._begin("/")

    def _begin(self, path: str) -> None:
        self._layer: Layer = self._machine.page(
            seed=self.seed, path=path, nonce=str(uuid4()), saved=self.storage
        )
        self.life += 1
        self._path = path
        self._props: dict[str, Any] = {"follow.data": {"on": True}, "filter-tokens.value": True}
        self._asked = 0
        self._sent = ""
        self._socket: ClientConnection | None = None
        self._opened = anyio.CancelScope()

    # -- what a person does -------------------------------------------------------------------

    def ask(self, text: str) -> str:
        """Press Execute; gives the command's id."""
        command = str(uuid4())
        self.record.commands[command] = text
        self._act(
            "command",
            command={"type": "execute", "command_id": command, "input": text, "model": None},
        )
        return command

    def reload(self) -> None:
        """Load the page anew; only the tab's storage stays."""
        self._opened.cancel()
        self._layer.close()
        self._begin(self._path)
        self._act("mount", path=self._path)

    def press_reconnect(self) -> None:
        """Press the button."""
        self._act("reconnect")

    async def notices(self, *, within: float) -> None:
        """Wait until the badge says that the connection is lost.

        Fails if it does not within so many milliseconds by the page's clock, in which its timer
        has fired all the time: a busy machine makes timers late, which is no fault of the page.
        """
        start, self.late = self.now, False
        while self.connected:
            if self.late:
                start, self.late = self.ticked, False
            assert self.ticked - start < within, f"dead for {within} ms, and it says connected"
            await anyio.sleep(0.02)

    def act(self, kind: str) -> None:
        """Something that the browser tells the page: ``wake``, ``online``, ``offline``."""
        self._act(kind)

    # -- how it stands ------------------------------------------------------------------------

    @property
    def view(self) -> Mapping[str, Any]:
        """``status``, ``note``, ``reconnect``, ``queued`` and ``refused`` as shown."""
        view: Mapping[str, Any] = self.outcome["view"]
        return view

    @property
    def connected(self) -> bool:
        """Whether the badge says so."""
        return bool(self.view["status"] == "connected")

    @property
    def last(self) -> CountSeen | None:
        """What the run line says now."""
        return self.record.counts[-1] if self.record.counts else None

    def settled(self, text: str) -> bool:
        """Whether the run of this input has ended and the page shows all of it."""
        last, shown = self.last, self._props.get("shown.data") or {}
        ended = last is not None and last.status not in ("running", "queued", "none", "unknown")
        whole = ended and shown.get("seq") == shown.get("head") == last.head  # type: ignore[union-attr]
        return self.connected and not self.outcome["queue"] and whole and self._question == text

    def hurry(self, rate: float) -> None:
        """Let the page's clock run so many times as fast from now on; it does not jump.

        A clock far ahead of the machine asks for signs of life faster than they can be drawn,
        and an answer that a later one overtakes is not shown: not for the length of a round.
        """
        now = self.now
        self._rate = rate
        self.skew += now - self.now

    @property
    def now(self) -> float:
        """The page's clock, in milliseconds."""
        return time.monotonic() * 1000 * self._rate + self.skew + 1e12

    async def read_rows(self) -> None:
        """Turn through the monitor from its first page to its last."""
        self._props["follow.data"] = {"on": False, "seq": 0}
        pages, page, rows = 1, 0, list[Row]()
        while page < pages:
            self._props["event-table.page_current"] = page
            await self._insist("event-table.page_current")
            pages = self._props["event-table.page_count"]
            data = self._props["event-table.data"]
            rows += [(row["seq"], row["utc"], row["kind"], row["step"]) for row in data]
            page += 1
        self.record.rows = rows

    # -- the browser --------------------------------------------------------------------------

    async def run(self) -> None:
        """Be a page until cancelled."""
        limits = httpx.Limits(max_connections=REQUESTS_AT_ONCE)
        address = f"http://127.0.0.1:{self._port}"
        self._http = httpx.AsyncClient(base_url=address, limits=limits, timeout=None)
        async with _closed(self._http), anyio.create_task_group() as self._tasks:
            self._callback = await self._description()
            self._act("mount", path=self._path)
            while True:
                await anyio.sleep(TICK / self._rate)
                if not self.frozen:
                    self._tick()

    def _tick(self) -> None:
        self._act("tick")
        self.late = self.late or self.now - self.ticked > LATE
        self.ticked = self.now

    async def _description(self) -> dict[str, Any]:
        """The server callback among all callbacks; a page that does not load is loaded again."""
        while True:
            with suppress(*FAILURES):
                with anyio.fail_after(5):
                    answer = await self._http.get("/_dash-dependencies")
                found = [c for c in answer.json() if "shown.data" in c["output"]]
                return dict(found[0])
            await anyio.sleep(0.1)

    def _act(self, kind: str, **fields: Any) -> None:
        self.outcome = self._layer.step(kind, self.now, **fields)
        badge = self.view["status"]
        if self.record.badges[-1:] != [badge]:
            self.record.badges.append(badge)
        for effect in self.outcome["effects"]:
            getattr(self, f"_on_{effect['type']}")(effect)

    def _on_save(self, effect: Mapping[str, Any]) -> None:
        self.storage[effect["key"]] = effect["value"]

    def _on_navigate(self, effect: Mapping[str, Any]) -> None:
        self._path = f"/runs/{effect['run']}"

    def _on_send(self, effect: Mapping[str, Any]) -> None:
        self._send(effect["text"])

    def _on_url(self, effect: Mapping[str, Any]) -> None:
        self._opened.cancel()
        self._socket = None
        if effect["url"] is not None:
            self._opened = anyio.CancelScope()
            self._tasks.start_soon(self._be_open, effect["url"], self._opened)

    def _send(self, text: str) -> None:
        if self._socket is not None and text != self._sent:
            self._sent = text
            self._tasks.start_soon(self._deliver, self._socket, text)

    @staticmethod
    async def _deliver(socket: ClientConnection, text: str) -> None:
        with suppress(*FAILURES):
            await socket.send(text)

    async def _be_open(self, url: str, scope: anyio.CancelScope) -> None:
        """One socket's life. Once its address was taken away its events are not heard."""
        closed: dict[str, Any] = {"code": 1006, "reason": ""}
        with scope, suppress(*FAILURES):
            async with connect(
                f"ws://127.0.0.1:{self._port}{url}",
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                origin=f"http://127.0.0.1:{self._port}",  # type: ignore[arg-type]
                compression=None,
                ping_interval=None,
                open_timeout=None,
                close_timeout=0.1,
                proxy=None,
            ) as socket:
                try:
                    self._socket = socket
                    self._act("tick")
                    async for text in socket:
                        await self._hear(str(text))
                    closed = {"code": socket.close_code, "reason": socket.close_reason}
                finally:
                    socket.transport.abort()  # nobody waits for a page to say goodbye
        if not scope.cancel_called:
            self._socket = None
            self._act("closed", **closed)

    async def _hear(self, text: str) -> None:
        while self.frozen:
            await anyio.sleep(0.05)
        frame = json.loads(text)
        self.record.frames.append(
            FrameSeen(
                life=self.life,
                n=frame["n"],
                run=frame["run"],
                head=frame["head"],
                status=frame["status"],
                reset=frame.get("reset", False),
                error=frame.get("error", {}).get("code", ""),
            )
        )
        self._act("message", text=text)
        self._props["ws.message"] = {"data": text}
        self._tasks.start_soon(self._draw)

    # -- Dash ---------------------------------------------------------------------------------

    async def _draw(self) -> None:
        """Ask the server callback, and show what it says unless it was asked again meanwhile."""
        self._asked += 1
        layer, asked = self._layer, self._asked
        with suppress(*FAILURES):
            answer = await self._request("ws.message")
            if (layer, asked) == (self._layer, self._asked):
                self._apply(answer)

    async def _insist(self, changed: str) -> None:
        """Ask until there is an answer that nothing has overtaken, as a person clicks again."""
        with anyio.fail_after(PATIENCE):
            while True:
                self._asked += 1
                asked = self._asked
                with suppress(*FAILURES), anyio.fail_after(PATIENCE / 4):
                    answer = await self._request(changed)
                    if asked == self._asked:
                        self._apply(answer)
                        return
                await anyio.sleep(0.2)

    async def _request(self, changed: str) -> dict[str, Any]:
        described = self._callback
        outputs = [_named(part) for part in described["output"].strip(".").split("...")]
        given = {
            kind: [{**part, "value": self._value(part)} for part in described[kind]]
            for kind in ("inputs", "state")
        }
        body = {"output": described["output"], "outputs": outputs, "changedPropIds": [changed]}
        answer = await self._http.post("/_dash-update-component", json={**body, **given})
        if answer.status_code == 204:
            return {}
        answer.raise_for_status()
        return dict(answer.json()["response"])

    def _value(self, part: Mapping[str, str]) -> Any:
        return self._props.get(f"{part['id']}.{part['property']}")

    def _apply(self, answer: Mapping[str, Mapping[str, Any]]) -> None:
        drawn = json.loads(answer.get("views", {}).get("data-views", "{}"))
        for component, props in (*answer.items(), *drawn.items()):
            for name, value in props.items():
                self._props[f"{component}.{name}"] = value
        if {"run-facts", "event-count"} & set(drawn):
            self._note()
        if "shown" in answer:
            self._act("shown", shown=self._props["shown.data"])
        if "send" in answer.get("ws", {}):
            self._send(self._props["ws.send"])

    def _note(self) -> None:
        facts = list(_components(self._props["run-facts.children"]))
        [status] = [props for props in facts if props.get("id") == "run-status"]
        seen = CountSeen(
            life=self.life,
            run=status["data-run-id"],
            status=status["data-status"],
            head=int(self._props["event-count.data-head"]),
            gaps=int(self._props["event-count.data-gaps"]),
            duplicates=int(self._props["event-count.data-duplicates"]),
        )
        self.record.counts.append(seen)
        inputs = [props for props in facts if props.get("className") == "run-input"]
        self._question = inputs[0].get("children") if inputs else None

    _question: str | None = None


@asynccontextmanager
async def _closed(client: httpx.AsyncClient) -> AsyncIterator[None]:
    """Close the connections at the end, also when a page ends in the midst of something."""
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await client.aclose()


@asynccontextmanager
async def opened(
    machine: Machine, port: int, *, seed: int, rate: float = 1.0
) -> AsyncIterator[HeadlessPage]:
    """A page that lives for the length of a block; connected at its beginning."""
    page = HeadlessPage(machine, port, seed=seed, rate=rate)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(page.run)
        await until(lambda: page.outcome and page.connected)
        yield page
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def many(
    machine: Machine, port: int, seeds: list[int], *, rate: float = 1.0
) -> AsyncIterator[list[HeadlessPage]]:
    """A page for each seed."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(opened(machine, port, seed=seed, rate=rate))
            for seed in seeds
        ]


async def until(condition: Any, *, seconds: float = PATIENCE) -> None:
    """Wait until ``condition()`` is true."""
    with anyio.fail_after(seconds):
        while not condition():
            await anyio.sleep(0.05)


def _named(part: str) -> dict[str, str]:
    component, name = part.rsplit(".", 1)
    return {"id": component, "property": name}


def _components(value: Any) -> Iterator[dict[str, Any]]:
    """The properties of every component in a tree of them."""
    if isinstance(value, list):
        for item in value:
            yield from _components(item)
    elif isinstance(value, dict) and "props" in value:
        yield value["props"]
        yield from _components(value["props"].get("children"))
