"""``read_file``: the text of a file, or some of its lines."""

from io import StringIO
from typing import ClassVar

from anyio import to_thread
from pydantic import Field, model_validator

from ryx_dash.engine.tools.base import Arguments, CheckedTool, ToolOutcome
from ryx_dash.engine.workspace import Text, Workspace
from ryx_dash.errors import WorkspaceError

MAX_BYTES = 10 << 20
"""Larger files are refused."""
MAX_TEXT = 256 << 10
"""Bytes of text in one outcome; the rest is asked for by ``start``."""


class ReadFileArguments(Arguments):
    """Which file, and which of its lines."""

    path: str = Field(min_length=1, description="file, relative to the workspace")
    start: int | None = Field(None, ge=1, description="first line, from 1")
    end: int | None = Field(None, ge=1, description="last line, included")

    @model_validator(mode="after")
    def _in_order(self) -> "ReadFileArguments":
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"end ({self.end}) must not come before start ({self.start})")
        return self


class ReadFile(CheckedTool[ReadFileArguments]):
    """Reads text files of the workspace."""

    name: ClassVar[str] = "read_file"
    description: ClassVar[str] = (
        "Read a text file of the workspace, whole or from line `start` to line `end`."
    )
    arguments = ReadFileArguments

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def run(self, args: ReadFileArguments) -> ToolOutcome:
        """Output: ``{path, text, start, end, lines, size, truncated}``; see ``_outcome``."""
        return await to_thread.run_sync(self._read, args, abandon_on_cancel=True)

    def _read(self, args: ReadFileArguments) -> ToolOutcome:
        return _outcome(self._workspace.read_text(args.path, max_bytes=MAX_BYTES), args)


def _outcome(file: Text, args: ReadFileArguments) -> ToolOutcome:
    """The asked-for lines. ``lines`` counts the whole file's; ``end`` is the last one given.

    ``truncated``: the text was cut at :data:`MAX_TEXT`, after line ``end`` or (when that line
    alone is longer) within it. An empty file has ``start`` 1 and ``end`` 0.
    """
    lines = list(StringIO(file.text))
    start = args.start or 1
    if start > max(1, len(lines)):
        raise WorkspaceError(
            f"{file.path} ends at line {len(lines)}; there is no line {start}.", code="no_line"
        )
    wanted = lines[start - 1 : args.end]
    given = _fitting(wanted)
    data = "".join(given).encode()
    end = start + len(given) - 1
    output = {
        "path": file.path,
        "text": data[:MAX_TEXT].decode("utf-8", "ignore"),
        "start": start,
        "end": end,
        "lines": len(lines),
        "size": file.size,
        "truncated": len(given) < len(wanted) or len(data) > MAX_TEXT,
    }
    return ToolOutcome(output, None, f"lines {start}–{end} of {len(lines)}")


def _fitting(lines: list[str]) -> list[str]:
    """The first lines that fit, at least one if there is any."""
    left = MAX_TEXT
    for index, line in enumerate(lines):
        left -= len(line.encode())
        if left < 0:
            return lines[: max(1, index)]
    return lines
