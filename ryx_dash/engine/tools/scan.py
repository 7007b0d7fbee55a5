"""The hits of a local search: found line by line, ranked when all files have been seen. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator
from math import log
from typing import NamedTuple

from ryx_dash.engine.snippets import excerpt, first_position
from ryx_dash.engine.terms import telling_words
from ryx_dash.protocol.events import JsonObject

_EDGES = "\"'`´“”‘’«».,;:!?¿¡()[]{}<>…"
_LINES_BETWEEN_CHECKS = 2000


def search_words(query: str) -> list[str]:
    """The distinct words to look for, in lower case, in order.

    A word is what stands between blanks, less the punctuation around it, so that ``notes.md``
    and ``read_text()`` stay whole. Words that tell nothing count only when there are no others.
    """
    telling = {word.lower() for word in telling_words(query)}
    parts = (_bare(part) for part in query.lower().split())
    found = list(dict.fromkeys(parts))
    return [word for word in found if any(part in word for part in telling)] or found


def _bare(part: str) -> str:
    return part.strip(_EDGES) if any(map(str.isalnum, part)) else part


class _Group(NamedTuple):
    """Hits that are worth the same: the whole phrase or not, and which words (a bit each)."""

    phrase: bool
    words: int
    is_line: bool


class _Hit(NamedTuple):
    """Sorts as the hits of one group are taken: each file's first, then each file's second,
    and so on, so that no file crowds out the others. ``line`` is 0 for a name."""

    nth: int
    file: int
    line: int
    path: str
    snippet: str


class Scan:
    """Takes files one by one; holds only as many hits as may be given in the end."""

    def __init__(self, query: str, limit: int) -> None:
        self._words = search_words(query)
        self._limit = limit
        phrase = " ".join(query.lower().split()).strip(_EDGES)
        self._phrase = phrase if phrase not in ("", self._words[0]) else None
        self._files = 0
        self._spread = [0] * len(self._words)
        self._groups: dict[_Group, list[_Hit]] = {}
        self.total = 0
        """All hits so far, kept or not."""

    def file(self, path: str, text: str, stopped: Callable[[], bool]) -> None:
        """Look at a file's name and lines; ``text`` is empty when it cannot be searched."""
        self._files += 1
        in_name = self._look_at_name(path)
        folded = text.lower()
        present = [number for number, word in enumerate(self._words) if word in folded]
        for number in range(len(self._words)):
            self._spread[number] += number in present or in_name >> number & 1
        if present:
            self._look_at_lines(path, text.split("\n"), folded, present, stopped)

    def hits(self) -> list[JsonObject]:
        """The best ones, best first: ``{path, line, snippet}``, ``line`` null for a name."""
        best = [
            hit
            for group in sorted(self._groups, key=self._worth, reverse=True)
            for hit in sorted(self._groups[group])[: self._limit]
        ]
        return [
            {"path": hit.path, "line": hit.line or None, "snippet": hit.snippet}
            for hit in best[: self._limit]
        ]

    def _look_at_name(self, path: str) -> int:
        """The words in the name; those with a slash are looked for in the whole path."""
        folded = path.lower()
        name = folded.rpartition("/")[2]
        places = (folded if "/" in word else name for word in self._words)
        found = _bits(
            number
            for number, (word, place) in enumerate(zip(self._words, places, strict=True))
            if word in place
        )
        if found:
            self._keep(_Group(self._has_phrase(folded), found, False), 0, 0, path, path)
        return found

    def _look_at_lines(
        self,
        path: str,
        lines: list[str],
        folded: str,
        present: list[int],
        stopped: Callable[[], bool],
    ) -> None:
        seen: Counter[_Group] = Counter()
        for number, line in enumerate(folded.split("\n"), 1):
            if number % _LINES_BETWEEN_CHECKS == 0 and stopped():
                return
            found = _bits(word for word in present if self._words[word] in line)
            if found:
                group = _Group(self._has_phrase(line), found, True)
                self._keep(group, seen[group], number, path, lines[number - 1])
                seen[group] += 1

    def _keep(self, group: _Group, nth: int, line: int, path: str, text: str) -> None:
        self.total += 1
        if nth >= self._limit:
            return
        kept = self._groups.setdefault(group, [])
        kept.append(_Hit(nth, self._files, line, path, self._snippet(text)))
        if len(kept) >= 4 * self._limit:
            kept.sort()
            del kept[self._limit :]

    def _worth(self, group: _Group) -> tuple[bool, float, bool]:
        """Each word counts one, and more the fewer files have it. A name goes before a line."""
        score = sum(
            1 + log(self._files / spread)
            for number, spread in enumerate(self._spread)
            if group.words >> number & 1
        )
        return group.phrase, score, not group.is_line

    def _has_phrase(self, folded: str) -> bool:
        return self._phrase is not None and self._phrase in folded

    def _snippet(self, text: str) -> str:
        wanted = self._words if self._phrase is None else [self._phrase, *self._words]
        return excerpt(text, first_position(text.lower(), wanted))


def _bits(numbers: Iterator[int]) -> int:
    return sum(1 << number for number in numbers)
