"""How fast a workspace is indexed and searched, and how much the event loop feels of it.

    python -m bench.indexing [files]

Makes a workspace of small files in a temporary folder and prints files a second, the event
loop's lag meanwhile (how much later than asked a sleep of 5 ms ends), and the time of a refresh
that finds nothing or little to do.
"""

import random
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

import anyio

from ryx_dash.engine.retrieval.index import Index
from ryx_dash.engine.retrieval.service import Retrieval
from ryx_dash.engine.tools.search_local import SearchLocal
from ryx_dash.engine.workspace import Workspace

T = TypeVar("T")
SLEEP = 0.005
WORDS = [f"{first}{last}" for first in "bdfglmnprst" for last in ("ara", "elo", "inu", "oma", "ut")]


class Lag:
    """Sleeps again and again beside the work and keeps how late each sleep ended."""

    def __init__(self) -> None:
        self.late: list[float] = []

    async def watch(self) -> None:
        while True:
            due = time.perf_counter() + SLEEP
            await anyio.sleep(SLEEP)
            self.late.append(time.perf_counter() - due)

    def __str__(self) -> str:
        late = sorted(self.late)
        milliseconds = [1000 * late[int(share * (len(late) - 1))] for share in (0.5, 0.95, 1)]
        return "loop lag p50 {:.1f}, p95 {:.1f}, worst {:.1f} ms".format(*milliseconds)


def make_workspace(root: Path, files: int) -> None:
    rng = random.Random(7)
    for number in range(files):
        path = root / f"area{number % 40}" / f"part{number % 7}" / f"note{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (" ".join(rng.choices(WORDS, k=9)) for _ in range(30))
        path.write_text(f"# Note {number}\n\n" + "\n".join(lines) + "\n")
    (root / "notes.md").write_text("# Project Zephyr\n\nIts launch code is 4471-ALPHA.\n")


async def measured(name: str, work: Awaitable[T]) -> tuple[T, float]:
    lag = Lag()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lag.watch)
        await anyio.sleep(10 * SLEEP)
        began = time.perf_counter()
        result = await work
        seconds = time.perf_counter() - began
        tasks.cancel_scope.cancel()
    print(f"{name:<22} {seconds:7.3f} s   {lag}")
    return result, seconds


async def ignore(done: int, total: int) -> None:
    pass


async def main(files: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "workspace")
        make_workspace(root, files)
        workspace = Workspace(root)
        retrieval = Retrieval(Index(workspace, Path(folder, "index.db")))
        await measured("nothing", anyio.sleep(1))
        stats, seconds = await measured("first refresh", retrieval.refresh(ignore, 3600))
        print(f"{'':<22} {stats.changed / seconds:,.0f} files/s, {stats.chunks:,} chunks")
        await measured("nothing changed", retrieval.refresh(ignore, 3600))
        (root / "notes.md").write_text("# Project Zephyr\n\nIts launch code is 4472-BETA.\n")
        await measured("one file changed", retrieval.refresh(ignore, 3600))
        question = "What is the launch code of project Zephyr?"
        hits, _ = await measured("question", retrieval.search(question, 8))
        print(f"{'':<22} {hits[0].path}:{hits[0].line}")
        call = SearchLocal(workspace).call({"query": "launch code zephyr"})
        await measured("search_local, rare", call)
        await measured("search_local, common", SearchLocal(workspace).call({"query": "bara belo"}))
        await retrieval.aclose()


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
