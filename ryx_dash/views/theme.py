"""The design tokens of ``assets/10-tokens.css`` for what CSS cannot reach: canvas and charts."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio

from ryx_dash.settings import assets_dir

TEMPLATE = "ryx"
"""Name of the Plotly template that :func:`register_template` makes known."""

_TOKEN = re.compile(r"^\s*--([\w-]+):\s*([^;]+);", re.MULTILINE)
_REFERENCE = re.compile(r"var\(--([\w-]+)\)")


def read_tokens(path: Path) -> dict[str, str]:
    """Custom properties of a CSS file by name, references resolved.

    Raises :class:`KeyError` with the name that a ``var()`` refers to and nobody defines.
    """
    raw = dict(_TOKEN.findall(path.read_text(encoding="utf-8")))

    def resolve(value: str) -> str:
        return _REFERENCE.sub(lambda match: resolve(raw[match[1]]), value)

    return {name: resolve(value) for name, value in raw.items()}


@cache
def tokens() -> Mapping[str, str]:
    """The tokens of the page."""
    return read_tokens(assets_dir() / "10-tokens.css")


NODE_COLOURS = {
    "pending": "pending",
    "running": "running",
    "success": "success",
    "failed": "failed",
    "skipped": "quiet",
    "cancelled": "quiet",
}
_DASHED = ("skipped", "cancelled")


def graph_stylesheet() -> list[dict[str, Any]]:
    """Cytoscape's stylesheet. Status is read from ``data``: classes vanish after a drag."""
    t = tokens()
    text = {"font-family": t["mono"], "color": t["text"]}
    node = {
        "label": "data(label)",
        "shape": "round-rectangle",
        "width": 164,
        "height": 28,
        "background-color": t["raised"],
        "border-width": 1.5,
        "border-color": t["quiet"],
        "font-size": 12,
        "text-valign": "center",
        "text-halign": "center",
        "text-wrap": "ellipsis",
        "text-max-width": 156,
        "underlay-color": t["running"],
        "underlay-padding": 4,
        "underlay-opacity": 0,
        "overlay-opacity": 0,
        **text,
    }
    edge = {
        "width": 1.5,
        "line-color": t["faint"],
        "target-arrow-color": t["faint"],
        "target-arrow-shape": "triangle",
        "arrow-scale": 0.7,
        "curve-style": "bezier",
        "label": "data(latency)",
        "font-size": 10,
        "text-margin-x": 28,  # beside the arrow: a step's latency is as wide as the gap is long
        "overlay-opacity": 0,
        **text,
        "color": t["text-2"],
    }
    statuses = [
        {
            "selector": f'node[status = "{status}"]',
            "style": {
                "border-color": t[colour],
                "border-style": "dashed" if status in _DASHED else "solid",
            },
        }
        for status, colour in NODE_COLOURS.items()
    ]
    return [
        {"selector": "node", "style": node},
        {"selector": "edge", "style": edge},
        {"selector": 'node[kind = "call"]', "style": {"shape": "rectangle"}},
        # the gap between two nodes of a row is narrower than its latency is wide
        {
            "selector": 'edge[direction = "LR"]',
            "style": {"text-margin-x": 0, "text-margin-y": -9},
        },
        {"selector": 'edge[kind = "call"]', "style": {"line-style": "dashed", "label": ""}},
        {"selector": 'edge[kind = "stack"]', "style": {"visibility": "hidden", "label": ""}},
        *statuses,
        {
            "selector": "node[silent]",
            "style": {"text-wrap": "wrap", "height": 40, "font-size": 11, "line-height": 1.3},
        },
        {
            "selector": "node[stale]",
            "style": {"border-color": t["quiet"], "border-style": "dashed"},
        },
        {"selector": 'node[pulse = "on"]', "style": {"underlay-opacity": 0.35}},
        {
            "selector": "node[selected], node:selected",
            "style": {
                "outline-width": 2,
                "outline-color": t["brand"],
                "outline-offset": 3,
            },
        },
    ]


@cache
def template() -> go.layout.Template:
    """The look of every chart."""
    t = tokens()
    axis = {
        "gridcolor": t["line"],
        "linecolor": t["line"],
        "zerolinecolor": t["line"],
        "tickfont": {"color": t["text-2"], "size": 12},
    }
    layout = go.Layout(
        paper_bgcolor=t["panel"],
        plot_bgcolor=t["panel"],
        font={"family": t["sans"], "size": 13, "color": t["text"]},
        colorway=[t[name] for name in ("running", "success", "brand", "warning", "pending")],
        xaxis=axis,
        yaxis=axis,
        hoverlabel={
            "bgcolor": t["raised"],
            "bordercolor": t["line"],
            "font": {"family": t["mono"], "size": 12, "color": t["text"]},
        },
        margin={"l": 48, "r": 12, "t": 24, "b": 32},
    )
    return go.layout.Template(layout=layout)


def register_template() -> None:
    """Make the Plotly template :data:`TEMPLATE` known and the default."""
    pio.templates[TEMPLATE] = template()
    pio.templates.default = TEMPLATE
