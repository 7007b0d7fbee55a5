"""The OpenAPI 3.1 document of the REST API, and the page that shows it.

The page is made here and not by Swagger UI, which is 1.5 MB and by default fetched from elsewhere.
"""

from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ryx_dash import __version__
from ryx_dash.api import schemas
from ryx_dash.archive.export import MEDIA_TYPES
from ryx_dash.projection.charts import CHARTS
from ryx_dash.protocol.steps import RunStatus

JsonObject = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path. ``answers`` maps a status to its body's model."""

    method: str
    path: str
    id: str
    summary: str
    answers: dict[int, type[BaseModel]]
    body: type[BaseModel] | None = None
    query: tuple[JsonObject, ...] = field(default=())
    text: tuple[str, ...] = ()
    """Media types in which it also gives text, with status 200."""
    file: str = ""
    """Media type of a file that is its body."""


def _integer(name: str, text: str, *, least: int, most: int, default: int) -> JsonObject:
    schema = {"type": "integer", "minimum": least, "maximum": most, "default": default}
    return {"name": name, "in": "query", "description": text, "schema": schema}


def _text(name: str, text: str, **schema: Any) -> JsonObject:
    return {
        "name": name,
        "in": "query",
        "description": text,
        "schema": {"type": "string", **schema},
    }


def _milliseconds(name: str, text: str) -> JsonObject:
    schema = {"type": "integer", "minimum": 0, "maximum": 10**11}
    return {"name": name, "in": "query", "description": text, "schema": schema}


_STATUSES = "|".join(RunStatus)

FILTER = (
    _text("text", "Only runs whose input, or one event, has all of these words."),
    _text("model", "Only runs with this model in use."),
    _text("intent", "Only runs of this intent."),
    _text("tool", "Only runs that called this tool."),
    _text("since", "Only runs asked for at this UTC time or later; may be cut."),
    _text("until", "Only runs asked for before this UTC time; may be cut."),
    _milliseconds("shortest", "Only ended runs that took this many milliseconds or more."),
    _milliseconds("longest", "Only ended runs that took this many milliseconds or less."),
    _text(
        "part",
        "Only runs with such a step or tool call: `step:1000-3000:llm_response` (milliseconds), "
        "`tool:failed:read_file`, `tool::read_file`.",
        pattern=r"^((step|tool):(failed|[0-9]{0,9}-[0-9]{0,9}|):[\s\S]+)?$",
    ),
)
"""What narrows a list of runs, and an analysis."""

ANALYSED = (
    _text(
        "status",
        "Only runs of these statuses, comma-separated.",
        pattern=f"^(({_STATUSES})(,({_STATUSES}))*)?$",
    ),
    *FILTER,
    _text("zone", "The time zone by whose calendar periods begin.", default="UTC"),
)

OPERATIONS = (
    Operation(
        method="get",
        path="/health",
        id="health",
        summary="200 while the process serves",
        answers={200: schemas.Health},
    ),
    Operation(
        method="get",
        path="/ready",
        id="ready",
        summary="Whether runs can be started; 503 with the reasons otherwise",
        answers={200: schemas.Ready, 503: schemas.Ready},
    ),
    Operation(
        method="get",
        path="/metrics",
        id="metrics",
        summary="Metrics of the log and of this worker, as Prometheus scrapes them",
        answers={},
        text=("text/plain", "application/openmetrics-text"),
    ),
    Operation(
        method="get",
        path="/api/models",
        id="models",
        summary="The models that can be asked for, installed ones first",
        answers={200: schemas.ModelsOut},
    ),
    Operation(
        method="get",
        path="/api/runs",
        id="list_runs",
        summary="Runs, newest first",
        query=(
            _integer("limit", "Runs a page.", least=1, most=200, default=50),
            _text("before", "The `next` of the page before."),
            _text("status", "Only runs of this status; empty: of any.", enum=["", *RunStatus]),
            _text("q", "Only runs whose input contains this text."),
            *FILTER,
        ),
        answers={200: schemas.RunsOut, 400: schemas.ErrorOut, 404: schemas.ErrorOut},
    ),
    Operation(
        method="post",
        path="/api/runs",
        id="start_run",
        summary="Start a run",
        body=schemas.StartRun,
        answers={
            202: schemas.Started,
            400: schemas.ErrorOut,
            413: schemas.ErrorOut,
            503: schemas.ErrorOut,
        },
    ),
    Operation(
        method="post",
        path="/api/runs/import",
        id="import_run",
        summary="Bring in a run that was exported as JSON lines; 201 if it is new in this log",
        file=MEDIA_TYPES["jsonl"],
        answers={
            200: schemas.ImportedOut,
            201: schemas.ImportedOut,
            400: schemas.ErrorOut,
            409: schemas.ErrorOut,
            413: schemas.ErrorOut,
            503: schemas.ErrorOut,
        },
    ),
    Operation(
        method="get",
        path="/api/runs/{run_id}",
        id="run",
        summary="One run",
        answers={200: schemas.RunOut, 404: schemas.ErrorOut},
    ),
    Operation(
        method="get",
        path="/api/runs/{run_id}/events",
        id="events",
        summary="A run's events. `Accept: application/x-ndjson` gives them all, one a line",
        query=(
            _integer("after", "Only events with a larger `seq`.", least=0, most=2**31, default=0),
            _integer("limit", "Events a page.", least=1, most=1000, default=500),
        ),
        answers={200: schemas.EventsOut, 400: schemas.ErrorOut, 404: schemas.ErrorOut},
        text=("application/x-ndjson",),
    ),
    Operation(
        method="get",
        path="/api/runs/{run_id}/export",
        id="export_run",
        summary="A run as a file: JSON lines, CSV, or one HTML page that opens offline",
        query=(_text("format", "The kind of file.", enum=[*MEDIA_TYPES], default="jsonl"),),
        answers={400: schemas.ErrorOut, 404: schemas.ErrorOut},
        text=tuple(MEDIA_TYPES.values()),
    ),
    Operation(
        method="get",
        path="/api/analytics",
        id="analytics",
        summary="What many runs have in common: counts, latencies, tools, models, the slowest",
        query=ANALYSED,
        answers={200: schemas.AnalyticsOut, 400: schemas.ErrorOut, 404: schemas.ErrorOut},
    ),
    Operation(
        method="get",
        path="/api/analytics/{chart}.csv",
        id="chart",
        summary="One chart of it as CSV",
        query=ANALYSED,
        answers={400: schemas.ErrorOut, 404: schemas.ErrorOut},
        text=("text/csv",),
    ),
    Operation(
        method="post",
        path="/api/runs/{run_id}/cancel",
        id="cancel_run",
        summary="End a run",
        answers={202: schemas.Started, 404: schemas.ErrorOut, 409: schemas.ErrorOut},
    ),
)


