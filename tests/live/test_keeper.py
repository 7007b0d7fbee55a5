"""The keeper folds runs as they grow, no further than is due, and survives a log that fails."""

from dataclasses import replace

import anyio
import pytest

from ryx_dash.errors import LogError
from ryx_dash.live.keeper import Keeper
from ryx_dash.log.base import Run
from ryx_dash.protocol.steps import RunStatus

RUN = Run(run_id="r", input="q", status=RunStatus.RUNNING)


def grown(head: int, run: Run = RUN) -> Run:
    return replace(run, head=head)


async def folded(*runs: Run, failing: int = 0) -> list[tuple[str, int]]:
    """What a keeper folds that is told of these runs, one after the other."""
    done: list[tuple[str, int]] = []

    def fold(run_id: str, upto: int) -> None:
        done.append((run_id, upto))
        if len(done) <= failing:
            raise LogError("The log cannot be read.")

    keeper = Keeper(fold, every=100)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keeper.run)
        for run in runs:
            before = len(done)
            keeper.note(run)
            with anyio.move_on_after(0.2):
                while len(done) == before:
                    await anyio.sleep(0.001)
        tasks.cancel_scope.cancel()
    return done


async def test_a_run_is_folded_up_to_each_place_that_is_due() -> None:
    assert await folded(*map(grown, (50, 99, 100, 150, 420))) == [("r", 100), ("r", 400)]


async def test_a_log_that_fails_ends_nothing() -> None:
    assert await folded(grown(100), grown(200), failing=1) == [("r", 100), ("r", 200)]


async def test_runs_that_grow_meanwhile_are_folded_to_where_they_are() -> None:
    done: list[tuple[str, int]] = []
    keeper = Keeper(lambda run_id, upto: done.append((run_id, upto)), every=100)
    other = replace(RUN, run_id="s")
    for run in (grown(100), grown(300), grown(250, other), grown(300)):
        keeper.note(run)
    with anyio.move_on_after(0.3):
        await keeper.run()
    assert sorted(done) == [("r", 300), ("s", 200)]


@pytest.mark.parametrize("status", [RunStatus.SUCCESS, RunStatus.FAILED])
async def test_a_run_that_has_ended_is_remembered_no_more(status: RunStatus) -> None:
    keeper = Keeper(lambda *_: None, every=100)
    keeper.note(grown(100))
    keeper.note(replace(grown(150), status=status))
    assert keeper._folded == {}
