"""``ryx-dash ask``: what is printed, and the exit status."""

import json
import os
import signal
import subprocess
import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import anyio
import pytest

from ryx_dash.ask import REFUSED, UNREACHABLE, UNREAD, Terminal, ask
from ryx_dash.client import Client
from ryx_dash.protocol.events import Draft, EventKind, now, step_event
from ryx_dash.protocol.executor import Emit, Request
from ryx_dash.protocol.steps import EXECUTE, INPUT, LLM
from tests.fakes.executor import Script, ScriptedExecutor, all_green
from tests.servers import ROOT, free_port, until
from tests.test_backend import served, settings


async def asked(folder: Path, script: Script, *, as_json: bool = False) -> tuple[int, str]:
    out = StringIO()
    async with served(settings(folder), ScriptedExecutor(script)) as port:
        client = Client(f"http://127.0.0.1:{port}")
        with anyio.fail_after(20):
            status = await ask(client, "hello", model=None, as_json=as_json, out=out)
    return status, out.getvalue()


async def streaming(request: Request, emit: Emit) -> None:
    await emit(step_event(EventKind.STEP_COMPLETE, INPUT, "5 characters", latency=1.2))
    call = {"call_id": "c", "tool": "search_local"}
    await emit(step_event(EventKind.TOOL_CALL, EXECUTE, "hello", data={**call, "args": {}}))
    data = {**call, "success": False, "output": None, "error": "no"}
    await emit(step_event(EventKind.TOOL_RESULT, EXECUTE, "It failed", latency=5, data=data))
    for text in ("It is ", "[bold]7421[/]."):
        await emit(step_event(EventKind.LLM_TOKEN, LLM, "", data={"text": text}))
    response = {"response": "It is [bold]7421[/]."}
    await emit(Draft(event=EventKind.WORKFLOW_COMPLETE, message="Done", data=response))


async def failing(request: Request, emit: Emit) -> None:
    await emit(
        Draft(event=EventKind.WORKFLOW_ERROR, message="No \x1b[31mmodel", data={"code": "x"})
    )


async def test_steps_tools_and_the_answer_are_printed(tmp_path: Path) -> None:
    status, printed = await asked(tmp_path, streaming)
    assert status == 0
    lines = [line.split() for line in printed.splitlines() if line.strip()]
    assert lines[0] == ["✓", "Input", "5", "characters", "1", "ms"]
    assert lines[1][:2] == ["⋯", "search_local"]
    assert lines[2][0] == "✗"
    assert printed.count("It is [bold]7421[/].") == 1


async def test_an_answer_that_was_not_streamed_is_printed(tmp_path: Path) -> None:
    status, printed = await asked(tmp_path, all_green)
    assert status == 0
    assert "You asked: hello" in printed


async def test_a_failed_run_is_status_1_and_cannot_paint_the_terminal(tmp_path: Path) -> None:
    status, printed = await asked(tmp_path, failing)
    assert status == 1
    assert "model" in printed
    assert "\x1b" not in printed


async def test_json_is_one_event_a_line(tmp_path: Path) -> None:
    status, printed = await asked(tmp_path, all_green, as_json=True)
    assert status == 0
    assert [json.loads(line)["seq"] for line in printed.splitlines()] == list(range(1, 19))


async def test_an_answer_cannot_obey_the_terminal_s_escapes() -> None:
    out = StringIO()
    terminal = Terminal(out)
    tokens = [
        Draft(event=EventKind.LLM_TOKEN, data={"text": "a\x1b[2Jb\n\tc"}),
        Draft(event=EventKind.WORKFLOW_COMPLETE, data={"response": "d\x07\x1b]0;x\x07e"}),
    ]
    for seq, draft in enumerate(tokens, 1):
        terminal.show(draft.at("r", seq, now()))
    assert "\x1b" not in out.getvalue()
    assert "\x07" not in out.getvalue()
    assert [line.strip() for line in out.getvalue().split("\n") if line] == [
        "a [2Jb",
        "c",
        "d  ]0;x e",
    ]


async def test_nothing_there_and_nothing_allowed_have_a_status_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ryx_dash.backoff.RETRIES", 0)
    client = Client(f"http://127.0.0.1:{free_port()}")
    assert await ask(client, "x", model=None, as_json=False) == UNREACHABLE
    async with served(settings(tmp_path), ScriptedExecutor()) as port:
        client = Client(f"http://127.0.0.1:{port}")
        assert await ask(client, "x", model="m" * 500, as_json=False) == REFUSED
    said = capsys.readouterr().err
    assert "cannot be reached" in said
    assert "at most 200 characters" in said


class Gone(StringIO):
    """An output whose reader goes away after its first line."""

    def write(self, text: str) -> int:
        if "\n" in self.getvalue():
            raise BrokenPipeError
        return super().write(text)


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_run_goes_on_when_nobody_reads_it_any_more(tmp_path: Path, as_json: bool) -> None:
    ended = anyio.Event()

    async def counted(request: Request, emit: Emit) -> None:
        await all_green(request, emit)
        ended.set()

    out = Gone()
    async with served(settings(tmp_path), ScriptedExecutor(counted)) as port:
        with anyio.fail_after(20):
            client = Client(f"http://127.0.0.1:{port}")
            status = await ask(client, "hello", model=None, as_json=as_json, out=out)
            await ended.wait()
    assert status == UNREAD
    assert out.getvalue().count("\n") == 1


async def test_a_pipe_that_is_closed_is_no_error(tmp_path: Path) -> None:
    async with served(settings(tmp_path), ScriptedExecutor(all_green)) as port:
        url = f"http://127.0.0.1:{port}"
        command = f"{sys.executable} -m ryx_dash ask hello --json --url {url} | head -1"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with anyio.fail_after(30):
            done = await anyio.run_process(
                ["bash", "-c", command], cwd=ROOT, env=environment, check=False
            )
    assert json.loads(done.stdout)["seq"] == 1
    assert done.stderr == b""


async def test_a_terminal_without_our_signs_is_no_error(tmp_path: Path) -> None:
    out = TextIOWrapper(BytesIO(), encoding="ascii")
    async with served(settings(tmp_path), ScriptedExecutor(all_green)) as port:
        client = Client(f"http://127.0.0.1:{port}")
        with anyio.fail_after(20):
            assert await ask(client, "hello", model=None, as_json=False, out=out) == 0
    out.flush()
    assert b"? Input" in out.buffer.getvalue()  # type: ignore[attr-defined]


async def test_ctrl_c_cancels_the_run(tmp_path: Path) -> None:
    async def endless(request: Request, emit: Emit) -> None:
        await emit(step_event(EventKind.STEP_COMPLETE, INPUT, "begun"))
        await anyio.sleep_forever()

    async with served(settings(tmp_path), ScriptedExecutor(endless)) as port:
        with (tmp_path / "out.txt").open("wb") as out:
            asking = subprocess.Popen(  # noqa: ASYNC220 - to start it is all that this takes
                [
                    *(sys.executable, "-m", "ryx_dash", "ask", "hello"),
                    *("--url", f"http://127.0.0.1:{port}"),
                ],
                stdout=out,
                stderr=out,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        try:
            await anyio.to_thread.run_sync(
                until, lambda: "begun" in (tmp_path / "out.txt").read_text()
            )
            asking.send_signal(signal.SIGINT)
            status = await anyio.to_thread.run_sync(asking.wait, 20)
        finally:
            asking.kill()
    assert status == 130
    assert "cancelled" in (tmp_path / "out.txt").read_text()
