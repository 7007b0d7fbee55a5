"""Faults between a dashboard and its backend, and what a page in front of both shows of them.

Two kinds of backend stand behind the network: ``ryx-dash backend``, which counts its events and
knows a command by its id, so that nothing may be lost; and one that speaks the documented protocol
and no more, whose run is then ``interrupted`` with the step that was known last.
"""

import os
import re
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest
from anyio import to_thread
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection

from ryx_dash import backend, cli, factory, settings
from ryx_dash.client import Client
from ryx_dash.log.open import open_log
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.executor import Emit, Request
from ryx_dash.protocol.steps import RAG
from ryx_dash.settings import Settings
from tests.fakes.backends import FakeBackend, say, serve_backend
from tests.fakes.executor import ScriptedExecutor
from tests.faults.checker import LogFile, LoggedRun, check_log, tally
from tests.faults.headless import HeadlessPage, opened, until
from tests.faults.layer import Machine
from tests.faults.plan import PLAN, plan
from tests.faults.proxy import Message, Proxy, Verdict, in_thread
from tests.faults.rounds import judge, settle
from tests.faults.seeds import COUNT, waves
from tests.faults.trials import trials
from tests.servers import Dashboard, engine_backend, free_port, serve

TROUBLE = 1.5
"""Seconds that a fault lasts."""

PING_SECONDS = 1.0
"""How long the dashboard lets its backend wait with a pong, here."""

STOPPED = 5.0

SILENCE = 60
"""Seconds for which a backend may say nothing: many times what a stop, a start or a new handshake
takes on a busy machine, and a killed backend until it gives up the runs that it had. None of these
faults is a silence: what is dead is found by pings, and what was missing then comes."""

LANES = 8
"""Rounds side by side at most."""

RATE = 3.0
"""How much faster a page's clock runs."""

NUMBER = re.compile(r"event (\d+)")


# -- backends --------------------------------------------------------------------------------------


