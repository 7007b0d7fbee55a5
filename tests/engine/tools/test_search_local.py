"""``search_local`` over real files."""

import os
from pathlib import Path
from threading import Event

import anyio
import anyio.lowlevel
import pytest

from ryx_dash.engine.tools.scan import Scan
from ryx_dash.engine.tools.search_local import SearchLocal
from ryx_dash.engine.workspace import Text, Workspace
from ryx_dash.protocol.events import JsonObject


@pytest.fixture
def tool(tmp_path: Path) -> SearchLocal:
    (tmp_path / "docs").mkdir()
    (tmp_path / "notes.md").write_text("# Zephyr\n\nThe launch code is 4471.\n")
    (tmp_path / "docs/launch.py").write_text("def launch():\n    pass\n")
    return SearchLocal(Workspace(tmp_path))


async def output(tool: SearchLocal, **args: object) -> JsonObject:
    outcome = await tool.call(args)
    assert outcome.error is None
    assert outcome.output is not None
    return outcome.output


async def test_names_and_lines(tool: SearchLocal) -> None:
    outcome = await tool.call({"query": "Launch code"})
    assert outcome.output == {
        "query": "Launch code",
        "hits": [
            {"path": "notes.md", "line": 3, "snippet": "The launch code is 4471."},
            {"path": "docs/launch.py", "line": None, "snippet": "docs/launch.py"},
            {"path": "docs/launch.py", "line": 1, "snippet": "def launch():"},
        ],
        "total": 3,
        "truncated": False,
        "scanned": 2,
        "skipped": 0,
    }
    assert outcome.summary == "3 hits in 2 files"


async def test_a_null_is_no_glob(tool: SearchLocal) -> None:
    assert (await output(tool, query="launch", glob=None))["scanned"] == 2


async def test_nothing_found(tool: SearchLocal) -> None:
    found = await output(tool, query="absent")
    assert (found["hits"], found["total"], found["truncated"]) == ([], 0, False)


@pytest.mark.parametrize(
    ("glob", "paths"),
    [
        ("*.py", {"docs/launch.py"}),
        ("docs/**", {"docs/launch.py"}),
        ("docs", {"docs/launch.py"}),
        ("**/*.{py,md}", {"docs/launch.py", "notes.md"}),
        ("/*.md", {"notes.md"}),
        ("*.{rs,{go,md}}", {"notes.md"}),
        ("*.rs", set()),
    ],
)
async def test_only_some_files(tool: SearchLocal, glob: str, paths: set[str]) -> None:
    found = await output(tool, query="launch", glob=glob)
    assert {hit["path"] for hit in found["hits"]} == paths
    assert found["scanned"] == len(paths)


async def test_at_most_as_many_as_asked_for(tool: SearchLocal, tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_text("launch\n" * 500)
    found = await output(tool, query="launch", limit=100)
    assert (len(found["hits"]), found["total"], found["truncated"]) == (100, 503, True)
    assert len((await output(tool, query="launch"))["hits"]) == 50


async def test_what_cannot_be_searched_is_counted(tool: SearchLocal, tmp_path: Path) -> None:
    (tmp_path / "launch.bin").write_bytes(b"launch\0")
    (tmp_path / "latin.txt").write_bytes(b"launch \xe9")
    (tmp_path / "huge.txt").write_bytes(b"launch\n" * ((2 << 20) // 7 + 1))
    found = await output(tool, query="launch code")
    assert (found["scanned"], found["skipped"], found["total"]) == (2, 3, 4)
    assert "launch.bin" in [hit["path"] for hit in found["hits"]]


async def test_nothing_outside_or_ignored(tool: SearchLocal, tmp_path: Path) -> None:
    (tmp_path / "etc").symlink_to("/etc")
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "a.log").write_text("launch")
    (tmp_path / "loop").symlink_to(".")
    assert (await output(tool, query="launch code"))["total"] == 3
    assert (await output(tool, query="root"))["total"] == 0


async def test_a_file_that_vanishes(
    tool: SearchLocal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_text = Workspace.read_text

    def too_late(self: Workspace, path: str, *, max_bytes: int) -> Text:
        (tmp_path / path).unlink()
        return read_text(self, path, max_bytes=max_bytes)

    monkeypatch.setattr(Workspace, "read_text", too_late)
    found = await output(tool, query="code")
    assert (found["scanned"], found["skipped"]) == (0, 2)


async def test_names_that_are_not_utf8(tool: SearchLocal, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xffile")).write_text("needle")
    [hit] = (await output(tool, query="needle"))["hits"]
    assert hit["path"] == "\\xffile"


async def test_cancelling_ends_the_search_soon(
    tool: SearchLocal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread ends by itself: it asks between files whether anybody still waits."""
    reading, go_on, ended = Event(), Event(), Event()
    files = []

    def slow(self: Workspace, path: str, *, max_bytes: int) -> Text:
        files.append(path)
        reading.set()
        go_on.wait()
        return Text(path, "", 0)

    def end(self: Scan) -> list[JsonObject]:
        ended.set()
        return []

    monkeypatch.setattr(Workspace, "read_text", slow)
    monkeypatch.setattr(Scan, "hits", end)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tool.call, {"query": "x"})
        await anyio.to_thread.run_sync(reading.wait)
        tasks.cancel_scope.cancel()
    assert not ended.is_set()  # the caller has left before the file was read
    go_on.set()
    await anyio.to_thread.run_sync(ended.wait)
    assert len(files) == 1


async def test_the_event_loop_goes_on_meanwhile(tool: SearchLocal, tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}.txt").write_text("launch\n" * 50)
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(turn)
        await output(tool, query="launch")
        tasks.cancel_scope.cancel()
    assert turns > 10


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"query": " "}, "search_local: query: must hold at least one word."),
        ({"query": "x" * 1001}, "search_local: query: string should have at most 1000 characters."),
        ({"query": "x", "limit": 101}, "search_local: limit: "),
        ({"query": "x", "limit": 0}, "search_local: limit: "),
        ({"query": "x", "glob": "!*.py"}, "search_local: glob: must name the files to search"),
        ({"query": "x", "glob": "a\\"}, "search_local: glob: must name the files to search"),
        ({"query": "x", "glob": "[z-a]"}, "search_local: glob: must name the files to search"),
        ({"query": "x", "glob": "{a,b}" * 40}, "search_local: glob: must name the files to search"),
    ],
)
async def test_arguments_are_checked(
    tool: SearchLocal, args: dict[str, object], error: str
) -> None:
    outcome = await tool.call(args)
    assert outcome.error is not None
    assert outcome.error.startswith(error)
