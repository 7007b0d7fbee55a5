"""The REST API over real HTTP and a real log."""

import errno
import io
import time
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from ryx_dash import factory
from ryx_dash.api import routes
from ryx_dash.api.metrics import Metrics
from ryx_dash.api.routes import Api, on_error
from ryx_dash.archive.export import MEDIA_TYPES
from ryx_dash.errors import RyxError
from ryx_dash.live.counters import Counters
from ryx_dash.live.desk import Desk
from ryx_dash.live.feed import Feed
from ryx_dash.log.analyst import Analyst
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import EventKind, step_event
from ryx_dash.protocol.executor import Emit, Request
from ryx_dash.protocol.steps import EXECUTE, INPUT
from ryx_dash.settings import Settings
from tests.fakes.executor import ScriptedExecutor, all_green
from tests.servers import serve, until

ENDED = ("success", "failed", "cancelled", "interrupted")


@pytest.fixture
def executor() -> ScriptedExecutor:
    return ScriptedExecutor()


@pytest.fixture
def client(executor: ScriptedExecutor) -> Iterator[httpx.Client]:
    app = factory.create(Settings(log_url="memory://", max_runs=2), executor=executor)
    with serve(app) as address, httpx.Client(base_url=f"http://{address}") as client:
        yield client


def start(client: httpx.Client, text: str = "hello", **fields: Any) -> str:
    answer = client.post("/api/runs", json={"input": text, **fields})
    assert answer.status_code == 202
    return str(answer.json()["run_id"])


