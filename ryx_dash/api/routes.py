"""The REST routes. Each is a few lines: check what was asked, ask the log, say it as JSON."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import IO, Any, TypeVar

from anyio import CapacityLimiter, to_thread
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from ryx_dash.api import query, schemas
from ryx_dash.api.metrics import Metrics
from ryx_dash.api.openapi import document, page
from ryx_dash.archive.export import MEDIA_TYPES, export, file_name
from ryx_dash.archive.importing import import_lines
from ryx_dash.archive.table import chart_lines
from ryx_dash.errors import (
    FileRefused,
    LogError,
    ProtocolError,
    RunEnded,
    RunExists,
    RyxError,
    UnknownRun,
)
from ryx_dash.live.desk import Desk
from ryx_dash.log.analyst import Analyst
from ryx_dash.log.base import EventLog, Run, RunFilter
from ryx_dash.log.periods import CalendarCut, end_of_hour, is_zone
from ryx_dash.projection.charts import CHARTS, table
from ryx_dash.protocol.analysis import Analysis
from ryx_dash.protocol.codec import encode
from ryx_dash.protocol.events import now
from ryx_dash.protocol.executor import Executor

MAX_BODY_BYTES = 256 * 1024
MAX_IMPORT_BYTES = 256 * 1024 * 1024
"""Of a file that is uploaded; a larger one is for ``ryx-dash import``."""

MAX_RUNS = 200
MAX_EVENTS = 1_000

Model = TypeVar("Model", bound=BaseModel)

STATUS_OF = {"too_large": 413, "closing": 503}


class Api:
    """The routes over a log and an executor."""

    def __init__(
        self, log: EventLog, desk: Desk, executor: Executor, analyst: Analyst, metrics: Metrics
    ) -> None:
        self._log = log
        self._analyst = analyst
        self._metrics = metrics
        self._desk = desk
        self._executor = executor
        # A run is held in memory while it is brought in: of several uploads one after the other.
        self._importing = CapacityLimiter(1)

    def routes(self) -> list[BaseRoute]:
        """All routes; an unknown path under ``/api`` is answered by 404 in JSON."""
        return [
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/metrics", self.metrics),
            Route("/api", self.nothing),
            # A mount has the last word on every path below it, so none falls through to the page.
            Mount(
                "/api",
                routes=[
                    Route("/models", self.models),
                    Route("/runs", self.list_runs, methods=["GET"]),
                    Route("/runs", self.start, methods=["POST"]),
                    Route("/runs/import", self.import_run, methods=["POST"]),
                    Route("/runs/{run_id}", self.run),
                    Route("/runs/{run_id}/events", self.events),
                    Route("/runs/{run_id}/export", self.export),
                    Route("/runs/{run_id}/cancel", self.cancel, methods=["POST"]),
                    Route("/analytics", self.analytics),
                    Route("/analytics/{chart}.csv", self.chart),
                    Route("/openapi.json", self.openapi),
                    Route("/docs", self.docs),
                ],
            ),
        ]

    async def health(self, _: Request) -> Response:
        """The process serves."""
        return _json(schemas.Health())

    async def ready(self, _: Request) -> Response:
        """Whether a run can be started and could succeed."""
        reasons = [
            "The dashboard is stopping." if self._desk.closing else None,
            await to_thread.run_sync(self._log.writable),
            await self._executor.problem(),
        ]
        said = [reason for reason in reasons if reason is not None]
        return _json(schemas.Ready(ready=not said, reasons=said), 503 if said else 200)

    async def metrics(self, request: Request) -> Response:
        """What Prometheus scrapes."""
        accept = request.headers.get("accept", "")
        text, media_type = await to_thread.run_sync(self._metrics.text, accept)
        return Response(text, headers={"content-type": media_type})

    async def models(self, _: Request) -> Response:
        """The models that can be asked for."""
        found = await self._executor.models()
        models = [
            schemas.ModelOut(id=m.id, name=m.name, size=m.size, available=m.available)
            for m in found
        ]
        return _json(schemas.ModelsOut(models=models))

    async def start(self, request: Request) -> Response:
        """Start a run."""
        body = await _body(request, schemas.StartRun)
        run = await self._desk.start(body.input, model=body.model, command_id=body.command_id)
        return _json(schemas.Started(run_id=run.run_id), 202)

    async def cancel(self, request: Request) -> Response:
        """End a run."""
        run = await self._desk.cancel(request.path_params["run_id"])
        return _json(schemas.Started(run_id=run.run_id), 202)

    async def list_runs(self, request: Request) -> Response:
        """Runs, newest first."""
        asked = request.query_params
        limit = query.number(request, "limit", 50, least=1, most=MAX_RUNS)
        status = query.status(asked.get("status"))
        where = query.run_filter(request)
        found = await to_thread.run_sync(
            lambda: self._log.runs(
                limit=limit,
                before=asked.get("before") or None,
                status=status,
                q=asked.get("q", ""),
                where=where,
            )
        )
        runs = [schemas.RunOut.of(run) for run in found.runs]
        return _json(schemas.RunsOut(runs=runs, next=found.next))

    async def run(self, request: Request) -> Response:
        """One run."""
        return _json(schemas.RunOut.of(await self._find(request)))

    async def events(self, request: Request) -> Response:
        """A run's events: a page of them, or all as one JSON text a line."""
        run = await self._find(request)
        after = query.number(request, "after", 0, least=0, most=2**31)
        if "application/x-ndjson" in request.headers.get("accept", ""):
            lines = self._lines(run.run_id, after, run.head)
            return StreamingResponse(lines, media_type="application/x-ndjson")
        limit = query.number(request, "limit", 500, least=1, most=MAX_EVENTS)
        texts = await to_thread.run_sync(self._encoded, run.run_id, after, after + limit)
        body = f'{{"events":[{",".join(texts)}],"head":{run.head}}}'
        return Response(body, media_type="application/json")

    async def export(self, request: Request) -> Response:
        """A run as a file: JSONL, CSV, or one HTML page."""
        run = await self._find(request)
        form = request.query_params.get("format") or "jsonl"
        parts = export(self._log, run, form)
        name = f'attachment; filename="{file_name(run, form)}"'
        media = MEDIA_TYPES[form]
        return StreamingResponse(parts, media_type=media, headers={"content-disposition": name})

    async def analytics(self, request: Request) -> Response:
        """What the runs that pass have in common."""
        return _json(schemas.AnalyticsOut.of(await self._analysis(request)))

    async def chart(self, request: Request) -> Response:
        """The same, one chart of it, as CSV."""
        chart = request.path_params["chart"]
        if chart not in CHARTS:
            raise HTTPException(404, f"There is no chart {chart[:40]!r}: {', '.join(CHARTS)}.")
        found = table(chart, await self._analysis(request))
        name = f'attachment; filename="ryx-{chart}.csv"'
        text = "".join(chart_lines(found))
        return Response(text, media_type="text/csv", headers={"content-disposition": name})

    async def _analysis(self, request: Request) -> Analysis:
        where = replace(
            query.run_filter(request), statuses=query.statuses(request.query_params.get("status"))
        )
        zone = request.query_params.get("zone") or "UTC"
        if not is_zone(zone):
            raise HTTPException(404, f"There is no time zone {zone[:40]!r}.")
        return await to_thread.run_sync(self._analyse, where, zone)

    def _analyse(self, where: RunFilter, zone: str) -> Analysis:
        times = {"since": where.since, "until": where.until}
        cut = CalendarCut(**times, now=end_of_hour(now()), zone=zone)
        return self._analyst.analyse(where, cut)

    async def import_run(self, request: Request) -> Response:
        """Bring in a run from the JSON lines in the body."""
        # On the disk while it comes: a slow or large upload costs no memory.
        with tempfile.TemporaryFile() as file:
            await _spool(request, file)
            done = await to_thread.run_sync(import_lines, self._log, file, limiter=self._importing)
        answer = schemas.ImportedOut(
            run_id=done.run_id,
            events=done.events,
            new=done.new,
            cut=done.cut,
            message=done.sentence,
        )
        return _json(answer, 201 if done.new else 200)

    async def openapi(self, _: Request) -> Response:
        """The description of these routes."""
        return JSONResponse(document())

    async def docs(self, _: Request) -> Response:
        """The same for people."""
        return HTMLResponse(page())

    async def nothing(self, _: Request) -> Response:
        """``/api`` itself."""
        raise HTTPException(404, "There is nothing at /api; see /api/docs.")

    async def _find(self, request: Request) -> Run:
        run_id = request.path_params["run_id"]
        run = await to_thread.run_sync(self._log.run, run_id)
        if run is None:
            raise UnknownRun(f"There is no run {run_id[:80]!r}.")
        return run

    async def _lines(self, run_id: str, after: int, head: int) -> AsyncIterator[str]:
        while texts := await to_thread.run_sync(self._page, run_id, after, head):
            yield "".join(f"{text}\n" for text in texts)
            after += len(texts)

    def _page(self, run_id: str, after: int, upto: int) -> list[str]:
        return [encode(event) for event in self._log.page(run_id, after=after, upto=upto)]

    def _encoded(self, run_id: str, after: int, upto: int) -> list[str]:
        return [encode(event) for event in self._log.read(run_id, after=after, upto=upto)]


