"""Questions that this workspace can answer, for somebody who sees the page for the first time."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePosixPath

from ryx_dash.engine.workspace import File, Workspace
from ryx_dash.errors import WorkspaceError

COUNT = 3
MAX_LISTED = 2_000
MAX_READ = 30
MAX_BYTES = 200_000
LONGEST = 60
"""Characters of a name that still makes a question one can read on a button."""

ANYWHERE = ("What is this about?", "Which files are here?", "What is still to be done?")
"""What can be asked of any folder, where nothing better is found."""

_TEXT = frozenset({".md", ".markdown", ".rst", ".txt"})
_CODE = frozenset({".py", ".js", ".ts", ".go", ".rs", ".rb", ".java", ".kt", ".c", ".cpp", ".php"})
_HEADING = re.compile(r"^#{1,3}\s+(.*?)\s*#*$", re.MULTILINE)
_DEFINITION = re.compile(
    r"^(?:export\s+|pub\s+|async\s+)*(?:def|class|function|func|fn)\s+([A-Za-z]\w{3,})",
    re.MULTILINE,
)
_PLAIN = re.compile(r"[^\W\d_][\w\s'’,.:()/+-]{3,}")


def examples(workspace: Workspace) -> list[str]:
    """:data:`COUNT` questions, made of headings and definitions in the workspace's files."""
    files = sorted(islice(workspace.files(), MAX_LISTED), key=_interest)
    questions = _alternately(
        _about_headings(workspace, _of(files, _TEXT)),
        _about_definitions(workspace, _of(files, _CODE)),
    )
    return list(islice(dict.fromkeys([*islice(questions, COUNT), *ANYWHERE]), COUNT))


def _interest(file: File) -> tuple[bool, int, str]:
    """Readmes first, then what lies near the top."""
    path = PurePosixPath(file.path)
    return (not path.stem.lower().startswith("readme"), len(path.parts), file.path)


def _of(files: Iterable[File], suffixes: frozenset[str]) -> list[File]:
    fitting = (file for file in files if 0 < file.size <= MAX_BYTES)
    return [f for f in fitting if PurePosixPath(f.path).suffix.lower() in suffixes][:MAX_READ]


def _about_headings(workspace: Workspace, files: Iterable[File]) -> Iterator[str]:
    """One question a file, about its second heading: the first is mostly its title."""
    for file, text in _read(workspace, files):
        headings = [name for name in _HEADING.findall(text) if _PLAIN.fullmatch(name)]
        if headings and len(name := headings[min(1, len(headings) - 1)]) <= LONGEST:
            yield f"What does {file.path} say about “{name}”?"


def _about_definitions(workspace: Workspace, files: Iterable[File]) -> Iterator[str]:
    """One question a file, about the first thing that it defines."""
    for _, text in _read(workspace, files):
        found = _DEFINITION.search(text)
        if found and len(found[1]) <= LONGEST:
            yield f"Where is {found[1]} defined?"


def _read(workspace: Workspace, files: Iterable[File]) -> Iterator[tuple[File, str]]:
    for file in files:
        try:
            yield file, workspace.read_text(file.path, max_bytes=MAX_BYTES).text
        except WorkspaceError:
            continue


def _alternately(first: Iterator[str], second: Iterator[str]) -> Iterator[str]:
    """One of each in turn; what is left of the longer one follows."""
    turns = [first, second]
    while turns:
        turn = turns.pop(0)
        question = next(turn, None)
        if question is not None:
            yield question
            turns.append(turn)
