"""The command line, as a person uses it."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from ryx_dash import cli
from ryx_dash.errors import SettingsError
from ryx_dash.log.base import Run
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.steps import RunStatus
from ryx_dash.settings import Settings
from tests.fakes.llm import serve_llm
from tests.servers import ROOT, Dashboard, dashboard, free_port, until


def run(*arguments: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("RYX_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        ([], {"RYX_PROT": "1"}, "RYX_PROT"),
        ([], {"RYX_PORT": "many"}, "RYX_PORT"),
        (["--port", "99999"], {}, "--port"),
        ([], {"RYX_WORKSPACE": "/does/not/exist"}, "RYX_WORKSPACE"),
        ([], {"RYX_LLM_URL": "localhost"}, "RYX_LLM_URL"),
        ([], {"RYX_LOG_URL": "postgres://x"}, "RYX_LOG_URL"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_line(
    arguments: list[str], env: dict[str, str], said: str, tmp_path: Path
) -> None:
    result = run("app.py", *arguments, **{"RYX_DATA_DIR": str(tmp_path), **env})
    assert said in one_line(result)


def test_gunicorn_stops_with_one_line_too(tmp_path: Path) -> None:
    result = run("-m", "gunicorn", "app:server", RYX_PORT="many", RYX_DATA_DIR=str(tmp_path))
    assert "RYX_PORT" in one_line(result)


def test_gunicorn_needs_no_setting_that_app_py_does_not(tmp_path: Path) -> None:
    result = run("-c", "import app", RYX_PORT="many", RYX_DATA_DIR=str(tmp_path))
    assert "RYX_PORT" in one_line(result)


def test_a_busy_port_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = one_line(run("app.py", "--port", port, RYX_DATA_DIR=str(tmp_path)))
    assert port in line
    assert "RYX_PORT" in line


def test_a_damaged_log_is_said(tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_bytes(b"this is no database at all" * 1000)
    line = one_line(run("app.py", "--port", "0", RYX_DATA_DIR=str(tmp_path)))
    assert "runs.db" in line


def test_a_data_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    line = one_line(run("app.py", "--port", "0", RYX_DATA_DIR=str(tmp_path / "file")))
    assert "RYX_DATA_DIR" in line


def test_version() -> None:
    result = run("-m", "ryx_dash", "--version")
    assert result.stdout.startswith("ryx-dash ")


@pytest.mark.parametrize("workers", [0, 2])
def test_it_starts_serves_and_stops_on_a_signal(tmp_path: Path, workers: int) -> None:
    with dashboard(tmp_path, workers=workers) as running:
        assert f":{running.port}/" in running.printed
        with connect(f"ws://127.0.0.1:{running.port}/api/workflow/stream") as socket_:
            running.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed):
                socket_.recv(timeout=15)
            assert socket_.protocol.close_code == 1012
        assert running.process.wait(20) in (0, -signal.SIGTERM)
        assert "Traceback" not in running.printed


def test_listening_to_the_world_makes_a_token(tmp_path: Path) -> None:
    with dashboard(tmp_path, RYX_HOST="0.0.0.0") as running:
        until(lambda: "?token=" in running.printed, seconds=10)
        token = running.printed.split("?token=")[1].split()[0]
        assert httpx.get(f"{running.url}/api/runs").status_code == 401
        headers = {"authorization": f"Bearer {token}"}
        assert httpx.get(f"{running.url}/api/runs", headers=headers).status_code == 200


def test_a_token_is_shared_by_all_workers(tmp_path: Path) -> None:
    with dashboard(tmp_path, workers=2, RYX_HOST="0.0.0.0") as running:
        until(lambda: "?token=" in running.printed, seconds=10)
        token = running.printed.split("?token=")[1].split()[0]
        headers = {"authorization": f"Bearer {token}"}
        for _ in range(20):
            assert httpx.get(f"{running.url}/api/runs", headers=headers).status_code == 200


def test_a_run_of_one_worker_is_cancelled_on_another(tmp_path: Path) -> None:
    """Twenty fresh connections land on both of two workers; the log joins them."""
    with dashboard(tmp_path, workers=2) as running:
        for n in range(20):
            body = {"input": f"Where is the number {n}?"}
            run_id = httpx.post(f"{running.url}/api/runs", json=body).json()["run_id"]
            assert httpx.get(f"{running.url}/api/runs/{run_id}").status_code == 200
            answer = httpx.post(f"{running.url}/api/runs/{run_id}/cancel")
            assert answer.status_code in (202, 409)


def test_an_unused_port_is_found_for_zero(tmp_path: Path) -> None:
    with cli.bind("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0


def test_answers_do_not_wait_to_be_acknowledged() -> None:
    with cli.bind("127.0.0.1", 0) as listener:
        with socket.create_connection(listener.getsockname()):
            served, _ = listener.accept()
        with served:
            assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_unknown_host_is_said() -> None:
    with pytest.raises(SettingsError, match=r"no\.such\.host"):
        cli.bind("no.such.host.invalid", free_port())


def test_the_token_made_up_is_long_and_new() -> None:
    world = Settings(host="0.0.0.0")
    first, second = cli.with_token(world), cli.with_token(world)
    assert first.token is not None
    assert second.token is not None
    assert len(first.token.get_secret_value()) >= 32
    assert first.token != second.token
    assert cli.with_token(Settings()).token is None


def run_under_way(running: Dashboard) -> str:
    """Start a run and wait until the model streams its answer."""
    body = {"input": "Tell me a story."}
    run_id = str(httpx.post(f"{running.url}/api/runs", json=body).json()["run_id"])
    url = f"{running.url}/api/runs/{run_id}/events"
    until(lambda: "llm_token" in httpx.get(url).text)
    return run_id


def run_of(folder: Path, run_id: str) -> Run:
    log = SqliteLog(folder / "data" / "runs.db")
    try:
        run = log.run(run_id)
        assert run is not None
        return run
    finally:
        log.close()


@pytest.mark.parametrize("workers", [0, 1])
def test_a_run_under_way_may_end_when_the_server_stops(tmp_path: Path, workers: int) -> None:
    with serve_llm() as llm:
        llm.answer, llm.pace = "word " * 30, 0.05
        with dashboard(tmp_path, workers=workers, RYX_LLM_URL=llm.url) as running:
            run_id = run_under_way(running)
            with connect(
                f"ws://127.0.0.1:{running.port}/api/workflow/stream?run={run_id}"
            ) as viewer:
                running.process.send_signal(signal.SIGTERM)
                kinds = []
                with suppress(ConnectionClosed):
                    while True:
                        kinds.append(json.loads(viewer.recv(timeout=15))["event"])
                assert kinds[-1] == "workflow_complete"
                assert viewer.protocol.close_code == 1012
            running.process.wait(20)
    assert run_of(tmp_path, run_id).status is RunStatus.SUCCESS


@pytest.mark.parametrize(("workers", "sent"), [(0, signal.SIGTERM), (1, signal.SIGINT)])
def test_a_run_that_takes_too_long_then_is_interrupted(
    tmp_path: Path, workers: int, sent: signal.Signals
) -> None:
    with serve_llm() as llm:
        llm.answer, llm.pace = "word " * 2_000, 0.05
        with dashboard(tmp_path, workers=workers, RYX_LLM_URL=llm.url) as running:
            run_id = run_under_way(running)
            running.process.send_signal(sent)
            running.process.wait(20)
            assert "Traceback" not in running.printed
    assert run_of(tmp_path, run_id).status is RunStatus.INTERRUPTED