def on_error(_: Request, error: Exception) -> Response:
    """Any error as JSON with the fitting status; a registered exception handler."""
    if isinstance(error, HTTPException):
        code = _CODES.get(error.status_code, "http_error")
        return _problem(error.status_code, code, error.detail, error.headers)
    assert isinstance(error, RyxError)
    return _problem(_status_for(error), error.code, error.message)


def _status_for(error: RyxError) -> int:
    if error.code in STATUS_OF:
        return STATUS_OF[error.code]
    if isinstance(error, UnknownRun):
        return 404
    if isinstance(error, RunEnded | RunExists):
        return 409
    return 503 if isinstance(error, LogError) else 400


def _problem(status: int, code: str, message: str, headers: Any = None) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def _json(model: BaseModel, status: int = 200) -> Response:
    return Response(model.model_dump_json(), status, media_type="application/json")


async def _body(request: Request, model: type[Model]) -> Model:
    """The request's JSON body. Raises :class:`errors.ProtocolError`."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise ProtocolError("The body is over 256 KiB.", code="too_large")
    try:
        return model.model_validate_json(bytes(raw))
    except ValidationError as error:
        raise ProtocolError(*_said(error)) from None


async def _spool(request: Request, file: IO[bytes]) -> None:
    """Write the request's body to ``file`` and go back to its beginning.

    Raises :class:`errors.ProtocolError` for one that is too large, and
    :class:`errors.FileRefused` if there is no room for it.
    """
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_IMPORT_BYTES:
                raise ProtocolError(
                    f"The file is over {MAX_IMPORT_BYTES // 2**20} MiB. Bring it in with "
                    "ryx-dash import, on the machine of the dashboard.",
                    code="too_large",
                )
            await to_thread.run_sync(file.write, chunk)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FileRefused(f"The file could not be taken: {reason}. Nothing was imported.") from None
    file.seek(0)


def _said(error: ValidationError) -> tuple[str, ...]:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "body"
    return (f"{where}: {first['msg']}.",)


_CODES = {404: "not_found", 405: "method_not_allowed"}