@cache
def document() -> JsonObject:
    """The OpenAPI document."""
    models = {model for op in OPERATIONS for model in (op.body, *op.answers.values()) if model}
    _, definitions = models_json_schema(
        [(model, "serialization") for model in sorted(models, key=lambda m: m.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    paths: JsonObject = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _describe(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ryx Dash", "version": __version__, "description": DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


DESCRIPTION = (
    "Start, follow and cancel runs. Events arrive live over the WebSocket at /api/workflow/stream."
)


def _describe(operation: Operation) -> JsonObject:
    described: JsonObject = {
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": {str(status): _answer(model) for status, model in operation.answers.items()},
    }
    if operation.text:
        whole = described["responses"].setdefault("200", {"description": "Text.", "content": {}})
        whole["content"] |= {name: {"schema": {"type": "string"}} for name in operation.text}
    parameters = [*_path_parameters(operation.path), *operation.query]
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _content(operation.body)}
    if operation.file:
        content = {operation.file: {"schema": {"type": "string"}}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _path_parameters(path: str) -> list[JsonObject]:
    return [
        {"name": name, "in": "path", "required": True, "description": text, "schema": schema}
        for name, text, schema in _PATH_PARAMETERS
        if f"{{{name}}}" in path
    ]


_PATH_PARAMETERS: tuple[tuple[str, str, JsonObject], ...] = (
    ("run_id", "A run's id.", {"type": "string"}),
    ("chart", "The chart.", {"type": "string", "enum": [*CHARTS]}),
)


def _answer(model: type[BaseModel]) -> JsonObject:
    description = (model.__doc__ or "").strip().split("\n")[0]
    return {"description": description, "content": _content(model)}


def _content(model: type[BaseModel]) -> JsonObject:
    reference = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"application/json": {"schema": reference}}


def page() -> str:
    """The document as a page for people."""
    return _PAGE.format(rows="".join(_row(operation) for operation in OPERATIONS))


def _row(operation: Operation) -> str:
    parameters = "".join(
        f"<li><code>{escape(p['name'])}</code> {escape(p['description'])}</li>"
        for p in [*_path_parameters(operation.path), *operation.query]
    )
    if operation.body is not None:
        parameters += "".join(
            f"<li><code>{escape(name)}</code> (body) {escape(info.description or '')}</li>"
            for name, info in operation.body.model_fields.items()
        )
    if operation.file:
        parameters += f"<li>(body) a file of type <code>{escape(operation.file)}</code></li>"
    bodies = [(200, kind) for kind in operation.text]
    bodies += [(status, model.__name__) for status, model in operation.answers.items()]
    given = ", ".join(f"{status} <code>{escape(body)}</code>" for status, body in bodies)
    return (
        f"<section><h2><b>{operation.method.upper()}</b> <code>{escape(operation.path)}</code></h2>"
        f"<p>{escape(operation.summary)}</p><ul>{parameters}</ul><p>Gives {given}</p></section>"
    )


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Ryx Dash: REST API</title>
<link rel="stylesheet" href="/assets/10-tokens.css">
<link rel="stylesheet" href="/assets/90-docs.css">
<body class="api-docs"><h1>REST API</h1>
<p>Errors are <code>{{"error": {{"code", "message"}}}}</code>.
The machine-readable form is <a href="/api/openapi.json">openapi.json</a>;
live events come over the WebSocket at <code>/api/workflow/stream</code>.</p>{rows}</body></html>"""
