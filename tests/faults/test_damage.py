"""A log that is damaged, torn, or taken away: said, never silently served."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import anyio
import httpx
import pytest
from anyio import to_thread

from ryx_dash.errors import LogError
from ryx_dash.log.base import NewRun, RowFilter
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.events import Event, EventKind, now, step_event
from ryx_dash.protocol.steps import LLM
from tests.faults.checker import check_log, tally
from tests.faults.headless import HeadlessPage, many, until
from tests.faults.layer import Machine
from tests.faults.plan import plan
from tests.faults.rounds import AT_ONCE, RATE, came_back, each, judge, settle
from tests.faults.seeds import waves
from tests.faults.servers import Server, serving
from tests.faults.trials import noted, trials

TRIES = 40
"""Damaged copies for each seed."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One worker: it starts faster."""
    with serving(tmp_path, workers=1) as running:
        yield running


@pytest.fixture
def sound(tmp_path: Path) -> tuple[Path, list[Event]]:
    """A closed log with one run, and the run's events."""
    path = tmp_path / "sound.db"
    with closing(SqliteLog(path)) as log:
        log.start(NewRun(input="What is it?", command_id="c"))
        run = log.claim("worker", at_once=1, lease_seconds=9)
        assert run is not None
        drafts = [
            step_event(EventKind.STEP_PROGRESS, LLM, f"event {n} " * 5, data={"n": n})
            for n in range(300)
        ]
        log.append(run.lease, [d.at(run.run_id, n, now()) for n, d in enumerate(drafts, 1)])
        return path, log.read(run.run_id)


def test_flipped_bit(sound: tuple[Path, list[Event]], tmp_path: Path, seeds: list[int]) -> None:
    def flip(data: bytearray, random: Random) -> None:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)

    said = _damage(sound, tmp_path, seeds, flip)
    assert said, "no damage at all was noticed"


def test_torn_file(sound: tuple[Path, list[Event]], tmp_path: Path, seeds: list[int]) -> None:
    def tear(data: bytearray, random: Random) -> None:
        del data[random.randrange(1, len(data)) :]

    said = _damage(sound, tmp_path, seeds, tear)
    assert said == len(seeds) * TRIES, "a part of the log is gone, and it is not said"


def _damage(sound: tuple[Path, list[Event]], tmp_path: Path, seeds: list[int], how: object) -> int:
    """How many of the damaged copies were refused; what was given out is as it was written."""
    path, events = sound
    said = 0
    with trials() as trial:
        for seed in seeds:
            random = Random(seed)
            with trial.of([seed]):
                for n in range(TRIES):
                    data = bytearray(path.read_bytes())
                    how(data, random)  # type: ignore[operator]
                    tally.tried += 1
                    copy = tmp_path / f"damaged-{seed}-{n}.db"
                    copy.write_bytes(data)
                    with noted(f"copy {n}"):
                        said += not _as_written(copy, events)
                    copy.unlink()
    return said


def _as_written(path: Path, events: list[Event]) -> bool:
    """Whether all is given out; ``False`` when the log says that it is damaged."""
    run_id = events[0].run_id
    try:
        with closing(SqliteLog(path)) as log:
            run = log.run(run_id)
            assert run is not None
            assert (run.input, run.status, run.head) == ("What is it?", "running", len(events))
            tally.compare([event.seq for event in log.read(run_id)], [e.seq for e in events])
            assert log.read(run_id) == events
            rows = log.rows(run_id, RowFilter(upto=len(events)), limit=len(events)).events
            assert list(rows) == events
    except LogError:
        return False
    return True


async def test_torn_tail(server: Server, layer: Machine, seeds: list[int]) -> None:
    """The machine dies and the newest commits are half on the disk: the page begins anew there."""
    with trials() as trial:
        for wave in waves(seeds, AT_ONCE):
            with trial.of(wave):
                await _tear_while_writing(server, layer, wave)
        check_log(server.log)


async def _tear_while_writing(server: Server, layer: Machine, wave: list[int]) -> None:
    random = Random(wave[0])

    async def ask(page: HeadlessPage) -> None:
        page.ask(plan(page.seed, seconds=0.6, note=" torn old"))

    async def go_on(page: HeadlessPage) -> None:
        text = plan(page.seed, seconds=0.6, note=" torn new")
        page.record.commands.clear()  # their beginnings may be in what was torn off
        await came_back(page, lambda: not page.outcome["queue"])
        page.ask(text)
        await settle(page, text)
        await page.read_rows()

    async with many(layer, server.port, wave, rate=RATE) as pages:
        await each(pages, ask)
        await anyio.sleep(random.uniform(0.2, 0.8))
        await to_thread.run_sync(server.kill)
        _tear(server.folder / "data" / "runs.db-wal", random)
        await to_thread.run_sync(server.start)
        await each(pages, go_on)
    for page in pages:
        judge(page, server.log, resets=2)


def _tear(path: Path, random: Random) -> None:
    if path.exists():
        data = path.read_bytes()
        path.write_bytes(data[: random.randrange(len(data) + 1)])


@pytest.mark.parametrize("how", ["deleted", "replaced"])
async def test_log_taken_away_while_serving(
    server: Server, layer: Machine, seeds: list[int], how: str
) -> None:
    """Nothing is written where nobody would find it: commands are refused, and that is said."""
    with trials() as trial:
        for wave in waves(seeds, AT_ONCE):
            with trial.of(wave):
                await _take_away_from(server, layer, wave, how)


async def _take_away_from(server: Server, layer: Machine, wave: list[int], how: str) -> None:
    def text(page: HeadlessPage, n: int) -> str:
        return plan(page.seed, seconds=0.4, note=f" {how} {n}")

    async def ask(page: HeadlessPage) -> None:
        page.ask(text(page, 0))
        await settle(page, text(page, 0))

    async def ask_in_vain(page: HeadlessPage) -> None:
        await anyio.sleep(Random(page.seed).uniform(0, 0.3))
        page.ask(text(page, 1))
        await until(lambda: page.view["refused"])
        assert "moved, removed or replaced" in page.view["refused"]

    async def begin_anew(page: HeadlessPage) -> None:
        await came_back(page, lambda: any(f.anew for f in page.record.frames))
        page.record.commands.clear()
        page.ask(text(page, 2))
        await settle(page, text(page, 2))
        await page.read_rows()

    async with many(layer, server.port, wave, rate=RATE) as pages:
        await each(pages, ask)
        _take_away(server.folder / "data", how)
        await each(pages, ask_in_vain)
        async with httpx.AsyncClient() as http:
            ready = await http.get(f"http://127.0.0.1:{server.port}/ready")
        assert ready.status_code == 503
        await to_thread.run_sync(server.kill)
        await to_thread.run_sync(server.start)
        await each(pages, begin_anew)
    for page in pages:
        judge(page, server.log, resets=1)
    refused = {text(page, 1) for page in pages}
    assert not refused & {run.input for run in server.log.runs().values()}


def _take_away(data: Path, how: str) -> None:
    """Delete the log, or put an empty one in its place, as a restored backup is put there."""
    if how == "replaced":
        SqliteLog(data / "other.db").close()
        shutil.move(data / "other.db", data / "runs.db")
    for file in data.glob("runs.db*"):
        if how == "deleted" or file.suffix != ".db":
            file.unlink()
