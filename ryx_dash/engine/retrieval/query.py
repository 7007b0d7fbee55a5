"""A question put to the index: the passages, and in each the line that answers best."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import apsw

from ryx_dash.engine.retrieval.chunks import is_heading
from ryx_dash.engine.retrieval.store import TOKENIZER
from ryx_dash.engine.snippets import excerpt, first_position
from ryx_dash.engine.terms import telling_words

_SEARCH = """
WITH best AS (
    SELECT rowid AS id, -bm25(passage, 2.0, 1.0) AS score FROM passage
    WHERE passage MATCH ? ORDER BY score DESC, rowid LIMIT ?)
SELECT file.path, chunk.start, chunk.stop, best.score, passage.text
FROM best
JOIN chunk ON chunk.id = best.id
JOIN file ON file.id = chunk.file
JOIN passage ON passage.rowid = best.id
ORDER BY best.score DESC, best.id
"""
_LONGEST_LINE = 1000


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines ``start`` to ``end`` of a file. ``line`` is the one that answers best.

    ``score`` is BM25, higher is better, comparable within one search. Very long lines of
    ``text`` are cut around what matched.
    """

    path: str
    start: int
    end: int
    line: int
    score: float
    text: str


def search(db: apsw.Connection, question: str, limit: int) -> list[Passage]:
    """The passages that hold any telling word of the question, by BM25, best first."""
    wanted = telling_words(unicodedata.normalize("NFC", question))
    if not wanted:
        return []
    # As a quoted string each word is only text, whatever it means in FTS5's language.
    expression = " OR ".join(f'"{word}"' for word in wanted)
    rows: list[Any] = db.execute(_SEARCH, (expression, limit)).fetchall()
    pick = _LinePicker(db, wanted)
    return [
        Passage(
            path,
            start,
            end,
            start + pick(path, text),
            float(f"{score:.4g}"),
            _shortened(text, wanted),
        )
        for path, start, end, score, text in rows
    ]


class _LinePicker:
    """Finds in a passage the line with the most, and rarest, of the wanted words."""

    def __init__(self, db: apsw.Connection, wanted: Sequence[str]) -> None:
        self._tokenize = db.fts5_tokenizer(TOKENIZER[0], list(TOKENIZER[1:]))
        terms = self._terms(" ".join(wanted))
        marks = ", ".join("?" * len(terms))
        spread = dict(
            db.execute(
                f"SELECT term, doc FROM vocabulary WHERE term IN ({marks})",  # noqa: S608
                tuple(terms),
            )
        )
        [(passages,)] = db.execute("SELECT count(*) FROM chunk").fetchall()
        self._weights = {term: log(1 + passages / count) for term, count in spread.items()}

    def __call__(self, path: str, text: str) -> int:
        """Counted from 0; the first of equals."""
        lines = text.split("\n")
        return max(
            range(len(lines)), key=lambda number: (self._worth(path, lines[number]), -number)
        )

    def _worth(self, path: str, line: str) -> float:
        worth = sum(self._weights.get(term, 0.0) for term in self._terms(line))
        # A heading names the subject; the fact stands beneath it.
        return worth / 2 if is_heading(path, line) else worth

    def _terms(self, text: str) -> set[str]:
        found: Any = self._tokenize(
            text.encode(),
            apsw.FTS5_TOKENIZE_DOCUMENT,
            None,
            include_offsets=False,
            include_colocated=False,
        )
        return set(found)


def _shortened(text: str, wanted: Sequence[str]) -> str:
    folded = [word.lower() for word in wanted]
    return "\n".join(
        line
        if len(line) <= _LONGEST_LINE
        else excerpt(line, first_position(line.lower(), folded), width=_LONGEST_LINE)
        for line in text.split("\n")
    )
