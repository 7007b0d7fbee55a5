"""Real runs of the engine, recorded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from ryx_dash.engine.engine import Engine
from ryx_dash.engine.limits import Limits
from ryx_dash.protocol.events import Draft
from ryx_dash.protocol.executor import Request
from ryx_dash.settings import Settings

NOBODY = "http://127.0.0.1:9/v1"
"""Where nothing listens."""
QUESTION = "What is the launch code of project Zephyr?"
FACT = "The launch code of project Zephyr is 7421."
FAST = Limits(backoff=0.001)


class Recorder:
    """Takes events as the log would."""

    def __init__(self) -> None:
        self.events: list[Draft] = []
        self._grown = anyio.Event()

    async def __call__(self, draft: Draft) -> None:
        self.events.append(draft)
        self._grown.set()
        self._grown = anyio.Event()

    async def until(self, kind: str, step: str = "", data: str = "") -> None:
        """Wait for the first event of a kind, of a step, whose data say something."""
        with anyio.fail_after(20):
            while not any(data in str(event.data) for event in self.of(kind, step)):
                await self._grown.wait()

    def of(self, kind: str, step: str = "") -> list[Draft]:
        """The events of a kind, of one step or of any."""
        return [e for e in self.events if e.event == kind and step in ("", e.step)]

    def data(self, step: str) -> dict[str, Any]:
        """What a step completed with."""
        [done] = self.of("step_complete", step)
        return done.data

    @property
    def last(self) -> Draft:
        return self.events[-1]

    @property
    def text(self) -> str:
        """What was streamed."""
        return "".join(event.data["text"] for event in self.of("llm_token"))


@asynccontextmanager
async def an_engine(
    tmp_path: Path, *, limits: Limits = FAST, **settings: Any
) -> AsyncIterator[Engine]:
    """An engine on ``tmp_path/files``; without ``llm_url`` there is no model."""
    settings = {"llm_url": NOBODY, **settings}
    engine = Engine(
        Settings(workspace=files(tmp_path), data_dir=tmp_path / "data", **settings), limits=limits
    )
    try:
        yield engine
    finally:
        await engine.aclose()


def files(tmp_path: Path) -> Path:
    """The workspace, made with one fact in it when it is not there yet."""
    folder = tmp_path / "files"
    if not folder.exists():
        folder.mkdir()
        (folder / "notes.md").write_text(f"# Project notes\n\n{FACT}\n")
        (folder / "cooking.md").write_text("# Soup\n\nBoil water. Add leeks.\n")
    return folder


async def run(engine: Engine, query: str = QUESTION, model: str | None = None) -> Recorder:
    """One whole run."""
    recorder = Recorder()
    await engine.execute(Request(run_id="r", input=query, model=model), recorder)
    return recorder
