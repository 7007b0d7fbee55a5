"""Components as HTML text, for a page without Dash."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

_VOID = frozenset({"br", "hr", "img"})
_NAMES = {"className": "class", "htmlFor": "for", "tabIndex": "tabindex", "dateTime": "datetime"}
_LEFT_OUT = frozenset({"children", "n_clicks", "key"})


def markup(component: Any) -> str:
    """HTML of a component, or of a list of them, everything in it escaped.

    Buttons are left out: there is nobody to answer them.
    """
    if component is None:
        return ""
    if isinstance(component, list | tuple):
        return "".join(map(markup, component))
    if not hasattr(component, "to_plotly_json"):
        return escape(str(component))
    node = component.to_plotly_json()
    tag, props = node["type"].lower(), node["props"]
    if tag == "button":
        return ""
    opening = "".join([tag, *_attributes(props)])
    return f"<{opening}>" if tag in _VOID else _pair(tag, opening, props.get("children"))


def _pair(tag: str, opening: str, children: Any) -> str:
    return f"<{opening}>{markup(children)}</{tag}>"


def _attributes(props: Mapping[str, Any]) -> list[str]:
    found = []
    for name, value in props.items():
        if name in _LEFT_OUT or value is None or value is False:
            continue
        text = json.dumps(value) if isinstance(value, dict) else str(value)
        shown = "" if value is True else f'="{escape(text)}"'
        found.append(f" {_NAMES.get(name, name)}{shown}")
    return found
