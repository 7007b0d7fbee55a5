"""Retrieval for many runs at once."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from threading import Event

import anyio
import pytest

from ryx_dash.engine.retrieval import service as module
from ryx_dash.engine.retrieval.index import Index, IndexStats
from ryx_dash.engine.retrieval.service import Retrieval
from ryx_dash.engine.workspace import Workspace
from ryx_dash.errors import IndexUnavailable


class GatedIndex(Index):
    """Indexes no file before ``gate`` is set, and counts its refreshes."""

    def __init__(self, workspace: Workspace, path: Path) -> None:
        super().__init__(workspace, path)
        self.gate, self.begun, self.refreshes = Event(), Event(), 0

    def refresh(
        self,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> IndexStats:
        self.refreshes += 1

        def and_wait(done: int, total: int) -> None:
            on_progress(done, total)
            self.begun.set()
            while not self.gate.wait(0.005) and not stopped():
                pass

        return super().refresh(and_wait, stopped)


@pytest.fixture
def index(tmp_path: Path) -> GatedIndex:
    root = tmp_path / "workspace"
    root.mkdir()
    for number in range(6):
        (root / f"{number}.txt").write_text(f"needle n{number}\n")
    return GatedIndex(Workspace(root), tmp_path / "index.db")


@pytest.fixture
async def retrieval(index: GatedIndex) -> AsyncIterator[Retrieval]:
    retrieval = Retrieval(index)
    yield retrieval
    await retrieval.aclose()


async def silent(done: int, total: int) -> None:
    pass


async def until_begun(index: GatedIndex) -> None:
    await anyio.to_thread.run_sync(index.begun.wait)


async def test_refresh_and_search(index: GatedIndex, retrieval: Retrieval) -> None:
    index.gate.set()
    told: list[tuple[int, int]] = []

    async def tell(done: int, total: int) -> None:
        told.append((done, total))

    assert await retrieval.refresh(tell, 60) == IndexStats(6, 6, changed=6)
    assert told[-1] == (6, 6)
    [passage] = await retrieval.search("Where is n3?", 5)
    assert passage.path == "3.txt"
    told.clear()
    assert (await retrieval.refresh(tell, 60)).changed == 0
    assert told == []


async def test_runs_share_a_refresh(index: GatedIndex, retrieval: Retrieval) -> None:
    results = []

    async def run() -> None:
        results.append(await retrieval.refresh(silent, 60))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(run)
        await until_begun(index)
        index.gate.set()
    assert results == [IndexStats(6, 6, changed=6)] * 5
    assert index.refreshes == 1


async def test_who_is_cancelled_stops_nobody_else(index: GatedIndex, retrieval: Retrieval) -> None:
    results = []

    async def stay() -> None:
        results.append(await retrieval.refresh(silent, 60))

    async with anyio.create_task_group() as tasks:
        async with anyio.create_task_group() as leaving:
            leaving.start_soon(retrieval.refresh, silent, 60)
            tasks.start_soon(stay)
            await until_begun(index)
            leaving.cancel_scope.cancel()
        index.gate.set()
    assert results == [IndexStats(6, 6, changed=6)]


async def test_a_budget_that_is_used_up(index: GatedIndex, retrieval: Retrieval) -> None:
    stats = await retrieval.refresh(silent, 0.05)
    assert stats.complete is False
    assert await retrieval.search("needle", 5) == []
    index.gate.set()  # it goes on, and the next one joins it
    stats = await retrieval.refresh(silent, 60)
    assert (stats.files, stats.complete, index.refreshes) == (6, True, 1)


async def test_no_budget_at_all(index: GatedIndex, retrieval: Retrieval) -> None:
    assert (await retrieval.refresh(silent, 0)).complete is False


async def test_progress_is_told_seldom(
    index: GatedIndex, retrieval: Retrieval, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROGRESS_INTERVAL", 0.01)
    told: list[tuple[int, int]] = []

    async def tell(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) == 1:
            index.gate.set()

    await retrieval.refresh(tell, 60)
    assert told[0] == (1, 6)
    assert told[-1] == (6, 6)
    assert told == sorted(set(told))


async def test_closing_stops_what_goes_on(index: GatedIndex) -> None:
    retrieval = Retrieval(index)
    await retrieval.refresh(silent, 0)
    await until_begun(index)
    with anyio.fail_after(30):
        await retrieval.aclose()
    assert index.stats().files < 6


async def test_a_fault_reaches_all_who_wait(tmp_path: Path) -> None:
    retrieval = Retrieval(Index(Workspace(tmp_path), tmp_path))
    for _ in range(2):
        with pytest.raises(IndexUnavailable):
            await retrieval.refresh(silent, 60)
    await retrieval.aclose()


async def test_a_listener_that_fails_harms_only_its_run(
    index: GatedIndex, retrieval: Retrieval
) -> None:
    async def fail(done: int, total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await retrieval.refresh(fail, 60)
    index.gate.set()
    assert (await retrieval.refresh(silent, 60)).files == 6
    assert index.refreshes == 1


def test_the_loop_of_one_who_waited_may_be_gone(index: GatedIndex) -> None:
    retrieval = Retrieval(index)
    assert anyio.run(retrieval.refresh, silent, 0.01).complete is False
    index.gate.set()
    assert anyio.run(retrieval.refresh, silent, 60).complete is True
    anyio.run(retrieval.aclose)