async def planned(request: Request, emit: Emit) -> None:
    """A run as its input plans it, told apart by the messages."""
    wanted = PLAN.match(request.input)
    assert wanted is not None
    count, seconds = int(wanted["events"]), float(wanted["seconds"])
    await emit(step_event(EventKind.STEP_START, RAG, "Reading"))
    for n in range(count):
        await emit(step_event(EventKind.STEP_PROGRESS, RAG, f"event {n}"))
        await anyio.sleep(seconds / count)
    await emit(step_event(EventKind.STEP_COMPLETE, RAG, "Read", latency=1.0))
    await emit(Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": f"{count} events"}))


async def documented(socket: ServerConnection, command: dict[str, Any]) -> None:
    """The same from a server that counts nothing and knows no command."""

    async def emit(*drafts: Draft) -> None:
        for draft in drafts:
            await say(socket, **draft.model_dump())

    await planned(Request(run_id="", input=command["input"]), emit)


def serve_planned() -> None:
    """``ryx-dash backend`` with this work in the engine's place: the rest is the program's own."""
    chosen = backend.settings_of(settings.load(os.environ))
    log = open_log(chosen)
    with cli.bind(chosen.host, chosen.port) as listener:
        serving = backend.Backend(chosen, log, ScriptedExecutor(planned))
        anyio.run(partial(serving.serve, listener, cli._a_signal))
    log.close()


class Counting:
    """That as a process, on a port that it keeps."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.log = LogFile(folder / "data" / "backend.db")
        self._folder = folder
        self._in_play: set[int] = set()
        self._struck: set[int] = set()
        self._stack = ExitStack()
        self._running: Dashboard

    def start(self) -> None:
        command = ("-m", "tests.faults.test_backend_link")
        running = engine_backend(
            self._folder, port=self.port, command=command, RYX_MAX_RUNS="64", RYX_TOKEN="s3cret"
        )
        self._running = self._stack.enter_context(running)

    @contextmanager
    def round(self, seed: int) -> Iterator[None]:
        """A round that is played in front of it."""
        self._in_play.add(seed)
        try:
            yield
        finally:
            self._in_play.discard(seed)
            self._struck.discard(seed)

    def strike(self) -> bool:
        """Whether it may be harmed now: not before all rounds that saw it harmed are over.

        Each lane's fault is of a certain length. One lane after the other would make an outage of
        any length of them, and no run has to live through that.
        """
        if self._struck:
            return False
        self._struck = set(self._in_play)
        return True

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        os.kill(self._running.process.pid, number)

    def stop(self) -> None:
        self._stack.close()


# -- dashboards ------------------------------------------------------------------------------------


@dataclass
class Lane:
    """A dashboard with a network and a log of its own: what is done here harms no other."""

    proxy: Proxy
    port: int
    log: LogFile
    counting: Counting
    plain: FakeBackend

    def toward(self, kind: str) -> None:
        """Put ``counting`` or ``plain`` behind the network."""
        plain = int(self.plain.url.split(":")[2].split("/")[0])
        self.proxy.upstream = self.counting.port if kind == "counting" else plain
        self.proxy.reset()


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Lane]]:
    """As many as play side by side, in front of one backend of each kind."""
    folder = tmp_path_factory.mktemp("link")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr("ryx_dash.websocket.PING_SECONDS", PING_SECONDS)
        patch.setattr("ryx_dash.live.link.PING_SECONDS", PING_SECONDS)
        counting = Counting(folder / "backend")
        counting.start()
        stack.callback(counting.stop)
        plain = stack.enter_context(serve_backend(documented))
        yield [_lane(stack, folder / str(n), counting, plain) for n in range(min(COUNT, LANES))]


def _lane(stack: ExitStack, folder: Path, counting: Counting, plain: FakeBackend) -> Lane:
    (folder / "workspace").mkdir(parents=True)
    proxy = stack.enter_context(in_thread(Proxy(counting.port)))
    chosen = Settings(
        data_dir=folder,
        workspace=folder / "workspace",
        ws_url=f"ws://127.0.0.1:{proxy.port}{backend.PATH}",
        ws_token=SecretStr("s3cret"),
        silence=SILENCE,
    )
    address = stack.enter_context(serve(factory.create(chosen)))
    log = LogFile(folder / "runs.db")
    return Lane(proxy, int(address.rpartition(":")[2]), log, counting, plain)


# -- rounds ----------------------------------------------------------------------------------------

Fault = Callable[[Lane, Random, int], Awaitable[None]]
"""Does harm for a while, in the round of that number. The network is healed when it returns."""

LOSES = {"counting": {"success"}, "plain": {"success", "interrupted"}}
"""How a run may end whose connection is lost."""


async def play(
    layer: Machine,
    lanes: list[Lane],
    seeds: list[int],
    fault: Fault,
    kind: str,
    *,
    ends: set[str] | None = None,
) -> None:
    """A round for each seed, one in each lane at a time."""
    allowed = ends or LOSES[kind]

    async def take_turns(lane: Lane, first: int) -> None:
        for place in range(first, len(seeds), len(lanes)):
            if not trial.over:
                name = f"{fault.__name__}, {kind}"
                with trial.of([seeds[place]], name), lane.counting.round(seeds[place]):
                    await _round(layer, lane, seeds[place], fault, kind, allowed, place + 1)

    with trials() as trial:
        async with anyio.create_task_group() as tasks:
            for first, lane in enumerate(lanes):
                tasks.start_soon(take_turns, lane, first)
        for lane in lanes:
            check_log(lane.log)


async def _round(
    layer: Machine, lane: Lane, seed: int, fault: Fault, kind: str, ends: set[str], number: int
) -> None:
    name = fault.__name__
    text = plan(seed, events=80, note=f" during {name} of {kind}")
    lane.toward(kind)
    async with opened(layer, lane.port, seed=seed, rate=RATE) as page:
        page.ask(text)
        try:
            await fault(lane, Random(f"{name} {seed}"), number)
        finally:
            lane.proxy.heal()
        await settle(page, text)
        await page.read_rows()
    judge(page, lane.log)
    run = _run(lane, page)
    assert run.status in ends, f"the run is {run.status}: {_end_of(lane.log, run)}"
    if kind == "counting":
        _check_counted(lane, run)
    else:
        _check_plain(lane, run)


def _run(lane: Lane, page: HeadlessPage) -> LoggedRun:
    [command] = page.record.commands
    return lane.log.runs()[lane.log.commands()[command]]


def _check_counted(lane: Lane, run: LoggedRun) -> None:
    """The command started one run there, and each of its events is here, once and in order."""
    there = [other for other in lane.counting.log.runs().values() if other.input == run.input]
    assert len(there) == 1, f"the command started {len(there)} runs"
    assert _told(lane.log, run) == _told(lane.counting.log, there[0])


def _check_plain(lane: Lane, run: LoggedRun) -> None:
    """The command was sent once at most, and what came of it is here, once and in order."""
    sent = [command for command in lane.plain.commands if command["input"] == run.input]
    assert len(sent) <= 1, f"the command was sent {len(sent)} times"
    told = _told(lane.log, run)
    found = [int(number[1]) for message in told if (number := NUMBER.fullmatch(message))]
    assert found == list(range(len(found)))
    if run.status == "success":
        assert len(found) == 80
    elif found:
        assert "rag_context" in _end_of(lane.log, run)


def _told(log: LogFile, run: LoggedRun) -> list[str]:
    """The messages of a run but its beginning, a bad end, and the dashboard's own remarks."""
    not_told = "kind IN ('workflow_start', 'workflow_error') OR data LIKE '%\"_remark\":true%'"
    return _messages(log, run, f"NOT ({not_told}) ORDER BY key")


def _end_of(log: LogFile, run: LoggedRun) -> str:
    """The message that a run ended with."""
    return _messages(log, run, "true ORDER BY key DESC LIMIT 1")[0]


def _messages(log: LogFile, run: LoggedRun, which: str) -> list[str]:
    of_run = "key >> 32 = (SELECT rid FROM runs WHERE run_id = ?)"
    found = log._query(f"SELECT message FROM events WHERE {of_run} AND {which}", run.run_id)
    return [message for (message,) in found]


KINDS = pytest.mark.parametrize("kind", ["counting", "plain"])


# -- the network -----------------------------------------------------------------------------------


@KINDS
async def test_reset_at_every_message_boundary(
    lanes: list[Lane], layer: Machine, seeds: list[int], kind: str
) -> None:
    """The n-th round resets a connection before its n-th message, later ones at random."""

    async def reset_at_boundary(lane: Lane, random: Random, number: int) -> None:
        wanted = number
        verdict = random.choice((Verdict.RESET, Verdict.RESET_AFTER))

        def judge_message(message: Message) -> Verdict:
            nonlocal wanted
            if message.index < wanted:
                return Verdict.PASS
            wanted = random.randint(1, 30)
            return verdict

        lane.proxy.judge = judge_message
        await anyio.sleep(TROUBLE)

    await play(layer, lanes, seeds, reset_at_boundary, kind)


@KINDS
async def test_truncated_frame(
    lanes: list[Lane], layer: Machine, seeds: list[int], kind: str
) -> None:
    async def truncate(lane: Lane, random: Random, number: int) -> None:
        lane.proxy.judge = _now_and_then(random, Verdict.TRUNCATE)
        await anyio.sleep(TROUBLE)

    await play(layer, lanes, seeds, truncate, kind)


@KINDS
async def test_delay_and_jitter(
    lanes: list[Lane], layer: Machine, seeds: list[int], kind: str
) -> None:
    async def delay(lane: Lane, random: Random, number: int) -> None:
        lane.proxy.delay, lane.proxy.jitter = random.uniform(0, 0.05), random.uniform(0, 0.1)
        await anyio.sleep(2 * TROUBLE)

    await play(layer, lanes, seeds, delay, kind, ends={"success"})


@KINDS
async def test_black_hole_without_reset(
    lanes: list[Lane], layer: Machine, seeds: list[int], kind: str
) -> None:
    """Nothing passes and nobody is told."""

    async def black_hole(lane: Lane, random: Random, number: int) -> None:
        await anyio.sleep(random.uniform(0, 1))
        lane.proxy.hole = True
        await anyio.sleep(2 * PING_SECONDS + random.uniform(0, 2))

    await play(layer, lanes, seeds, black_hole, kind)


@KINDS
async def test_half_open(lanes: list[Lane], layer: Machine, seeds: list[int], kind: str) -> None:
    """Only the connections there are go dead; new ones work."""

    async def half_open(lane: Lane, random: Random, number: int) -> None:
        await anyio.sleep(random.uniform(0, 1))
        for link in list(lane.proxy.links):
            link.holed = True

    await play(layer, lanes, seeds, half_open, kind)


async def test_messages_lost(lanes: list[Lane], layer: Machine, seeds: list[int]) -> None:
    """What TCP never does, and some proxies do: the hole is noticed, and asked for."""

    async def swallow(lane: Lane, random: Random, number: int) -> None:
        lane.proxy.judge = _now_and_then(random, Verdict.SWALLOW, direction="down")
        await anyio.sleep(TROUBLE)

    await play(layer, lanes, seeds, swallow, "counting")


@KINDS
async def test_acknowledgement_lost_after_the_effect(
    lanes: list[Lane], layer: Machine, seeds: list[int], kind: str
) -> None:
    """The backend has the command, and the dashboard hears nothing of it."""

    async def lose_acknowledgements(lane: Lane, random: Random, number: int) -> None:
        left = wanted = random.randint(1, 3)
        verdict = random.choice((Verdict.RESET, Verdict.HOLE))

        def judge_message(message: Message) -> Verdict:
            nonlocal left
            first = message.direction == "down" and b'"event"' in message.text
            if not first or left == 0:
                return Verdict.PASS
            left -= 1
            return verdict

        lane.proxy.judge = judge_message
        # However long the command takes to get there: without a loss there is nothing to see.
        await until(lambda: left < wanted)
        await anyio.sleep(TROUBLE)

    await play(layer, lanes, seeds, lose_acknowledgements, kind)


# -- the process -----------------------------------------------------------------------------------


async def test_backend_stopped_for_a_while(
    lanes: list[Lane], layer: Machine, seeds: list[int]
) -> None:
    async def stop_backend(lane: Lane, random: Random, number: int) -> None:
        await anyio.sleep(random.uniform(0, 1))
        if lane.counting.strike():
            lane.counting.signal(signal.SIGSTOP)
            await anyio.sleep(STOPPED)
            lane.counting.signal(signal.SIGCONT)

    await play(layer, lanes, seeds, stop_backend, "counting")


async def test_backend_killed_and_started(
    lanes: list[Lane], layer: Machine, seeds: list[int]
) -> None:
    """What it had committed is shown; what it had not is lost with it, and said to be."""

    async def kill_backend(lane: Lane, random: Random, number: int) -> None:
        await anyio.sleep(random.uniform(0, 1))
        if lane.counting.strike():
            lane.counting.signal(signal.SIGKILL)
            await to_thread.run_sync(lane.counting.stop)
            await to_thread.run_sync(lane.counting.start)

    await play(layer, lanes, seeds, kill_backend, "counting", ends={"success", "interrupted"})


async def test_a_client_goes_on_when_its_server_was_killed(
    lanes: list[Lane], seeds: list[int]
) -> None:
    """``ryx_dash.client`` straight at the server, which dies in the midst of all its runs."""
    counting = lanes[0].counting
    client = Client(f"http://127.0.0.1:{counting.port}", "s3cret")
    begun = anyio.Semaphore(0)

    async def follow(seed: int) -> None:
        # Long enough that none has ended when the last of them has begun, on any machine.
        run = client.execute(plan(seed, events=4000, seconds=200, note=" of a client"))
        seen = []
        async for event in run:
            seen.append((event.seq, event.ts, event.event, event.step))
            if event.seq == 20:
                begun.release()
        assert run.run_id is not None
        logged = counting.log.events(run.run_id)
        tally.compare(seen, logged)
        assert seen == logged
        assert run.status == "interrupted"

    with trials() as trial:
        for wave in waves(seeds, 40):
            with trial.of(wave):
                async with anyio.create_task_group() as tasks:
                    for seed in wave:
                        tasks.start_soon(follow, seed)
                    for _ in wave:
                        await begun.acquire()
                    counting.signal(signal.SIGKILL)
                    await to_thread.run_sync(counting.stop)
                    await to_thread.run_sync(counting.start)


def _now_and_then(
    random: Random, verdict: Verdict, *, direction: str = ""
) -> Callable[[Message], Verdict]:
    def judge_message(message: Message) -> Verdict:
        hit = random.randrange(20) == 0 and message.direction.startswith(direction)
        return verdict if hit else Verdict.PASS

    return judge_message


if __name__ == "__main__":
    serve_planned()