def ended(client: httpx.Client, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = {}

    def look() -> bool:
        run.update(client.get(f"/api/runs/{run_id}").json())
        return run["status"] in ENDED

    until(look, seconds=10)
    return run


def problem(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"error"}
    assert body["error"]["message"]
    return answer.status_code, body["error"]["code"]


async def until_cancelled(request: Request, emit: Emit) -> None:
    await emit(step_event(EventKind.STEP_START, INPUT, "Waiting"))
    await anyio.sleep_forever()


def test_health(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}


def test_ready_gives_the_reasons(client: httpx.Client, executor: ScriptedExecutor) -> None:
    assert client.get("/ready").json() == {"ready": True, "reasons": []}
    executor.trouble = "The workspace is gone."
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["The workspace is gone."]


def test_models(client: httpx.Client) -> None:
    assert client.get("/api/models").json()["models"][0] == {
        "id": "qwen2.5:3b",
        "name": "qwen2.5:3b",
        "size": 1_900_000_000,
        "available": True,
    }


def test_a_run_from_start_to_end(client: httpx.Client) -> None:
    run = ended(client, start(client, model="qwen2.5:3b"))
    assert run["status"] == "success"
    assert run["input"] == "hello"
    assert run["model"] == "qwen2.5:3b"
    assert run["events"] == 18
    assert run["latency"] >= 0


def test_a_command_id_has_one_effect(client: httpx.Client) -> None:
    assert start(client, command_id="c") == start(client, command_id="c")


def test_events_by_the_page(client: httpx.Client) -> None:
    run_id = start(client)
    ended(client, run_id)
    first = client.get(f"/api/runs/{run_id}/events", params={"limit": 10}).json()
    rest = client.get(f"/api/runs/{run_id}/events", params={"after": 10}).json()
    assert [event["seq"] for event in first["events"] + rest["events"]] == list(range(1, 19))
    assert first["head"] == 18


def test_events_as_lines(client: httpx.Client) -> None:
    run_id = start(client)
    ended(client, run_id)
    headers = {"accept": "application/x-ndjson"}
    answer = client.get(f"/api/runs/{run_id}/events", headers=headers)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    whole = client.get(f"/api/runs/{run_id}/events").json()["events"]
    assert [httpx.Response(200, text=line).json() for line in answer.text.splitlines()] == whole


def test_runs_newest_first_and_by_the_page(client: httpx.Client) -> None:
    ids = [start(client, f"query {n}") for n in range(5)]
    for run_id in ids:
        ended(client, run_id)
    first = client.get("/api/runs", params={"limit": 3}).json()
    second = client.get("/api/runs", params={"limit": 3, "before": first["next"]}).json()
    assert [run["run_id"] for run in first["runs"] + second["runs"]] == ids[::-1]
    assert second["next"] is None
    assert [r["input"] for r in client.get("/api/runs?q=QUERY 3").json()["runs"]] == ["query 3"]
    assert client.get("/api/runs?status=failed").json()["runs"] == []


def test_runs_can_be_filtered_by_what_their_events_say(
    client: httpx.Client, executor: ScriptedExecutor
) -> None:
    async def calls(request: Request, emit: Emit) -> None:
        data = {"call_id": "c", "tool": "read_file", "args": {"path": "notes/tea.md"}}
        await emit(step_event(EventKind.TOOL_CALL, EXECUTE, "", data=data))
        await all_green(request, emit)

    plain = ended(client, start(client, "plain"))["run_id"]
    executor.script = calls
    called = ended(client, start(client, "called"))
    assert (called["calls"], called["tools"], called["failed_step"]) == (1, ["read_file"], None)

    def ids(query: str) -> list[str]:
        return [run["run_id"] for run in client.get(f"/api/runs?{query}").json()["runs"]]

    assert ids("tool=read_file") == ids("text=notes/tea") == [called["run_id"]]
    assert ids("shortest=0") == ids("since=2020") == [called["run_id"], plain]
    for nothing in ("until=2020", "model=m", "intent=i", "shortest=99999999", "text=zzz"):
        assert ids(nothing) == []
    assert problem(client.get("/api/runs?longest=x")) == (400, "bad_parameter")


def test_cancel(client: httpx.Client, executor: ScriptedExecutor) -> None:
    executor.script = until_cancelled
    run_id = start(client)
    assert client.post(f"/api/runs/{run_id}/cancel").status_code == 202
    assert ended(client, run_id)["status"] == "cancelled"
    assert problem(client.post(f"/api/runs/{run_id}/cancel")) == (409, "run_ended")


def test_further_runs_wait_in_line(client: httpx.Client, executor: ScriptedExecutor) -> None:
    executor.script = until_cancelled
    running = [start(client), start(client)]
    waiting = [start(client), start(client)]
    until(lambda: len(executor.requests) == 2, seconds=10)
    time.sleep(0.1)  # long enough that a third would have begun
    assert [client.get(f"/api/runs/{i}").json()["position"] for i in waiting] == [1, 2]
    assert client.get(f"/api/runs/{waiting[0]}").json()["status"] == "queued"
    assert client.post(f"/api/runs/{waiting[0]}/cancel").status_code == 202
    assert ended(client, waiting[0])["status"] == "cancelled"
    assert client.get(f"/api/runs/{waiting[1]}").json()["position"] == 1
    client.post(f"/api/runs/{running[0]}/cancel")
    until(lambda: client.get(f"/api/runs/{waiting[1]}").json()["status"] == "running", seconds=10)


def test_a_crash_in_the_executor_fails_the_run_and_no_other(
    client: httpx.Client, executor: ScriptedExecutor
) -> None:
    async def crash(request: Request, emit: Emit) -> None:
        if request.input == "crash":
            raise ZeroDivisionError
        await all_green(request, emit)

    executor.script = crash
    assert ended(client, start(client, "crash"))["status"] == "failed"
    assert ended(client, start(client, "fine"))["status"] == "success"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (b"{}", "input"),
        (b'{"input": 5}', "input"),
        (b'{"input": "x", "command_id": ""}', "command_id"),
        (b'{"input": "\xff"}', "body"),
    ],
)
def test_a_bad_body_is_said(client: httpx.Client, body: bytes, field: str) -> None:
    answer = client.post("/api/runs", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(field)


def test_a_body_that_is_too_large(client: httpx.Client) -> None:
    answer = client.post("/api/runs", json={"input": "x" * 300_000})
    assert problem(answer) == (413, "too_large")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/nothing", (404, "not_found")),
        ("GET", "/api", (404, "not_found")),
        ("DELETE", "/api/runs", (405, "method_not_allowed")),
        ("GET", "/api/runs/none", (404, "unknown_run")),
        ("GET", "/api/runs/none/events", (404, "unknown_run")),
        ("POST", "/api/runs/none/cancel", (404, "unknown_run")),
        ("GET", "/api/runs?limit=0", (400, "bad_parameter")),
        ("GET", "/api/runs?limit=x", (400, "bad_parameter")),
        ("GET", "/api/runs?limit=", (400, "bad_parameter")),
        ("GET", "/api/runs?shortest=", (400, "bad_parameter")),
        ("GET", "/api/analytics?longest=", (400, "bad_parameter")),
        ("GET", "/api/runs?status=odd", (400, "bad_parameter")),
        ("GET", "/api/runs?part=step", (400, "bad_parameter")),
        ("GET", "/api/analytics?status=success,odd", (400, "bad_parameter")),
        ("GET", "/api/analytics?zone=Mars", (404, "not_found")),
        ("GET", "/api/analytics?zone=../etc", (404, "not_found")),
        ("GET", "/api/analytics/none.csv", (404, "not_found")),
        ("GET", "/api/runs?before=none", (404, "unknown_run")),
    ],
)
def test_what_is_not_there_is_said_in_json(
    client: httpx.Client, method: str, path: str, expected: tuple[int, str]
) -> None:
    assert problem(client.request(method, path)) == expected


