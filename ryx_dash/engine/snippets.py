"""The part of a line that is worth showing. Pure."""

from collections.abc import Iterable


def excerpt(line: str, at: int = 0, *, width: int = 240) -> str:
    """At most ``width`` characters of ``line`` around position ``at``, ``…`` where it was cut.

    Blanks at its ends are left out.
    """
    kept = line.strip()
    if len(kept) <= width:
        return kept
    at -= len(line) - len(line.lstrip())
    start = max(0, min(at - width // 3, len(kept) - width))
    piece = kept[start : start + width]
    if start > 0:
        piece = "…" + piece[1:]
    if start + width < len(kept):
        piece = piece[:-1] + "…"
    return piece


def first_position(text: str, wanted: Iterable[str]) -> int:
    """Where the first of ``wanted`` (in their order) that occurs in ``text`` stands, else 0."""
    return next((at for word in wanted if (at := text.find(word)) >= 0), 0)
