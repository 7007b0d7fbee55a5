"""A file's text cut into passages, at headings, at functions and classes, or at paragraphs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

FEWEST, MOST = 10, 60
"""Lines of a chunk, blank ones at its ends included; a file of fewer lines is one chunk."""

_MARKDOWN = frozenset({".md", ".markdown", ".mdx", ".qmd"})
_RST = frozenset({".rst", ".rest"})
# fmt: off
_CODE = frozenset((
    ".py", ".pyi", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".go", ".rs", ".java", ".kt",
    ".kts", ".scala", ".swift", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".rb", ".php", ".lua",
    ".sh", ".bash", ".zsh", ".fish", ".pl", ".r", ".jl", ".ex", ".exs", ".dart", ".vue",
    ".svelte", ".zig", ".nim",
))
# fmt: on

_HEADING = re.compile(r" {0,3}#{1,6}(?:\s|$)")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_UNDERLINE = re.compile(r"([=\-~^\"'#*+.`:_])\1{2,}\s*$")
_DEFINITION = re.compile(
    r"""\s{0,8}
    (?:@\w                                      # a decorator opens what it decorates
    |(?:(?:export|default|public|private|protected|internal|static|abstract|final|override|async
          |pub(?:\([\w:]+\))?|unsafe|extern|inline|local|virtual|data|sealed|open)\s+)*
     (?:def|class|function\*?|func|fn|struct|enum|interface|trait|impl|type|module|mod|namespace
       |object|record|protocol|defmodule|defp|sub)\b\s*\S
    |(?:export\s+)?(?:const|let|var)\s+\w+\s*=\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*=>|\w+\s*=>)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines ``start`` to ``end`` of a file, from 1, both included, blank ends left out."""

    start: int
    end: int
    text: str


def chunks(path: str, text: str) -> Iterator[Chunk]:
    """Cut ``text`` (lines ended by ``\\n``) by what ``path`` says it is.

    In order, none empty, each at most :data:`MOST` lines, every line that is not blank in
    exactly one of them.
    """
    lines = text.removesuffix("\n").split("\n")
    sections = _sections(_suffix(path), lines)
    start = 0
    while start < len(lines):
        end = _cut(lines, sections, start)
        chunk = _trimmed(lines, start, end)
        if chunk is not None:
            yield chunk
        start = end


def is_heading(path: str, line: str) -> bool:
    """Whether ``line`` is a Markdown heading, going by itself and the file's name."""
    return _suffix(path) in _MARKDOWN and _HEADING.match(line) is not None


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _sections(suffix: str, lines: Sequence[str]) -> frozenset[int]:
    """The line numbers (from 0) at which a new section, function or class begins."""
    if suffix in _MARKDOWN:
        return frozenset(_markdown(lines))
    if suffix in _RST:
        return frozenset(_rst(lines))
    if suffix in _CODE:
        return frozenset(_code(lines))
    return frozenset()


def _markdown(lines: Sequence[str]) -> Iterator[int]:
    fenced = False
    for number, line in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and _HEADING.match(line):
            yield number


def _rst(lines: Sequence[str]) -> Iterator[int]:
    for number in range(1, len(lines)):
        title = lines[number - 1]
        if title.strip() and not _UNDERLINE.match(title) and _UNDERLINE.match(lines[number]):
            has_overline = number > 1 and _UNDERLINE.match(lines[number - 2]) is not None
            yield number - 2 if has_overline else number - 1


def _code(lines: Sequence[str]) -> Iterator[int]:
    decorated = False
    for number, line in enumerate(lines):
        if _DEFINITION.match(line):
            if not decorated:
                yield number
            decorated = line.lstrip().startswith("@")
        elif not line.strip():
            decorated = False


def _cut(lines: Sequence[str], sections: frozenset[int], start: int) -> int:
    """Where the chunk that begins at ``start`` ends: at the first section, else at the last
    paragraph, else at the most lines; never so that too few lines are left for the next."""
    left = len(lines) - start
    earliest = start + FEWEST
    latest = min(start + MOST, len(lines) - FEWEST)
    for number in range(earliest, latest + 1):
        if number in sections:
            return number
    if left <= MOST:
        return len(lines)
    for number in range(latest, earliest - 1, -1):
        if lines[number].strip() and not lines[number - 1].strip():
            return number
    return latest


def _trimmed(lines: Sequence[str], start: int, end: int) -> Chunk | None:
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    if start == end:
        return None
    return Chunk(start + 1, end, "\n".join(lines[start:end]))
