"""The page for an address at which nothing is."""

from typing import Any

from dash import html


def layout(path: str) -> Any:
    """Says that there is nothing at ``path``, and where there is something."""
    return html.Main(
        [
            html.H1("Nothing here"),
            html.P(["There is no page at ", html.Code(path[:200]), "."]),
            html.P(html.A("Go to the live page", href="/")),
        ],
        className="missing",
    )
