"""Which tools to call, by rules, when no model can choose. Pure."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from ryx_dash.engine.intent import Intent, Kind
from ryx_dash.engine.terms import telling_words
from ryx_dash.protocol.events import JsonObject

MAX_FILES = 4
MAX_QUERY = 300
MAX_NAMED = 50
_BEFORE = 40

_SUFFIX = r"\.[A-Za-z][A-Za-z0-9]{0,9}"
_LINES = r"(?::(?P<start>\d{1,7})(?:-(?P<end>\d{1,7}))?)?"
_QUOTED = re.compile(
    rf"(?<!\w)[`\"'“‘](?P<path>[^`\"'“”‘’\n:]{{0,200}}(?:/[^`\"'“”‘’\n:]{{1,100}}|{_SUFFIX})){_LINES}[`\"'”’]"
)
_PLAIN = re.compile(
    rf"(?<![\w/.:@`\"'+-])(?P<path>(?:\.{{0,2}}/)?(?:@?[\w+.-]+/)*[\w+-][\w+.-]*{_SUFFIX}){_LINES}"
    r"(?![\w/@])"
)
_ASKS_TO_READ = re.compile(
    r"\b(?:read|open|show|print|display|cat|summari[sz]e|file|says?|in|of|lies|zeig)\W*$",
    re.IGNORECASE,
)
_ABBREVIATIONS = frozenset({"e.g", "i.e", "z.b", "u.s", "a.m", "p.m"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A tool call to make. ``why`` is a short reason for people."""

    call_id: str
    tool: str
    args: JsonObject = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A file that a text names, with the lines if any. ``certain``: it can be nothing else."""

    path: str
    start: int | None = None
    end: int | None = None
    certain: bool = False


def named_paths(text: str) -> tuple[Named, ...]:
    """The paths in ``text``, each once, at most :data:`MAX_NAMED`.

    One in quotes, with a folder, or after a word such as "read" is certainly meant as one;
    another (``node.js``) may be.
    """
    found: dict[str, Named] = {}
    unquoted = _QUOTED.sub(lambda match: " " * len(match[0]), text)
    for pattern, searched in ((_QUOTED, text), (_PLAIN, unquoted)):
        for match in pattern.finditer(searched):
            path = match["path"]
            if "//" in path or path.lower() in _ABBREVIATIONS:
                continue
            certain = (
                pattern is _QUOTED
                or "/" in path
                or bool(_ASKS_TO_READ.search(text[max(0, match.start() - _BEFORE) : match.start()]))
            )
            start, end = (int(match[g]) if match[g] else None for g in ("start", "end"))
            found.setdefault(path, Named(path=path, start=start, end=end, certain=certain))
    return tuple(found.values())[:MAX_NAMED]


def by_rules(
    text: str, intent: Intent, offered: Collection[str], exists: Callable[[str], bool]
) -> tuple[Planned, ...]:
    """The calls for ``text``: the files it names, its words in all files, and the web.

    Plain small talk needs none. ``exists`` tells whether the workspace has a file.
    """
    if intent.small_talk:
        return ()
    calls: list[tuple[str, dict[str, Any], str]] = []
    named = [file for file in named_paths(text) if file.certain or exists(file.path)]
    for file in named[:MAX_FILES]:
        span = {"start": file.start, "end": file.end or file.start} if file.start else {}
        calls.append(("read_file", {"path": file.path, **span}, "the query names this file"))
    query = " ".join(telling_words(text))
    if query:
        calls.append(("search_local", {"query": query}, "the telling words of the query"))
    if intent.intent in (Kind.SEARCH, Kind.UNKNOWN):
        asked = " ".join(text.split())[:MAX_QUERY]
        calls.append(("search_web", {"query": asked}, "the intent is search"))
    wanted = [call for call in calls if call[0] in offered]
    return tuple(
        Planned(call_id=f"call-{number}", tool=tool, args=args, why=why)
        for number, (tool, args, why) in enumerate(wanted, 1)
    )
