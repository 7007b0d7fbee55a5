"""Cards of tool calls: what was asked, how it went, and the output drawn as its tool deserves."""

import json
from collections.abc import Mapping
from typing import Any

from dash import html

from ryx_dash.projection.state import ToolCall
from ryx_dash.projection.text import format_count, format_latency
from ryx_dash.protocol.steps import NodeStatus
from ryx_dash.views import outputs
from ryx_dash.views.form import format_bytes
from ryx_dash.views.marks import badge

SUMMARY_LIMIT = 120
"""Characters of the arguments in a card's head."""

ARGS_LIMIT = 4_000
"""Characters of the arguments in a card's body."""


def cards(calls: tuple[ToolCall, ...]) -> list[Any]:
    """One card a call, in the order of the calls; two calls of one tool are two cards."""
    return [card(call) for call in calls]


def count(calls: int) -> str:
    """The text of the count badge."""
    return format_count(calls)


def card(call: ToolCall) -> Any:
    """The card of one call: a native disclosure, open at first."""
    latency = format_latency(call.latency)
    return html.Details(
        [
            html.Summary(
                [
                    _status(call),
                    html.Span(call.tool, className="card-tool"),
                    html.Span(_one_line(call.args), className="card-args", dir="auto"),
                    html.Span(latency, className="card-latency"),
                    _inspect(call),
                ]
            ),
            html.Div(_body(call), className="card-body"),
        ],
        open=True,
        className="card-tool-result",
        **{
            "data-key": f"card:{call.call_id}",
            "data-call-id": call.call_id,
            "data-tool": call.tool,
            "data-status": str(call.status),
        },
    )


def _inspect(call: ToolCall) -> Any:
    attributes: Mapping[str, str] = {"data-inspect": f"call:{call.call_id}"}
    return html.Button(
        "inspect", className="button small", title="Input, output, times, raw text", **attributes
    )


def _status(call: ToolCall) -> Any:
    if call.status == NodeStatus.RUNNING:
        return html.Span(className="spinner", role="img", **{"aria-label": "running"})
    return badge(call.status, word=False)


def _body(call: ToolCall) -> list[Any]:
    parts: list[Any] = []
    if call.error:
        parts.append(html.P(call.error[:2_000], className="card-error", dir="auto"))
    elif call.status == NodeStatus.CANCELLED:
        parts.append(html.P("It was stopped before it gave a result.", className="quiet"))
    if call.inferred:
        parts.append(
            html.P(
                "The backend did not say which call this result belongs to: "
                "it was paired by its order.",
                className="quiet small",
            )
        )
    if call.output is not None:
        parts.append(_output(call))
    parts.append(_arguments(call))
    return parts


def _output(call: ToolCall) -> Any:
    drawn = outputs.draw(call.tool, call.output)
    place = f"output-{call.call_id}"
    tail: list[Any] = []
    if drawn.size is not None:
        tail = [
            html.Span(f"cut; {format_bytes(drawn.size)} in all", className="quiet small"),
            html.Button("show all", className="button small", **{"data-show-all": call.call_id}),
        ]
    copy = html.Button(
        "copy",
        className="button small copy-button",
        title="Copy what is shown",
        **{"data-copy-target": place},
    )
    return html.Div(
        [
            html.Div(drawn.parts, id=place, className="output", **{"data-output": call.call_id}),
            html.Div([*tail, copy], className="card-tail"),
        ]
    )


def _arguments(call: ToolCall) -> Any:
    if not call.args:
        return html.Div(hidden=True)
    return html.Details(
        [
            html.Summary("arguments", className="quiet small"),
            html.Pre(outputs.pretty(call.args)[:ARGS_LIMIT], className="code"),
        ],
        className="card-arguments",
        **{"data-key": f"args:{call.call_id}"},
    )


def _one_line(args: Mapping[str, Any]) -> str:
    """The arguments on one line: a single one without its name."""
    values = [value if isinstance(value, str) else json.dumps(value) for value in args.values()]
    text = (
        values[0]
        if len(values) == 1
        else ", ".join(f"{name}: {value}" for name, value in zip(args, values, strict=True))
    )
    flat = " ".join(text.split())
    return flat if len(flat) <= SUMMARY_LIMIT else flat[: SUMMARY_LIMIT - 1] + "…"
