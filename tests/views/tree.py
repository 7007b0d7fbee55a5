"""Looking into trees of components: a test sees what React would be given."""

import json
from collections.abc import Iterator
from typing import Any

from ryx_dash.views.drawing import CONTENT


def walk(component: Any) -> Iterator[dict]:
    """Every component in it, as JSON, itself first."""
    if isinstance(component, (list, tuple)):
        for child in component:
            yield from walk(child)
        return
    node = component if isinstance(component, dict) else None
    if node is None and hasattr(component, "to_plotly_json"):
        node = component.to_plotly_json()
    if node is not None and "props" in node:
        yield node
        yield from walk(node["props"].get("children"))
        yield from walk(json.loads(node["props"].get(CONTENT, "null")))


def find(component: Any, **props: Any) -> list[dict]:
    """The properties of all components that have ``props`` (``_`` in a name stands for ``-``).

    ``type`` is the component's type, ``className`` one of its classes.
    """
    return [node["props"] for node in walk(component) if _fits(node, props)]


def one(component: Any, **props: Any) -> dict:
    """The properties of the only component that has ``props``."""
    found = find(component, **props)
    assert len(found) == 1, (props, found)
    return found[0]


def text(component: Any) -> str:
    """All text in it."""
    if isinstance(component, (list, tuple)):
        return "".join(text(child) for child in component)
    if isinstance(component, str):
        return component
    if component is None:
        return ""
    node = component if isinstance(component, dict) else component.to_plotly_json()
    props = node.get("props", node)
    return text(props.get("children")) + text(json.loads(props.get(CONTENT, "null")))


def _fits(node: dict, wanted: dict[str, Any]) -> bool:
    props = node["props"]
    for name, value in wanted.items():
        if name == "type":
            fits = node["type"] == value
        elif name == "className":
            fits = value in str(props.get("className", "")).split()
        else:
            fits = props.get(name.replace("_", "-") if "_" in name else name) == value
        if not fits:
            return False
    return True
