"""Text in a monospace block, coloured where its language is known."""

from pathlib import PurePosixPath
from typing import Any

from dash import html

HIGHLIGHT_LIMIT = 20_000
"""Characters that are coloured at most: colouring happens in the browser's own thread."""

_LANGUAGES = {
    "bash": ("sh", "bash", "zsh"),
    "c": ("c", "h"),
    "cpp": ("cpp", "cc", "cxx", "hpp", "hh"),
    "csharp": ("cs",),
    "css": ("css",),
    "diff": ("diff", "patch"),
    "go": ("go",),
    "graphql": ("graphql", "gql"),
    "ini": ("ini", "toml", "cfg"),
    "java": ("java",),
    "javascript": ("js", "mjs", "cjs", "jsx"),
    "json": ("json", "jsonl", "ndjson"),
    "kotlin": ("kt", "kts"),
    "less": ("less",),
    "lua": ("lua",),
    "makefile": ("mk",),
    "markdown": ("md", "markdown"),
    "perl": ("pl", "pm"),
    "php": ("php",),
    "python": ("py", "pyi"),
    "r": ("r",),
    "ruby": ("rb",),
    "rust": ("rs",),
    "scss": ("scss",),
    "sql": ("sql",),
    "swift": ("swift",),
    "typescript": ("ts", "mts", "cts", "tsx"),
    "xml": ("xml", "html", "htm", "svg"),
    "yaml": ("yaml", "yml"),
}
"""The names of highlight.js, of those languages that its common build knows."""
_BY_SUFFIX = {suffix: name for name, suffixes in _LANGUAGES.items() for suffix in suffixes}


def language_of(path: str) -> str:
    """The language of a file by its name; ``""`` where the page cannot colour it."""
    return _BY_SUFFIX.get(PurePosixPath(path).suffix.removeprefix(".").lower(), "")


def known_language(name: str) -> str:
    """The language that a person calls ``name`` (a name or a suffix), or ``""``."""
    lower = name.lower()
    return lower if lower in _LANGUAGES else _BY_SUFFIX.get(lower, "")


def block(text: str, language: str = "") -> Any:
    """A block of text, kept as it is. ``language`` comes from :func:`language_of`; the page colours
    it (``assets/ryx-83-code.js``)."""
    coloured = language and len(text) <= HIGHLIGHT_LIMIT
    attributes: dict[str, str] = {"data-language": language} if coloured else {}
    return html.Pre(text, className="code", tabIndex="0", **attributes)
