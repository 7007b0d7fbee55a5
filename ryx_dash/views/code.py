"""Text in a monospace block, coloured where its language is known."""

import re
from pathlib import PurePosixPath
from typing import Any

from dash import dcc, html

HIGHLIGHT_LIMIT = 20_000
"""Characters that are coloured at most: colouring happens in the browser's own thread."""

_LANGUAGES = {
    "bash": ("sh", "bash", "zsh"),
    "csharp": ("cs",),
    "css": ("css",),
    "fsharp": ("fs", "fsx"),
    "javascript": ("js", "mjs", "cjs", "jsx", "ts", "tsx"),
    "json": ("json", "jsonl", "ndjson"),
    "julia": ("jl",),
    "markdown": ("md", "markdown"),
    "matlab": ("m",),
    "python": ("py", "pyi"),
    "r": ("r",),
    "ruby": ("rb",),
    "sql": ("sql",),
    "xml": ("xml", "html", "htm", "svg"),
    "yaml": ("yaml", "yml"),
}
_BY_SUFFIX = {suffix: name for name, suffixes in _LANGUAGES.items() for suffix in suffixes}
_BACKTICKS = re.compile(r"`+")


def language_of(path: str) -> str:
    """The language of a file by its name; ``""`` where the page cannot colour it."""
    return _BY_SUFFIX.get(PurePosixPath(path).suffix.removeprefix(".").lower(), "")


def known_language(name: str) -> str:
    """The language that a person calls ``name`` (a name or a suffix), or ``""``."""
    lower = name.lower()
    return lower if lower in _LANGUAGES else _BY_SUFFIX.get(lower, "")


def block(text: str, language: str = "") -> Any:
    """A block of text, kept as it is. ``language`` comes from :func:`language_of`."""
    if not language or len(text) > HIGHLIGHT_LIMIT:
        return html.Pre(text, className="code", tabIndex="0")
    return dcc.Markdown(fenced(text, language), dedent=False, className="code-block")


def fenced(text: str, language: str) -> str:
    """``text`` in a Markdown fence that nothing in it can close."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
