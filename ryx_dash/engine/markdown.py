"""Small pieces of Markdown that stay what they are, whatever text they hold. Pure."""

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")


def code_span(text: str) -> str:
    """``text`` as inline code on one line.

    >>> code_span("notes.md:3")
    '`notes.md:3`'
    """
    line = " ".join(text.split("\n"))
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def code_block(text: str) -> str:
    """``text`` as a fenced block that nothing inside it can close."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def link(text: str, url: str) -> str:
    """A link; ``text`` stays plain, and nothing in ``url`` ends it early."""
    plain = re.sub(r"([\\`*_\[\]<>&])", r"\\\1", " ".join(text.split()))
    address = re.sub(r"[<>\s]", "", url)
    return f"[{plain}](<{address}>)"


def outside_code(text: str) -> str:
    """``text`` without its fenced blocks."""
    return "\n".join(line for line, fence in _fenced(text) if not fence)


def close_fence(text: str) -> str:
    """``text`` with a fence added at the end when its last fenced block is open."""
    open_fence = ""
    for line, fence in _fenced(text):
        closed = open_fence == fence and _closes(line, fence)
        open_fence = "" if closed else fence
    return f"{text}\n{open_fence}" if open_fence else text


def _fenced(text: str) -> Iterator[tuple[str, str]]:
    """Each line with the fence of the block that it belongs to, fence lines included."""
    fence = ""
    for line in text.split("\n"):
        if fence:
            yield line, fence
            fence = "" if _closes(line, fence) else fence
        else:
            opening = _FENCE.match(line)
            if opening and not ("`" in opening[1] and "`" in opening[2]):
                fence = opening[1]
            yield line, fence


def _closes(line: str, fence: str) -> bool:
    found = _FENCE.match(line)
    return bool(found and found[1].startswith(fence) and not found[2].strip())


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
