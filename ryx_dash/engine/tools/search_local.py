"""``search_local``: where words occur in the names and the lines of the workspace's files."""

import re
from collections.abc import Callable
from typing import ClassVar

from pathspec import GitIgnoreSpec
from pydantic import Field, field_validator

from ryx_dash.engine.threads import run_stoppable
from ryx_dash.engine.tools.base import Arguments, CheckedTool, ToolOutcome
from ryx_dash.engine.tools.scan import Scan
from ryx_dash.engine.workspace import File, Workspace
from ryx_dash.errors import WorkspaceError
from ryx_dash.protocol.events import JsonObject

MAX_BYTES = 2 << 20
"""Only the names of larger files are searched."""
MAX_HITS = 100
_MOST_GLOBS = 50


class SearchLocalArguments(Arguments):
    """What to look for, and in which files."""

    query: str = Field(max_length=1000, description="words or a phrase to look for")
    glob: str | None = Field(
        None, max_length=200, description="only these files, for example *.py or docs/**"
    )
    limit: int = Field(50, ge=1, le=MAX_HITS, description="most hits to give")

    @field_validator("query")
    @classmethod
    def _has_words(cls, query: str) -> str:
        if not query.strip():
            raise ValueError("must hold at least one word")
        return query

    @field_validator("glob")
    @classmethod
    def _is_pattern(cls, glob: str | None) -> str | None:
        if glob is not None:
            _spec(glob)
        return glob


class SearchLocal(CheckedTool[SearchLocalArguments]):
    """Searches the workspace, upper and lower case alike."""

    name: ClassVar[str] = "search_local"
    description: ClassVar[str] = (
        "Search the names and contents of the workspace's files for words; "
        "gives paths, lines and snippets, best first."
    )
    arguments = SearchLocalArguments

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def run(self, args: SearchLocalArguments) -> ToolOutcome:
        """Output: ``{query, hits: [{path, line, snippet}], total, truncated, scanned, skipped}``.

        ``line`` is null where the name matched. ``total`` counts all hits, ``scanned`` the files
        that were read, ``skipped`` those that are too large, binary or unreadable.
        """
        return await run_stoppable(lambda stopped: self._search(args, stopped))

    def _search(self, args: SearchLocalArguments, stopped: Callable[[], bool]) -> ToolOutcome:
        spec = _spec(args.glob) if args.glob is not None else None
        scan = Scan(args.query, args.limit)
        scanned = skipped = 0
        for file in self._workspace.files(stopped):
            if spec is not None and not spec.match_file(file.path):
                continue
            text = self._text(file)
            scanned += text is not None
            skipped += text is None
            scan.file(file.path, text or "", stopped)
        hits = scan.hits()
        output: JsonObject = {
            "query": args.query,
            "hits": hits,
            "total": scan.total,
            "truncated": scan.total > len(hits),
            "scanned": scanned,
            "skipped": skipped,
        }
        plural = "" if scan.total == 1 else "s"
        return ToolOutcome(output, None, f"{scan.total} hit{plural} in {scanned} files")

    def _text(self, file: File) -> str | None:
        try:
            if file.size <= MAX_BYTES:
                return self._workspace.read_text(file.path, max_bytes=MAX_BYTES).text
        except WorkspaceError:
            pass
        return None


def _spec(glob: str) -> GitIgnoreSpec:
    """The files that a glob names, read as in ``.gitignore``, and ``{a,b}`` besides."""
    try:
        if not glob.startswith(("!", "#")):
            return GitIgnoreSpec.from_lines(_alternatives(glob))
    except (ValueError, re.error):
        pass
    raise ValueError("must name the files to search, like *.py or docs/**")


def _alternatives(glob: str) -> list[str]:
    """The globs that one with braces stands for. Raises :class:`ValueError` for too many."""
    globs = [glob]
    while any(braces := [_BRACES.search(each) for each in globs]):
        globs = [
            each if found is None else each[: found.start()] + part + each[found.end() :]
            for each, found in zip(globs, braces, strict=True)
            for part in ([""] if found is None else found[1].split(","))
        ]
        if len(globs) > _MOST_GLOBS:
            raise ValueError("has too many alternatives")
    return globs


_BRACES = re.compile(r"\{([^{}]*)\}")
