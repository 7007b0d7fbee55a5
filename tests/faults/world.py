"""A page, the gateway's session and the log, joined by queues instead of a network.

The client-side layer is the real one (run by Node), and so are the session and the log. What
stands between them is here, and moves only when it is told to.
"""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ryx_dash.errors import RyxError
from ryx_dash.live.session import BEAT_SECONDS, Session
from ryx_dash.log.base import Lease, NewRun, Run
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import Draft, EventKind, now, step_event
from ryx_dash.protocol.frames import Cancel, Envelope, Execute, Shown, decode_envelope
from ryx_dash.protocol.steps import LLM
from tests.faults.layer import Layer, Machine, Outcome

BUDGET = 5
"""Events that the callback draws at once: few, so that catching up takes stages."""

TICK = 250
HEALED_WITHIN = 90_000
"""Milliseconds after which all must be well: the longest pause and two patiences."""


@dataclass
class Socket:
    """A connection; ``session`` is there once it is open, and gone when the server forgot it."""

    url: str
    session: Session | None = None
    up: deque[str] = field(default_factory=deque)
    down: deque[str] = field(default_factory=deque)
    quiet: float = 0.0
    dead: bool = False


class World:
    """Everything there is. Methods are single things that happen."""

    def __init__(self, machine: Machine, *, seed: int) -> None:
        self.log = MemoryLog()
        self.now = 1e12
        self.up = True
        self.socket: Socket | None = None
        self.storage: dict[str, str | None] = {}
        self.accepted: dict[str, str] = {}
        self.answered: dict[str, int] = {}
        self.others: set[str] = set()
        self.leases: dict[str, Lease] = {}
        self._machine = machine
        self._seed = seed
        self._count = 0
        self._offset = 0.0
        self.load("/")

    # -- the page -----------------------------------------------------------------------------

    def load(self, path: str) -> None:
        """Load the page; only the tab's storage stays from before."""
        self._count += 1
        self.socket = None
        self.pending: str | None = None
        self.outcome: Outcome = {"queue": [], "path": path}
        self._furthest: dict[str, int] = {}
        self._page: Layer = self._machine.page(
            seed=self._seed, path=path, nonce=str(self._count), saved=self.storage
        )
        self.act("mount", path=path)

    def act(self, kind: str, **fields: Any) -> None:
        """Give the client-side layer a message, and do what it says."""
        before = set(self.outcome["queue"])
        self.outcome = self._page.step(kind, self.now, **fields)
        after = set(self.outcome["queue"])
        for gone in before - after:
            self.answered[gone] = self.answered.get(gone, 0) + 1
        sends = [effect for effect in self.outcome["effects"] if effect["type"] == "send"]
        assert len(sends) <= 1, "two sends in one tick lose one"
        for effect in self.outcome["effects"]:
            self._carry_out(effect)
        if self.view["status"] == "connected":
            assert self.socket is not None, "connected without a socket"

    def _carry_out(self, effect: Mapping[str, Any]) -> None:
        match effect:
            case {"type": "url", "url": None}:
                self.socket = None
            case {"type": "url", "url": url}:
                assert self.socket is None, "a second socket"
                self.socket = Socket(url)
            case {"type": "send", "text": text}:
                self._send(text)
            case {"type": "save", "key": key, "value": value}:
                self.storage[key] = value

    def _send(self, text: str) -> None:
        if self.socket is not None and self.socket.session is not None:
            self.socket.up.append(text)

    @property
    def view(self) -> Mapping[str, Any]:
        """What the page says about its connection."""
        view: Mapping[str, Any] = self.outcome["view"]
        return view

    def ask_elsewhere(self) -> None:
        """Somebody else starts a run, which this page has nothing to do with."""
        self._count += 1
        self.others.add(self.log.start(NewRun(input=f"of others {self._count}"))[0].run_id)

    def ask(self, text: str) -> None:
        """A person presses Execute."""
        self._count += 1
        command = f"command {self._count}"
        message = {"type": "execute", "command_id": command, "input": text, "model": None}
        self.act("command", command=message)
        if command in self.outcome["queue"]:
            self.accepted[command] = text

    # -- the network --------------------------------------------------------------------------

    def open(self) -> None:
        """The socket that the page waits for opens, or fails."""
        if self.socket is None or self.socket.session is not None or self.socket.dead:
            return
        if not self.up:
            self.close(1006)
            return
        query = {k: v[0] for k, v in parse_qs(urlsplit(self.socket.url).query).items()}
        self.socket.session = Session(
            identity=self.log.identity,
            run=query.get("run"),
            seen=int(query.get("seen", 0)),
            known_log=query.get("log"),
        )
        self.act("tick")

    def close(self, code: int) -> None:
        """The connection ends, and the page is told."""
        if self.socket is not None and not self.socket.dead:
            self.socket = None
            self.act("closed", code=code, reason="")

    def hear(self) -> None:
        """The page receives the next frame."""
        self._make_frames()
        if self.socket is not None and self.socket.down and not self.socket.dead:
            text = self.socket.down.popleft()
            self.pending = text
            self.act("message", text=text)

    def lose(self, direction: str) -> None:
        """All that is on its way in a direction is lost."""
        if self.socket is not None:
            getattr(self.socket, direction).clear()

    def exchange(self) -> None:
        """What is on its way arrives."""
        for step in (self.open, self.deliver, self.hear, self.draw, self.deliver):
            step()

    def deliver(self) -> None:
        """The server receives the next envelope."""
        socket = self.socket
        if socket is None or socket.session is None or socket.dead or not socket.up:
            return
        for message in decode_envelope(socket.up.popleft()):
            request = socket.session.receive(message)
            if isinstance(request, Execute | Cancel):
                self._take(socket.session, request)

    def _take(self, session: Session, request: Execute | Cancel) -> None:
        try:
            if isinstance(request, Execute):
                new = NewRun(input=request.input, command_id=request.command_id)
                run = self.log.start(new)[0]
            else:
                run = self.log.cancel(request.run_id)
        except RyxError as error:
            refusal = {"code": error.code, "message": error.message}
            session.acknowledge(request.command_id, {"error": refusal})
        else:
            session.acknowledge(request.command_id, {"run_id": run.run_id})

    def _make_frames(self) -> None:
        socket = self.socket
        if socket is None or socket.session is None:
            return
        socket.session.observe(self._wanted(socket.session))
        while (frame := socket.session.frame()) is not None:
            socket.down.append(json.dumps(frame))
            socket.quiet = 0

    def _wanted(self, session: Session) -> Run | None:
        return self.log.latest() if session.wanted is None else self.log.run(session.wanted)

    # -- the server callback ------------------------------------------------------------------

    def draw(self) -> None:
        """The callback answers the newest frame."""
        if self.pending is None:
            return
        frame = json.loads(self.pending)
        self.pending = None
        run = self.log.run(frame["run"]) if frame["run"] else None
        seq = self._draw_to(run) if run is not None else 0
        shown = {"n": frame["n"], "run": frame["run"], "seq": seq, "log": self.log.identity}
        self.act("shown", shown=shown)
        answer = Shown(n=frame["n"], run=frame["run"], seq=seq)
        self._count += 1
        self._send(Envelope(c=str(self._count), m=(answer,)).model_dump_json())

    def _draw_to(self, run: Run) -> int:
        seen = self.outcome["seen"]
        drawn = seen["seq"] if seen["run"] == run.run_id else 0
        seq = min(run.head, drawn + BUDGET)
        assert seq >= self._furthest.get(run.run_id, 0) or drawn == 0, "the page went back"
        self._furthest[run.run_id] = seq
        return seq

    # -- the engine ---------------------------------------------------------------------------

    def write(self, count: int, *, end: bool = False) -> None:
        """Some worker takes up what waits, and writes to the run that began last."""
        while (run := self.log.claim("worker", at_once=100, lease_seconds=1e9)) is not None:
            self.leases[run.run_id] = run.lease
        for run_id, lease in list(self.leases.items())[-1:]:
            head = self.log.head(run_id)
            drafts = [step_event(EventKind.STEP_PROGRESS, LLM, f"{n}") for n in range(count)]
            if end:
                drafts.append(Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": "x"}))
                del self.leases[run_id]
            places = enumerate(drafts, head + 1)
            self.log.append(lease, [draft.at(run_id, seq, now()) for seq, draft in places])

    # -- time ---------------------------------------------------------------------------------

    def pass_time(self, ms: float) -> None:
        """Time passes for all; the page's timer fires once at the end."""
        self.now += ms
        if self.socket is not None and self.socket.session is not None:
            self.socket.quiet += ms
            if self.socket.quiet >= BEAT_SECONDS * 1000:
                self.socket.session.beat()
                self.socket.quiet = 0
        self.act("tick")

    def set_clock(self, offset: float) -> None:
        """Somebody sets the clock of the page; ``offset`` is how many ms it is off then."""
        self.now += offset - self._offset
        self._offset = offset

    def heal(self) -> None:
        """Nothing fails any more: what must be true then, however it began."""
        self.up = True
        while self.leases or any(not run.status.ended for run in self.log.runs(limit=1000).runs):
            self.write(3, end=True)
        for _ in range(int(HEALED_WITHIN / TICK)):
            if self.view["reconnect"]:
                self.act("reconnect")
            self.pass_time(TICK)
            self.exchange()
            self.write(3, end=True)
            if self.settled:
                break
        self._judge()

    @property
    def settled(self) -> bool:
        """Whether the page shows all that there is of its run, and no command waits."""
        seen = self.outcome["seen"]
        run = self._shown_run()
        place = (run.run_id, run.head) if run is not None else (seen["run"], 0)
        connected = self.view["status"] == "connected"
        waits = self.outcome["queue"] or self.leases
        return bool(connected and not waits and (seen["run"], seen["seq"]) == place)

    def _shown_run(self) -> Run | None:
        wanted = self.outcome["wanted"]
        return self.log.latest() if wanted is None else self.log.run(wanted)

    def _judge(self) -> None:
        assert self.settled, (self.view, self.outcome["seen"], self._shown_run())
        runs = {run.run_id: run for run in self.log.runs(limit=1000).runs}
        for command, text in self.accepted.items():
            run, made = self.log.start(NewRun(input=text, command_id=command))
            assert not made, f"{command} was lost"
            assert runs.pop(run.run_id).input == text, f"{command} shares its run"
            assert self.answered.get(command) == 1, f"{command} left the queue once"
        assert runs.keys() <= self.others, "runs that nobody asked for"
