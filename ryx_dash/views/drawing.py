"""What the page draws by itself, beside Dash: texts and lists that change with every event.

Dash tells each component of the page of every change of its store, and looks all ids up anew for
each new ``children``. So these views have no components: their trees travel as the text of one
property (:data:`ids.VIEWS`, or :data:`CONTENT` of an element of their own), and
``assets/ryx-79-draw.js`` writes them into the elements that are named, as text and attributes only.
They are made of :mod:`dash.html` alone, without callbacks.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from ryx_dash.views import ids, runline

CONTENT = "data-content"
"""The property of an element that brings its content with it."""

PROPERTY = "data-views"
"""The property that holds ``{element id: {property: value}}`` as JSON."""


def of_clock(prop: str) -> str:
    """The key of a property of the run's clock."""
    return f"clock {prop}"


def of_count(prop: str) -> str:
    """The key of a property of what counts the run's events."""
    return f"count {prop}"


PLACES: Mapping[str, tuple[str, str]] = {
    "model": (ids.MODEL_IN_USE, "children"),
    "facts": (ids.RUN_FACTS, "children"),
    "position": (ids.POSITION, "children"),
    "steps": (ids.STEPS, "children"),
    "note": (ids.TABLE_NOTE, "children"),
    "tools_state": (ids.TOOLS_STATE, "children"),
    "tool_count": (ids.TOOL_COUNT, "children"),
    "answer_state": (ids.ANSWER_STATE, "children"),
    "answer_source": (ids.ANSWER_SOURCE, "children"),
    **{of_clock(prop): (ids.RUN_CLOCK, prop) for prop in runline.clock(None)},
    **{of_count(prop): (ids.EVENT_COUNT, prop) for prop in runline.count(None)},
}
"""Where each view goes, by its key: the element and the property."""

ELEMENTS = frozenset({ids.HELP_LIST, *(element for element, _ in PLACES.values())})
"""The elements whose content is drawn by the page, from the beginning on."""


def text(views: Mapping[str, Any]) -> str:
    """The views, by the keys of :data:`PLACES`, as the value of :data:`PROPERTY`."""
    placed: dict[str, dict[str, Any]] = {}
    for key, view in views.items():
        element, prop = PLACES[key]
        placed.setdefault(element, {})[prop] = view
    return written(placed)


def content(tree: Any, **properties: Any) -> Any:
    """An element whose content has no components either, wherever it comes on the page."""
    return html.Div(**properties, **{CONTENT: written(tree)})


def written(tree: Any) -> str:
    """A tree as the value of :data:`CONTENT`."""
    return json.dumps(tree, default=_node, separators=(",", ":"))


def _node(component: Component) -> dict[str, Any]:
    """A component as the page reads it: all of them are of one library, which need not be said."""
    node = component.to_plotly_json()
    return {"type": node["type"], "props": node["props"]}


def with_views(page: Any) -> Any:
    """The page with the content of :data:`ELEMENTS` taken out of their components, and put into
    the one that the page draws it from."""
    taken = {element.id: {"children": _take(element)} for element in _elements(page)}
    page.children.append(html.Div(id=ids.VIEWS, hidden=True, **{PROPERTY: written(taken)}))
    return page


def _take(element: Any) -> Any:
    children = getattr(element, "children", None)
    element.children = None
    return children


def _elements(page: Any) -> list[Any]:
    return [one for one in _all(page) if getattr(one, "id", None) in ELEMENTS]


def _all(part: Any) -> Iterator[Any]:
    if isinstance(part, Component):
        yield part
        yield from _all(getattr(part, "children", None))
    elif isinstance(part, Iterable) and not isinstance(part, str | Mapping):
        for child in part:
            yield from _all(child)
