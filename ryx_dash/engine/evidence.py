"""What a run found in files, in one form whatever found it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ryx_dash.engine.retrieval.query import Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Some whole lines of a file. ``start`` counts from 1; ``score`` is 0 to 1, best 1."""

    path: str
    start: int
    lines: tuple[str, ...]
    score: float = 0.0

    @property
    def end(self) -> int:
        """The number of the last line."""
        return self.start + len(self.lines) - 1


def from_passages(passages: Iterable[Passage]) -> tuple[Excerpt, ...]:
    """Passages of the index, their scores put in relation to the best one's."""
    passages = tuple(passages)
    best = max((passage.score for passage in passages), default=0.0)
    return tuple(
        Excerpt(
            path=passage.path,
            start=passage.start,
            lines=_lines(passage.text),
            score=passage.score / best if best > 0 else 0.0,
        )
        for passage in passages
    )


def from_output(tool: str, output: Any) -> tuple[Excerpt, ...]:
    """What a tool's output shows of files: lines that ``search_local`` found, text that was read.

    Anything that is not shaped like that shows nothing.
    """
    if not isinstance(output, Mapping):
        return ()
    if tool == "read_file" and output.get("text"):
        return (_excerpt(output["path"], output["start"], output["text"]),)
    if tool == "search_local":
        hits = output.get("hits", ())
        return tuple(
            _excerpt(hit["path"], hit["line"], hit["snippet"]) for hit in hits if hit.get("line")
        )
    return ()


def named_files(tool: str, output: Any) -> tuple[str, ...]:
    """The files that ``search_local`` found by their name alone."""
    if tool != "search_local" or not isinstance(output, Mapping):
        return ()
    return tuple(hit["path"] for hit in output.get("hits", ()) if hit.get("line") is None)


def web_pages(tool: str, output: Any) -> tuple[tuple[str, str], ...]:
    """``(title, url)`` of what ``search_web`` found."""
    if tool != "search_web" or not isinstance(output, Mapping):
        return ()
    return tuple((page["title"], page["url"]) for page in output.get("results", ()))


def beyond(shown: Iterable[Excerpt], found: Iterable[Excerpt]) -> tuple[Excerpt, ...]:
    """Those of ``found`` that lie in none of ``shown``."""
    spans = [(excerpt.path, excerpt.start, excerpt.end) for excerpt in shown]
    return tuple(
        e
        for e in found
        if not any(p == e.path and a <= e.start and e.end <= b for p, a, b in spans)
    )


def _excerpt(path: str, start: int, text: str) -> Excerpt:
    return Excerpt(path=path, start=start, lines=_lines(text))


def _lines(text: str) -> tuple[str, ...]:
    """Lines as an editor counts them: only ``\\n`` ends one."""
    return tuple(text.removesuffix("\n").split("\n"))
