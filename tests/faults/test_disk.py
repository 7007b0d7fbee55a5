"""Faults of the disk: full, a flipped bit, a torn tail, a log that is deleted or put back."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from math import inf
from pathlib import Path
from random import Random

import anyio
import apsw
import httpx
import pytest
from anyio import to_thread

from tests.faults.checker import LoggedRun, check_log
from tests.faults.disk import SmallDisk, small_disk
from tests.faults.headless import HeadlessPage, many, until
from tests.faults.layer import Machine
from tests.faults.plan import plan
from tests.faults.rounds import AT_ONCE, RATE, Rounds, came_back, each, judge, settle
from tests.faults.seeds import COUNT, PATIENCE, waves
from tests.faults.servers import Server, serving
from tests.faults.trials import trials


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A small disk, where the machine lets a test have one."""
    with small_disk(tmp_path / "data", 16 + COUNT) as mounted:
        if mounted is None:
            pytest.skip("mounting a small disk is not allowed here")
        yield mounted


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One worker: it starts faster."""
    with serving(tmp_path, workers=1) as running:
        yield running


async def test_full_disk(disk: SmallDisk, tmp_path: Path, layer: Machine, seeds: list[int]) -> None:
    """Runs are refused aloud, those under way end with the reason, reads go on, and it recovers."""
    with serving(tmp_path) as server:

        async def fill(pages: list[HeadlessPage], random: Random) -> None:
            # a command that is on its way still would rightly be refused
            await until(lambda: not any(page.outcome["queue"] for page in pages))
            disk.fill()
            try:
                await _check_full(server)
                await anyio.sleep(random.uniform(0, 0.5))
            finally:
                disk.free()
            await until(lambda: _ready(server))

        await Rounds(layer=layer, server=server, seconds=3).play_together(fill, seeds)
        ended = {run.status for run in server.log.runs().values()}
        assert ended <= {"success", "failed", "interrupted"}


async def _check_full(server: Server) -> None:
    """What a server says of a full disk."""
    async with httpx.AsyncClient(base_url=_url(server), timeout=PATIENCE) as http:
        refused = await _refusal(http)
        assert "disk" in refused["error"]["message"]
        assert (await http.get("/health")).status_code == 200
        assert (await http.get("/api/runs")).status_code == 200
        assert (await http.get("/ready")).status_code == 503


async def _refusal(http: httpx.AsyncClient) -> dict[str, dict[str, str]]:
    """The answer to a run that the disk has no room for. Some still fit between old pages."""
    for n in range(50):
        answer = await http.post("/api/runs", json={"input": plan(n, events=200, seconds=0.1)})
        if answer.status_code != 202:
            assert answer.status_code == 503, answer.text
            return dict(answer.json())
    raise AssertionError("a full disk takes every run")


@pytest.mark.parametrize("how", ["deleted", "restored"])
async def test_log_replaced_between_two_starts(
    server: Server, layer: Machine, seeds: list[int], how: str
) -> None:
    """The page stands at a place that the log no longer has: it begins anew, and says so."""
    with trials() as trial:
        for wave in waves(seeds, AT_ONCE):
            with trial.of(wave):
                await _replace(server, layer, wave, how)
                check_log(server.log)


async def _replace(server: Server, layer: Machine, wave: list[int], how: str) -> None:
    """Several pages, and one log that is put back or deleted between two starts."""
    random, copy = Random(wave[0]), None

    async def ask(page: HeadlessPage) -> None:
        text = plan(page.seed, seconds=0.6, note=f" {how} old")
        await anyio.sleep(Random(page.seed).uniform(0, 0.5))
        page.ask(text)
        await settle(page, text)

    async def back_up() -> None:
        nonlocal copy
        await anyio.sleep(random.uniform(0.1, 0.8))
        copy = await to_thread.run_sync(_copy, server.folder)

    async def begin_anew(page: HeadlessPage) -> None:
        text = plan(page.seed, seconds=0.6, note=f" {how} new")
        last = page.last
        assert last is not None
        may_go_on = heads.get(last.run, 0) >= last.head
        await came_back(page, lambda: may_go_on or any(f.anew for f in page.record.frames))
        page.record.commands.clear()  # what was asked for has gone with the log
        page.ask(text)
        await settle(page, text)
        await page.read_rows()

    async with many(layer, server.port, wave, rate=RATE) as pages:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(back_up)
            await each(pages, ask)
        await to_thread.run_sync(server.kill)
        _put_back(server.folder, copy if how == "restored" else None)
        heads = _heads(server) if how == "restored" else {}
        await to_thread.run_sync(server.start)
        await each(pages, begin_anew)
    for page in pages:
        judge(page, server.log, resets=1)


def _heads(server: Server) -> dict[str, float]:
    """How far each run of the log that was put back may go before a page asks for it.

    What was going on in the copy is given its end. What waited in it (on a busy machine, much) is
    done once more, and may be as long as what was seen: that a page cannot know.
    """
    return {run.run_id: _furthest(run) for run in server.log.runs().values()}


def _furthest(run: LoggedRun) -> float:
    return inf if run.status == "queued" else run.head + (run.status == "running")


def _copy(folder: Path) -> Path:
    """A copy of the log as it is now, made as a backup program makes it."""
    copy = folder / "copy.db"
    copy.unlink(missing_ok=True)
    with (
        closing(apsw.Connection(str(folder / "data" / "runs.db"))) as log,
        closing(apsw.Connection(str(copy))) as to,
        to.backup("main", log, "main") as backup,
    ):
        backup.step()
    return copy


def _put_back(folder: Path, copy: Path | None) -> None:
    """Delete the log, and put the copy in its place."""
    for file in (folder / "data").glob("runs.db*"):
        file.unlink()
    if copy is not None:
        shutil.copy(copy, folder / "data" / "runs.db")


def _ready(server: Server) -> bool:
    return httpx.get(f"{_url(server)}/ready", timeout=PATIENCE).status_code == 200


def _url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"
