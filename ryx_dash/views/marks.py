"""The icon and the word of every status and level: colour never stands alone."""

from typing import Any, NamedTuple

from dash import html


class Mark(NamedTuple):
    """How a status looks. ``word`` is read aloud and shown; ``icon`` is one character."""

    icon: str
    word: str


MARKS = {
    "pending": Mark("○", "pending"),
    "queued": Mark("○", "queued"),
    "running": Mark("◐", "running"),
    "success": Mark("✓", "success"),
    "failed": Mark("✗", "failed"),
    "skipped": Mark("–", "skipped"),
    "cancelled": Mark("⊘", "cancelled"),
    "interrupted": Mark("?", "interrupted"),
    "unknown": Mark("?", "unknown"),
}

LEVELS = {
    "info": Mark("ℹ", "info"),
    "success": Mark("✓", "success"),
    "warning": Mark("⚠", "warning"),
    "error": Mark("✗", "error"),
    "running": Mark("⋯", "running"),
}


def mark(status: str) -> Mark:
    """The mark of a status of a run, step or call; that of ``unknown`` for any other text."""
    return MARKS.get(status, MARKS["unknown"])


def badge(status: str, *, word: bool = True) -> Any:
    """Icon and word of a status. Without ``word`` only a screen reader is told the word."""
    shown = mark(status)
    return html.Span(
        [
            html.Span(shown.icon, className="status-icon", **{"aria-hidden": "true"}),
            html.Span(shown.word, className="status-word" if word else "sr-only"),
        ],
        className="status",
        **{"data-status": status},
    )
