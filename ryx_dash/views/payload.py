"""A value of an event as formatted JSON, as text or as a table; a large one only in part."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dash import html

from ryx_dash.projection.text import format_count, one_line
from ryx_dash.views import drawing
from ryx_dash.views.code import HIGHLIGHT_LIMIT, block

Form = Literal["json", "text", "table"]
FORMS: tuple[Form, ...] = ("json", "text", "table")

FIRST = 50_000
"""Characters of a payload that are shown before somebody asks for all of it."""

MOST = 2_000_000
"""Characters that are shown at all: what is longer is for a file."""

FIRST_ROWS = 100
MOST_ROWS = 2_000
MOST_COLUMNS = 12

CELL = 300
"""Characters of a table's cell."""

WORDY = 40
"""Characters from which on a cell is text to be read, and has room for it."""

CHUNK = 20_000
"""Characters that a browser lays out at once: of a long text only those that are to be seen."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A drawn payload. ``cut`` says how much of it there is if that is not all; ``more``: whether
    the page can show more of it."""

    content: Any
    cut: str = ""
    more: bool = False


def draw(value: Any, form: Form, *, whole: bool = False) -> Shown:
    """Draw ``value``; what is no object and no list of objects has no table and is JSON."""
    value = _parsed(value) if form != "text" else value
    if form == "table" and _tabular(value):
        return _table(value, whole)
    if form == "text" or isinstance(value, str):
        return _text(plain(value), "", whole)
    return _text(json.dumps(value, indent=2, ensure_ascii=False, default=str), "json", whole)


def plain(value: Any) -> str:
    """A value as text without quotes and escapes: ``name: value``, what is nested indented.

    >>> print(plain({"a": [1, "x"], "b": {}}))
    a:
      - 1
      - x
    b: {}
    """
    if isinstance(value, str):
        return value
    return "\n".join(_lines(value))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _entry(f"{name}:", item)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            yield from _entry("-", item)
    else:
        yield from _scalar(value).split("\n")


def _entry(lead: str, item: Any) -> Iterator[str]:
    inner = list(_lines(item))
    if len(inner) == 1 and not (isinstance(item, Mapping | list | tuple) and item):
        yield f"{lead} {inner[0]}"
        return
    yield lead
    for line in inner:
        yield f"  {line}"


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _parsed(value: Any) -> Any:
    """A text that is a JSON object or list, such as a raw message, as what it says."""
    if not isinstance(value, str) or len(value) > MOST or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


# -- text -----------------------------------------------------------------------------------------


def _text(text: str, language: str, whole: bool) -> Shown:
    limit = MOST if whole else FIRST
    shown = text[:limit]
    content = block(shown, language) if len(shown) <= HIGHLIGHT_LIMIT else _long(shown)
    if len(shown) == len(text):
        return Shown(content)
    words = f"The first {format_count(len(shown))} of {format_count(len(text))} characters."
    return Shown(content, words, more=not whole)


def _long(text: str) -> Any:
    pieces = [html.Span(piece, className="piece") for piece in _pieces(text)]
    return html.Pre(pieces, className="code", tabIndex="0")


def _pieces(text: str) -> Iterator[str]:
    """A text in pieces of at most :data:`CHUNK` characters, cut at line ends where there are."""
    start = 0
    while start < len(text):
        end = min(start + CHUNK, len(text))
        line = text.rfind("\n", start, end) + 1
        end = line if end < len(text) and line > start else end
        yield text[start:end]
        start = end


# -- tables ---------------------------------------------------------------------------------------


def _tabular(value: Any) -> bool:
    return (isinstance(value, Mapping) and bool(value)) or _is_rows(value)


def _is_rows(value: Any) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) and v for v in value)
    )


def _table(value: Any, whole: bool) -> Shown:
    if isinstance(value, Mapping):
        return _pairs(value, whole)
    limit = MOST_ROWS if whole else FIRST_ROWS
    content = drawing.content(_rows(value[:limit]), className="payload-scroll", tabIndex="0")
    if len(value) <= limit:
        return Shown(content)
    words = f"The first {format_count(limit)} of {format_count(len(value))} rows."
    return Shown(content, words, more=not whole)


def _rows(rows: Sequence[Mapping[str, Any]]) -> Any:
    names = list(dict.fromkeys(name for row in rows for name in row))
    shown = names[:MOST_COLUMNS]
    head = [html.Th(name, scope="col") for name in shown]
    if len(names) > len(shown):
        head.append(html.Th(f"{len(names) - len(shown)} more columns: see JSON", scope="col"))
    body = [html.Tr([_cell(row.get(name, "")) for name in shown]) for row in rows]
    return html.Table(
        [html.Thead(html.Tr(head)), html.Tbody(body)], className="payload-table", role="table"
    )


def _pairs(value: Mapping[str, Any], whole: bool) -> Shown:
    limit = MOST_ROWS if whole else FIRST_ROWS
    rows = [row for name, item in list(value.items())[:limit] for row in _pair(name, item)]
    table = html.Table(html.Tbody(rows), className="payload-table pairs", role="table")
    content = drawing.content(table, className="payload-scroll", tabIndex="0")
    return Shown(content, *_cut_of(value, limit, whole))


def _cut_of(value: Mapping[str, Any], limit: int, whole: bool) -> tuple[str, bool]:
    """What a table of an object leaves out: members, and the ends of long cells."""
    if len(value) > limit:
        return f"The first {format_count(limit)} of {format_count(len(value))} members.", not whole
    inner = [item for item in value.values() if _is_rows(item)]
    longest = max((len(item) for item in inner), default=0)
    if longest > FIRST_ROWS:
        return f"Lists are cut at {FIRST_ROWS} rows; the JSON has them all.", False
    return "", False


def _pair(name: str, item: Any) -> list[Any]:
    """A list of objects within an object is a table of its own, as wide as both columns."""
    if not _is_rows(item):
        return [html.Tr([html.Th(name, scope="row"), _cell(item)])]
    inner = html.Td(_rows(item[:FIRST_ROWS]), colSpan=2)
    return [html.Tr(html.Th(name, scope="row", colSpan=2)), html.Tr(inner)]


def _cell(item: Any) -> Any:
    number = isinstance(item, int | float) and not isinstance(item, bool)
    text = _scalar(item)
    shown = text if len(text) <= CELL else one_line(text, CELL)
    title = None if shown == text else f"{format_count(len(text))} characters; see JSON or text"
    kind = "number" if number else "long" if len(shown) > WORDY else None
    return html.Td(shown, title=title, dir="auto", className=kind)