def test_openapi_names_every_route(client: httpx.Client) -> None:
    document = client.get("/api/openapi.json").json()
    assert set(document["paths"]) == {
        "/health",
        "/ready",
        "/metrics",
        "/api/models",
        "/api/runs",
        "/api/analytics",
        "/api/analytics/{chart}.csv",
        "/api/runs/import",
        "/api/runs/{run_id}",
        "/api/runs/{run_id}/events",
        "/api/runs/{run_id}/export",
        "/api/runs/{run_id}/cancel",
    }
    page = client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert all(path in page.text for path in document["paths"])


def test_the_executor_is_closed_with_the_server(executor: ScriptedExecutor) -> None:
    with serve(factory.create(Settings(log_url="memory://"), executor=executor)):
        assert not executor.closed
    assert executor.closed


async def test_a_server_that_stops_takes_no_runs_and_says_so() -> None:
    log = MemoryLog()
    desk = Desk(log, Feed(log))
    metrics = Metrics(log, Counters(), lambda: (0, 0))
    app = Starlette(
        routes=Api(log, desk, ScriptedExecutor(), Analyst(log), metrics).routes(),
        exception_handlers={RyxError: on_error},
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/ready")).status_code == 200
        desk.close()
        answer = await client.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["The dashboard is stopping."]
        refused = await client.post("/api/runs", json={"input": "hello"})
    assert problem(refused) == (503, "closing")


def test_a_run_can_be_exported(client: httpx.Client) -> None:
    run_id = start(client)
    ended(client, run_id)
    path = f"/api/runs/{run_id}/export"
    for form, media in MEDIA_TYPES.items():
        answer = client.get(path, params={"format": form})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media)
        assert f"ryx-run-{run_id}.{form}" in answer.headers["content-disposition"]
        assert (run_id if form == "html" else "workflow_complete") in answer.text
    assert client.get(path).text.startswith('{"format": "ryx-dash-run"')
    assert problem(client.get(path, params={"format": "pdf"})) == (400, "bad_parameter")
    assert problem(client.get("/api/runs/none/export")) == (404, "unknown_run")


