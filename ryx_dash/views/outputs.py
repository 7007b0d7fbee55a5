"""What a tool gave back, drawn by tool. Output of an unexpected shape is drawn as JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from ryx_dash.projection.text import format_count
from ryx_dash.views.answer import link
from ryx_dash.views.code import block, language_of

PREVIEW = 6_000
"""Characters of text that a card shows before it is cut."""

PREVIEW_ITEMS = 20
"""Hits or results that a card shows before it is cut."""

WHOLE_ITEMS = 500


@dataclass(frozen=True, slots=True)
class Drawn:
    """Components of an output. ``size``: bytes of the whole if only a part is drawn."""

    parts: list[Any]
    size: int | None = None


def draw(tool: str, output: Any, *, whole: bool = False) -> Drawn:
    """Draw the output of ``tool``; with ``whole`` nothing is cut that a browser can bear."""
    drawer = _DRAWERS.get(tool)
    if drawer is not None and isinstance(output, Mapping):
        try:
            return drawer(output, whole)
        except (KeyError, TypeError, ValueError):
            pass  # another server's idea of this tool: shown as it came
    return _json(output, whole)


def pretty(value: Any) -> str:
    """JSON for people; text stays text."""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _json(output: Any, whole: bool) -> Drawn:
    language = "" if isinstance(output, str) else "json"
    return _text(pretty(output), language, whole)


def _text(text: str, language: str, whole: bool) -> Drawn:
    if whole or len(text) <= PREVIEW:
        return Drawn([block(text, language)])
    shown = text[:PREVIEW]
    cut = shown[: shown.rfind("\n")] if "\n" in shown[PREVIEW // 2 :] else shown
    return Drawn([block(cut, language)], size=len(text.encode("utf-8", "replace")))


def _items(
    items: Sequence[Any], draw_one: Callable[[Any], Any], whole: bool
) -> tuple[Any, int | None]:
    limit = WHOLE_ITEMS if whole else PREVIEW_ITEMS
    shown = html.Ul([draw_one(item) for item in items[:limit]], className="hits")
    cut = not whole and len(items) > limit
    return shown, len(pretty(items).encode("utf-8", "replace")) if cut else None


def _search_local(output: Mapping[str, Any], whole: bool) -> Drawn:
    hits = _list(output["hits"])
    total = output.get("total", len(hits))
    more = " or more" if output.get("truncated") is True else ""
    noun = "hit" if total == 1 else "hits"
    note = html.P(
        f"{format_count(int(total))}{more} {noun}" if hits else "Nothing was found.",
        className="quiet small",
    )
    shown, size = _items(hits, _hit, whole)
    return Drawn([note, shown] if hits else [note], size)


def _hit(hit: Mapping[str, Any]) -> Any:
    line = hit.get("line")
    place = f"{hit['path']}:{line}" if line is not None else str(hit["path"])
    return html.Li(
        [
            html.Span(place, className="place", title=place),
            html.Span(str(hit.get("snippet") or ""), className="snippet", dir="auto"),
        ]
    )


def _read_file(output: Mapping[str, Any], whole: bool) -> Drawn:
    path, text = str(output["path"]), output["text"]
    if not isinstance(text, str):
        raise TypeError("text")
    lines = f"lines {output.get('start', 1)}–{output.get('end', '?')} of {output.get('lines', '?')}"
    head = _path(path, lines)
    body = _text(text, language_of(path), whole)
    return Drawn([head, *body.parts], body.size)


def _search_web(output: Mapping[str, Any], whole: bool) -> Drawn:
    results = _list(output["results"])
    if not results:
        return Drawn([html.P("Nothing was found.", className="quiet small")])
    shown, size = _items(results, _result, whole)
    return Drawn([shown], size)


def _result(result: Mapping[str, Any]) -> Any:
    url = str(result["url"])
    return html.Li(
        [
            link(str(result.get("title") or url), url),
            html.Span(url, className="place"),
            html.Span(str(result.get("snippet") or ""), className="snippet prose", dir="auto"),
        ]
    )


def _edit_file(output: Mapping[str, Any], whole: bool) -> Drawn:
    diff = output["diff"]
    if not isinstance(diff, str):
        raise TypeError("diff")
    shown = diff if whole else diff[:PREVIEW]
    size = None if len(shown) == len(diff) else len(diff.encode("utf-8", "replace"))
    rows = [html.Span(line + "\n", className=_diff_class(line)) for line in shown.splitlines()]
    pre = html.Pre(rows, className="code diff", tabIndex="0")
    return Drawn([_path(str(output["path"])), pre], size)


def _diff_class(line: str) -> str:
    if line.startswith(("+++", "---")):
        return "diff-file"
    return {"+": "diff-add", "-": "diff-del", "@": "diff-at"}.get(line[:1], "diff-same")


def _create_file(output: Mapping[str, Any], whole: bool) -> Drawn:
    size = output.get("bytes")
    return Drawn([_path(str(output["path"]), f"{format_count(size)} bytes" if size else "")])


def _launch_app(output: Mapping[str, Any], whole: bool) -> Drawn:
    code = output["exit_code"]
    terminal = [html.Span(f"$ {output.get('command', '')}\n", className="command")]
    size = 0
    for stream in ("stdout", "stderr"):
        text = str(output.get(stream) or "")
        shown = text if whole else text[:PREVIEW]
        size += len(text.encode("utf-8", "replace")) if len(shown) < len(text) else 0
        terminal.append(html.Span(shown, className=stream))
    ended = html.P(
        ["exit code ", html.Span(str(code), className="exit-code", **{"data-ok": str(code == 0)})],
        className="quiet small",
    )
    return Drawn([html.Pre(terminal, className="code terminal", tabIndex="0"), ended], size or None)


def _path(path: str, note: str = "") -> Any:
    return html.P(
        [html.Span(path, className="place"), html.Span(note, className="quiet small")],
        className="file",
    )


def _list(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise TypeError("list of objects")
    return value


_DRAWERS: Mapping[str, Callable[[Mapping[str, Any], bool], Drawn]] = {
    "search_local": _search_local,
    "read_file": _read_file,
    "search_web": _search_web,
    "edit_file": _edit_file,
    "create_file": _create_file,
    "launch_app": _launch_app,
}
