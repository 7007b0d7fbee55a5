"""Numbers and foreign text as people read them."""

from datetime import datetime
from math import isfinite

# Whitespace becomes a space. Signs that turn the direction of what follows them would turn the
# neighbouring cells as well.
_PICTURES = {code: 0x2400 + code for code in range(0x20) if not chr(code).isspace()}
_OTHERS = dict.fromkeys(
    (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
)
_HARMLESS = {code: sign for code, sign in _OTHERS.items() if not chr(code).isspace()}
_HARMLESS |= _PICTURES | {0x7F: 0x2421}


def format_latency(ms: float | None) -> str:
    """Milliseconds in the unit that suits them; empty if there are none.

    >>> [format_latency(ms) for ms in (1.234, 87, 1240, 123_000)]
    ['1.2 ms', '87 ms', '1.24 s', '2 min 3 s']
    """
    if ms is None or not isfinite(ms):
        return ""
    if ms < 0:
        return f"−{format_latency(-ms)}"
    if ms < 9.95:
        return "0 ms" if ms == 0 else "<0.1 ms" if ms < 0.05 else f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def between(start: str | None, end: str | None) -> float | None:
    """Milliseconds between two times as events carry them; ``None`` if one is no such time."""
    try:
        delta = datetime.fromisoformat(end or "") - datetime.fromisoformat(start or "")
    except (ValueError, TypeError):
        return None
    return max(0.0, delta.total_seconds() * 1000)


def format_count(n: int) -> str:
    """A number with its thousands parted.

    >>> format_count(48211)
    '48,211'
    """
    return f"{n:,}"


def one_line(text: str, limit: int = 500) -> str:
    """At most ``limit`` characters on a single line, control characters made visible.

    >>> one_line("a\\n  b\\x1b[0m")
    'a b␛[0m'
    """
    # Far more than is shown is enough to know what is shown, were it a megabyte.
    line = " ".join(text[: limit * 4].translate(_HARMLESS).split())
    whole = len(line) <= limit and len(text) <= limit * 4
    return line if whole else f"{line[: limit - 1]}…"
