"""An answer without a language model: the passages that answer best, word for word. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ryx_dash.engine.evidence import Excerpt
from ryx_dash.engine.markdown import code_block, code_span, link
from ryx_dash.engine.terms import matches, words

MAX_QUOTES = 5
MAX_LINE = 300
AFTER = 3
"""Lines that are quoted after the one that answers: the sentence may go on."""
MIN_SHARE = 0.4
"""What a quote must be worth, in relation to the best one."""
WHOLE = 40
"""Lines that are quoted of a file that was asked for by name."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines of a file. ``line`` is the one that answers; ``lines`` begin at ``start``."""

    path: str
    line: int
    start: int
    lines: tuple[str, ...]

    def markdown(self) -> str:
        """The citation, and under it the lines with their numbers."""
        width = len(str(self.start + len(self.lines) - 1))
        numbered = (f"{n:>{width}}  {_cut(text)}" for n, text in enumerate(self.lines, self.start))
        return f"{code_span(f'{self.path}:{self.line}')}\n\n{code_block(chr(10).join(numbered))}"


@dataclass(frozen=True, slots=True)
class _Line:
    path: str
    number: int
    text: str
    terms: frozenset[str]
    excerpt: Excerpt


def best_quotes(
    wanted: Sequence[str], excerpts: Iterable[Excerpt], limit: int = MAX_QUOTES
) -> list[Quote]:
    """The lines that hold most of the ``wanted`` terms (folded words), rare ones counting more.

    Where two hold the same, the better passage decides. Quotes never overlap.
    """
    lines = [line for line in _lines(wanted, excerpts) if line.terms]
    seen = Counter(term for line in lines for term in line.terms)
    weight = {term: math.log(1 + len(lines) / count) for term, count in seen.items()}

    def value(line: _Line) -> float:
        return sum(weight[term] for term in line.terms) + 0.3 * line.excerpt.score

    quotes: list[Quote] = []
    taken: set[tuple[str, int]] = set()
    enough = MIN_SHARE * max(map(value, lines), default=0.0)
    for line in sorted(lines, key=value, reverse=True):
        if value(line) < enough or (line.path, line.number) in taken:
            continue
        quote = _quote(line)
        taken |= {(line.path, quote.start + n) for n in range(len(quote.lines))}
        quotes.append(quote)
        if len(quotes) == limit:
            break
    return quotes


def beginnings(excerpts: Iterable[Excerpt]) -> list[Quote]:
    """The first lines of each excerpt: of files that a person asked to read."""
    return [Quote(e.path, e.start, e.start, e.lines[:WHOLE]) for e in excerpts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that an answer without a model can be made of.

    ``no_model`` says why there is none, as the end of a sentence; ``files`` matched by name;
    ``pages`` of the web are ``(title, url)``; ``failures`` are sentences of tools; ``searched``
    is a sentence for when there is nothing else.
    """

    no_model: str
    quotes: Sequence[Quote] = ()
    files: Sequence[str] = ()
    pages: Sequence[tuple[str, str]] = ()
    failures: Sequence[str] = ()
    searched: str = ""


def answer(found: Findings) -> list[str]:
    """The paragraphs of the answer, in Markdown."""
    so = "there is no written answer"
    if found.quotes:
        so = "these are the best passages, word for word"
    elif found.files or found.pages:
        so = "this is only what was found"
    paragraphs = [
        f"No language model was reachable ({found.no_model}), so {so}. To get written answers, "
        "start one with `ollama serve` and `ollama pull qwen2.5:3b`, or set `RYX_LLM_URL`."
    ]
    paragraphs += [quote.markdown() for quote in found.quotes]
    if found.files:
        names = ", ".join(map(code_span, found.files))
        paragraphs.append(f"Files with a matching name: {names}.")
    if found.pages:
        links = [f"- {link(title, url)}" for title, url in found.pages]
        paragraphs.append("\n".join(["On the web:", "", *links]))
    if not (found.quotes or found.files or found.pages):
        paragraphs.append(found.searched)
    paragraphs += found.failures
    return paragraphs


def _lines(wanted: Sequence[str], excerpts: Iterable[Excerpt]) -> list[_Line]:
    """Each line once, out of the longest excerpt that has it (a snippet may be cut)."""
    found: dict[tuple[str, int], _Line] = {}
    for excerpt in sorted(excerpts, key=lambda e: (len(e.lines), e.score), reverse=True):
        for number, text in enumerate(excerpt.lines, excerpt.start):
            if (excerpt.path, number) not in found:
                held = words(text)
                terms = frozenset(t for t in wanted if any(matches(t, word) for word in held))
                found[excerpt.path, number] = _Line(excerpt.path, number, text, terms, excerpt)
    return list(found.values())


def _quote(line: _Line) -> Quote:
    """The line and those after it, up to the end of the paragraph."""
    first = line.number - line.excerpt.start
    block = line.excerpt.lines[first : first + 1 + AFTER]
    heading = line.text.lstrip().startswith("#")
    end = next((n for n, text in enumerate(block) if n and not text.strip() and not heading), None)
    return Quote(line.path, line.number, line.number, block[:end])


def _cut(text: str) -> str:
    return text if len(text) <= MAX_LINE else f"{text[:MAX_LINE]}…"
