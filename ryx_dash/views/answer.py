"""The answer: Markdown as components of the page's own, so that nothing in it is ever HTML.

A parser's tokens become elements one by one. What is not in the lists below becomes text: HTML
stays visible as it was written, an image becomes a link, and a link that is not http, https or
mailto becomes its text.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from dash import html
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ryx_dash.views.code import block, known_language

MARKDOWN_LIMIT = 60_000
"""Characters that are laid out; a longer answer shows its rest as plain text."""

_TAGS: Mapping[str, Any] = {
    "paragraph": html.P,
    "bullet_list": html.Ul,
    "ordered_list": html.Ol,
    "list_item": html.Li,
    "blockquote": html.Blockquote,
    "table": html.Table,
    "thead": html.Thead,
    "tbody": html.Tbody,
    "tr": html.Tr,
    "th": html.Th,
    "td": html.Td,
    "strong": html.Strong,
    "em": html.Em,
    "s": html.S,
}
_HEADINGS: Mapping[str, Any] = {"h1": html.H3, "h2": html.H3, "h3": html.H4}
_Citations = Mapping[str, bool]


def answer(text: str, *, final: bool, citations: Sequence[Mapping[str, Any]] = ()) -> list[Any]:
    """The children of the answer. ``final``: nothing more is coming, so code may be coloured."""
    if not text:
        return []
    marks = verified(citations)
    tree = _Tree(_parser().parse(text[:MARKDOWN_LIMIT]), final=final, citations=marks)
    rest = text[MARKDOWN_LIMIT:]
    return [
        *tree.children(),
        *([html.Pre(rest, className="code")] if rest else []),
        *([] if final else [html.Span(className="caret", **{"aria-hidden": "true"})]),
    ]


def verified(citations: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    """Whether each cited place (``path:line`` or ``path``) was found in what was retrieved."""
    places: dict[str, bool] = {}
    for citation in citations:
        path, line = citation.get("path"), citation.get("line")
        if isinstance(path, str) and path:
            place = f"{path}:{line}" if type(line) is int else path
            places[place] = citation.get("verified") is True
    return places


def safe_href(url: str) -> str | None:
    """``url`` if a person may be led there: absolute http or https, or mailto."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme in ("http", "https"):
        return url.strip() if parts.hostname else None
    return url.strip() if parts.scheme == "mailto" and parts.path else None


def link(children: Any, url: str) -> Any:
    """A link that leaves the page and tells the other side nothing; plain text if not safe."""
    href = safe_href(url)
    if href is None:
        return html.Span(children, title=url[:300])
    return html.A(children, href=href, target="_blank", rel="noopener noreferrer", title=href[:300])


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


class _Tree:
    """Turns a flat list of tokens into nested components."""

    def __init__(self, tokens: Sequence[Token], *, final: bool, citations: _Citations) -> None:
        self._tokens: Iterator[Token] = iter(tokens)
        self._final = final
        self._citations = citations

    def children(self) -> list[Any]:
        """Components up to the end of the element that is open."""
        found: list[Any] = []
        for token in self._tokens:
            if token.nesting < 0:
                break
            made = self._element(token) if token.nesting > 0 else self._leaf(token)
            found.extend(made if isinstance(made, list) else [made])
        return found

    def _element(self, token: Token) -> Any:
        name = token.type.removesuffix("_open")
        inside = self.children()
        if name == "link":
            return link(inside, str(token.attrGet("href") or ""))
        if name == "heading":
            return _HEADINGS.get(token.tag, html.H4)(inside)
        if token.hidden or name not in _TAGS:  # the paragraphs of a tight list
            return inside
        start = token.attrGet("start") if name == "ordered_list" else None
        return _TAGS[name](inside, **({"start": str(start)} if start else {}))

    def _leaf(self, token: Token) -> Any:
        match token.type:
            case "inline":
                inner = token.children or []
                return _Tree(inner, final=self._final, citations=self._citations).children()
            case "fence" | "code_block":
                words = token.info.split() or [""]
                language = known_language(words[0]) if self._final else ""
                return block(token.content.removesuffix("\n"), language)
            case "code_inline":
                return self._code(token.content)
            case "image":
                return link(["image: ", token.content or "no title"], str(token.attrGet("src")))
            case "hr":
                return html.Hr()
            case "hardbreak":
                return html.Br()
            case "softbreak":
                return "\n"
            case _:
                return token.content

    def _code(self, text: str) -> Any:
        if text in self._citations:
            return _chip(text, self._citations[text])
        return html.Code(text)


def sources(citations: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What the answer cites, each marked as found in the sources or not."""
    places = verified(citations)
    if not places:
        return []
    return [html.Span("Sources", className="quiet"), *(_chip(*place) for place in places.items())]


def _chip(place: str, found: bool) -> Any:
    """A cited place. Its mark is drawn by the style, so that copied text stays the answer's."""
    word = "found in the sources" if found else "not found in the sources"
    state = {"data-verified": "true" if found else "false"}
    return html.Span(place, className="chip", title=f"{place}: {word}", **state)