def test_an_analysis_and_its_charts(client: httpx.Client) -> None:
    run = ended(client, start(client, "=what?"))
    found = client.get("/api/analytics").json()
    assert (found["runs"], found["latency"]["count"]) == ({"success": 1}, 1)
    assert sum(sum(period["runs"].values()) for period in found["periods"]) == 1
    assert {step["count"] for step in found["steps"]} == {1}
    assert found["slowest"][0]["run_id"] == run["run_id"]
    assert client.get("/api/analytics?status=failed,cancelled").json()["runs"] == {}
    assert client.get("/api/analytics?since=2&until=soon").json()["runs"] == {"success": 1}
    assert client.get("/api/analytics?part=step::nothing").json()["runs"] == {}
    assert client.get("/api/runs?part=step::nothing").json()["runs"] == []
    answer = client.get("/api/analytics/slowest.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="ryx-slowest.csv"'
    head, line = answer.text.splitlines()
    assert head == "run,query,status,model,asked (UTC),duration (ms)"
    assert line.startswith(f"{run['run_id']},'=what?,success,")


# -- a run from a file ----------------------------------------------------------------------------


def exported(client: httpx.Client) -> tuple[str, bytes]:
    """A run that has ended, and its file."""
    run_id = start(client, "to be moved")
    ended(client, run_id)
    return run_id, client.get(f"/api/runs/{run_id}/export").content


def test_a_run_comes_back_from_its_file(client: httpx.Client) -> None:
    run_id, file = exported(client)
    before = client.get(f"/api/runs/{run_id}").json()
    again = client.post("/api/runs/import", content=file)
    assert (again.status_code, again.json()["new"]) == (200, False)
    assert "already, with the same events" in again.json()["message"]
    app = factory.create(Settings(log_url="memory://"), executor=ScriptedExecutor())
    with serve(app) as address, httpx.Client(base_url=f"http://{address}") as elsewhere:
        answer = elsewhere.post("/api/runs/import", content=file)
        assert answer.status_code == 201
        assert answer.json() == {
            "run_id": run_id,
            "events": before["events"],
            "new": True,
            "cut": None,
            "message": f"Imported run {run_id} with {before['events']:,} events.",
        }
        assert elsewhere.get(f"/api/runs/{run_id}").json() == before
        assert elsewhere.get(f"/api/runs/{run_id}/export").content == file


def test_a_file_without_its_end_is_taken_up_to_the_break(client: httpx.Client) -> None:
    run_id, file = exported(client)
    answer = client.post("/api/runs/import", content=file[: len(file) * 2 // 3])
    assert answer.status_code == 201
    assert answer.json()["cut"].startswith("The file is not whole")
    assert answer.json()["run_id"] != run_id
    run = client.get(f"/api/runs/{answer.json()['run_id']}").json()
    assert run["status"] == "interrupted"


def test_what_is_no_file_of_a_run_is_refused_with_line_and_reason(client: httpx.Client) -> None:
    _, file = exported(client)
    lines = file.splitlines(keepends=True)
    damaged = b"".join([*lines[:2], b"{broken\n", *lines[3:]])
    for content, code, reason in (
        (b"", 400, "no events"),
        (b"a,b\n1,2\n", 400, "Line 1"),
        (damaged, 400, "Line 3"),
        (file.replace(b"to be moved", b"another one"), 409, "in the log"),
    ):
        answer = client.post("/api/runs/import", content=content)
        assert answer.status_code == code, answer.text
        assert reason in answer.json()["error"]["message"]
    assert client.get("/api/runs").json()["next"] is None


def test_a_file_that_is_too_large_is_not_taken(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, file = exported(client)
    monkeypatch.setattr(routes, "MAX_IMPORT_BYTES", 100)
    assert problem(client.post("/api/runs/import", content=file)) == (413, "too_large")


def test_a_disk_without_room_is_said(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ryx_dash.api.routes.tempfile.TemporaryFile", Full)
    answer = client.post("/api/runs/import", content=b"{}")
    assert problem(answer) == (400, "bad_file")
    assert "no space left on device" in answer.json()["error"]["message"]


def test_only_the_pages_own_origin_may_upload(client: httpx.Client) -> None:
    _, file = exported(client)
    headers = {"origin": "https://elsewhere.example", "content-type": "text/plain"}
    answer = client.post("/api/runs/import", content=file, headers=headers)
    assert problem(answer) == (403, "bad_origin")
