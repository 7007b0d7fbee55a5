"""Citations ``path:line`` in an answer, checked against what the run has seen. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ryx_dash.engine.evidence import Excerpt
from ryx_dash.engine.markdown import outside_code
from ryx_dash.protocol.events import JsonObject

MAX_CITATIONS = 200

_LINES = r":(?:L|lines?\s?)?(\d{1,7})(?:\s?[-–]\s?L?(\d{1,7}))?(?!\w)"
_IN_CODE = re.compile(r"(?<!`)`+\s?([^`\n:]+)" + _LINES + r"\s?`+")
_BARE = re.compile(r"(?<![\w/.:@`+-])((?:[\w@+.-]+/)*[\w@+-][\w@+.-]*\.[A-Za-z]\w{0,9})" + _LINES)
_HOSTS = frozenset({"com", "org", "net", "io", "dev", "local", "internal", "lan", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A place that the answer names. ``verified``: the run has seen all of those lines."""

    path: str
    line: int
    end: int
    verified: bool

    def data(self) -> JsonObject:
        """As it travels; ``end`` is there only for a range."""
        span = {"end": self.end} if self.end != self.line else {}
        return {"path": self.path, "line": self.line, **span, "verified": self.verified}


def check(text: str, seen: Iterable[Excerpt]) -> tuple[Citation, ...]:
    """The citations outside fenced code, in order, each once."""
    lines: dict[str, set[int]] = {}
    for excerpt in seen:
        lines.setdefault(excerpt.path, set()).update(range(excerpt.start, excerpt.end + 1))
    found = dict.fromkeys(_found(outside_code(text), tuple(lines)))
    return tuple(
        Citation(
            path=path,
            line=line,
            end=end,
            verified=all(n in lines.get(path, ()) for n in range(line, end + 1)),
        )
        for path, line, end in list(found)[:MAX_CITATIONS]
    )


def _found(text: str, known: Sequence[str]) -> list[tuple[str, int, int]]:
    """``(path, first line, last line)`` of each citation, in the order of the text."""
    patterns = [_IN_CODE, _BARE]
    if known:
        names = "|".join(re.escape(path) for path in sorted(known, key=len, reverse=True))
        patterns.append(re.compile(rf"(?<![\w/.`-])(?:\./)?({names}){_LINES}"))
    matched = sorted(
        (match for pattern in patterns for match in pattern.finditer(text)),
        key=lambda match: (match.start(1), -match.end()),
    )
    places: list[tuple[str, int, int]] = []
    passed = 0
    for match in matched:
        path, first = match[1].strip().removeprefix("./"), int(match[2])
        if match.start(1) >= passed and first and (path in known or _like_a_file(path)):
            places.append((path, first, max(first, int(match[3] or first))))
            passed = match.end()
    return places


def _like_a_file(path: str) -> bool:
    """Whether an unknown name before ``:8080`` is a file's, and no host's or setting's."""
    name = path.rpartition("/")[2]
    suffix = name.rpartition(".")[2].lower()
    if "//" in path or suffix in _HOSTS or re.fullmatch(r"[\d.]+", name):
        return False
    return "/" in path or "." in name
