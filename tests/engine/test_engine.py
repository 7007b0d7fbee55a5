"""Whole runs on real files, with and without a model server."""

import asyncio
import os
import shutil
from pathlib import Path

import anyio
import pytest

from ryx_dash.engine.engine import Engine
from ryx_dash.engine.limits import Limits
from ryx_dash.errors import LogFull, WorkspaceError
from ryx_dash.protocol.events import Draft
from ryx_dash.protocol.executor import Request
from ryx_dash.protocol.steps import STEPS
from ryx_dash.settings import load
from tests.engine.runs import FACT, NOBODY, QUESTION, Recorder, an_engine, files, run
from tests.fakes.llm import serve_llm

NAMES = [step.name for step in STEPS]


async def test_a_fact_is_found_without_a_model(tmp_path: Path) -> None:
    async with an_engine(tmp_path) as engine:
        recorder = await run(engine)
    assert [e.step for e in recorder.of("step_start")] == NAMES
    assert [e.step for e in recorder.of("step_complete")] == NAMES
    assert not any(e.data.get("skipped") for e in recorder.of("step_complete"))
    assert recorder.last.event == "workflow_complete"
    response = recorder.last.data["response"]
    assert "7421" in response
    assert "`notes.md:3`" in response
    assert {"path": "notes.md", "line": 3, "verified": True} in recorder.last.data["citations"]
    assert NOBODY in response
    assert "ollama pull qwen2.5:3b" in response
    assert recorder.text == response


async def test_every_event_has_its_node_and_its_latency(tmp_path: Path) -> None:
    async with an_engine(tmp_path) as engine:
        recorder = await run(engine)
    nodes = {step.name: step.node for step in STEPS}
    for event in recorder.events[:-1]:
        assert event.node == nodes[event.step]
    for event in [*recorder.of("step_complete"), *recorder.of("tool_result"), recorder.last]:
        assert event.latency is not None
        assert event.latency >= 0


async def test_with_a_model_the_answer_is_streamed_and_uses_tools(tmp_path: Path) -> None:
    answer = "It is **7421** (`notes.md:3`), not as `cooking.md:77` has it."
    with serve_llm(answer=answer) as llm:
        llm.tool_calls = [
            ("search_local", {"query": "Zephyr"}),
            ("read_file", {"path": "notes.md"}),
        ]
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await run(engine)
    assert recorder.text == recorder.last.data["response"] == answer
    assert recorder.last.data["citations"] == [
        {"path": "notes.md", "line": 3, "verified": True},
        {"path": "cooking.md", "line": 77, "verified": False},
    ]
    assert recorder.data("model_selection")["chosen_by"] == "intent"
    assert recorder.data("tool_selection")["selected_by"] == "model"
    assert {e.data["tool"] for e in recorder.of("tool_call")} == {"search_local", "read_file"}
    assert all(e.data["success"] for e in recorder.of("tool_result"))
    figures = recorder.data("llm_response")
    assert figures["model"] == "qwen2.5:3b"
    assert figures["extractive"] is False
    assert (figures["prompt_tokens"], figures["completion_tokens"]) == (11, 8)
    assert figures["time_to_first_token"] > 0
    [asked_tools, asked_answer] = llm.chats
    assert {t["function"]["name"] for t in asked_tools["tools"]} == {"search_local", "read_file"}
    assert f"3: {FACT}" in asked_answer["messages"][-1]["content"]


async def test_the_persons_model_is_used(tmp_path: Path) -> None:
    with serve_llm(models={"qwen2.5:3b": 1, "tiny:1b": 2}) as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await run(engine, model="tiny:1b")
    assert recorder.data("model_selection")["chosen_by"] == "person"
    assert [chat["model"] for chat in llm.chats] == ["tiny:1b", "tiny:1b"]


async def test_small_talk_searches_nothing(tmp_path: Path) -> None:
    async with an_engine(tmp_path) as engine:
        recorder = await run(engine, "Hello!")
    skipped = [e.step for e in recorder.of("step_complete") if e.data.get("skipped")]
    assert skipped == ["tool_execution", "rag_context"]
    assert "nothing was searched" in recorder.last.data["response"]


async def test_an_answer_that_found_nothing_says_what_was_searched(tmp_path: Path) -> None:
    async with an_engine(tmp_path) as engine:
        recorder = await run(engine, "Where is the xylophone?")
    assert "Nothing in 2 files speaks of `xylophone`." in recorder.last.data["response"]
    assert recorder.last.data["citations"] == []


async def test_a_file_that_is_asked_for_is_read_and_quoted(tmp_path: Path) -> None:
    async with an_engine(tmp_path) as engine:
        recorder = await run(engine, "Show cooking.md")
    assert recorder.of("tool_call")[0].data["args"] == {"path": "cooking.md"}
    assert "Boil water" in recorder.last.data["response"]
    assert "`cooking.md:1`" in recorder.last.data["response"]


async def test_a_name_that_may_be_no_file_is_read_when_it_is_one(tmp_path: Path) -> None:
    (files(tmp_path) / "node.js").write_text("zephyr()\n")
    (tmp_path / "outside.js").write_text("secret()\n")
    (files(tmp_path) / "link.js").symlink_to(tmp_path / "outside.js")
    async with an_engine(tmp_path) as engine:
        there = await run(engine, "How fast is node.js?")
        not_there = await run(engine, "How fast is three.js?")
        link = await run(engine, "How fast is link.js?")
    assert there.of("tool_call")[0].data["args"] == {"path": "node.js"}
    for recorder in (not_there, link):
        assert [e.data["tool"] for e in recorder.of("tool_call")] == ["search_local"]


async def test_a_path_outside_is_a_failed_call_in_a_run_that_succeeds(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("hunter2")
    async with an_engine(tmp_path) as engine:
        recorder = await run(engine, "Read ../secret.txt")
    [failed] = [e for e in recorder.of("tool_result") if not e.data["success"]]
    assert failed.data["output"] is None
    assert "outside the workspace" in failed.data["error"]
    assert recorder.last.event == "workflow_complete"
    assert "hunter2" not in str(recorder.events)


@pytest.mark.parametrize("query", ["", " \n\t ", "\x00\x07", "x" * 32_001])
async def test_bad_input_fails_the_first_step(tmp_path: Path, query: str) -> None:
    async with an_engine(tmp_path) as engine:
        recorder = await run(engine, query)
    assert [e.event for e in recorder.events] == ["step_start", "step_error", "workflow_error"]
    assert recorder.events[1].message == recorder.last.message
    assert recorder.last.data == {"code": "step_failed", "step": "input_reception"}


async def test_a_busy_model_server_is_tried_again_and_seen(tmp_path: Path) -> None:
    with serve_llm(statuses=[503, 200, 429, 503]) as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await run(engine)
    assert recorder.last.event == "workflow_complete"
    retries = [e for e in recorder.of("step_progress") if "attempt" in e.data]
    assert [(e.step, e.data["attempt"]) for e in retries] == [
        ("tool_selection", 2),
        ("llm_response", 2),
        ("llm_response", 3),
    ]
    assert all(e.data["warning"] and "overloaded" in e.data["reason"] for e in retries)


async def test_a_model_server_that_stays_busy_fails_the_run(tmp_path: Path) -> None:
    with serve_llm(statuses=[503, 503, 503]) as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await run(engine)
    assert recorder.last.event == "workflow_error"
    assert recorder.last.data == {"code": "step_failed", "step": "tool_selection"}
    assert recorder.last.message.endswith("Tried 3 times.")


async def test_a_stream_that_breaks_is_not_repeated(tmp_path: Path) -> None:
    with serve_llm(answer="x" * 40, breaks_after=2) as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await run(engine)
    assert recorder.text == "x" * 16
    assert recorder.last.data == {"code": "step_failed", "step": "llm_response"}
    assert "broke off after 16 characters" in recorder.last.message
    assert len(llm.chats) == 2


async def test_a_stream_that_breaks_at_once_is_tried_again(tmp_path: Path) -> None:
    with serve_llm(breaks_after=0) as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await run(engine)
    assert len(llm.chats) == 4
    assert recorder.last.event == "workflow_error"


async def test_an_empty_answer_is_tried_again_and_then_fails(tmp_path: Path) -> None:
    with serve_llm(answer="") as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await run(engine)
    assert len(llm.chats) == 4
    assert "answered with nothing" in recorder.last.message


async def test_a_blank_answer_fails(tmp_path: Path) -> None:
    with serve_llm(answer="  \n ") as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await run(engine)
    assert recorder.last.message == "qwen2.5:3b answered with nothing."


async def test_a_model_that_takes_no_tools_leaves_them_to_the_rules(tmp_path: Path) -> None:
    with serve_llm(refuses_tools=True) as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await run(engine)
    chosen = recorder.data("tool_selection")
    assert chosen["selected_by"] == "rules"
    assert "does not support tools" in chosen["refused"]
    [note] = recorder.of("step_progress", "tool_selection")
    assert note.data["warning"]
    assert recorder.last.event == "workflow_complete"


async def test_calls_that_cannot_be_made_are_dropped_and_named(tmp_path: Path) -> None:
    with serve_llm() as llm:
        llm.tool_calls = [
            ("rm_rf", {}),
            ("search_local", "{not json"),
            ("search_local", {"query": "Zephyr"}),
        ]
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await run(engine)
    chosen = recorder.data("tool_selection")
    assert [call["tool"] for call in chosen["calls"]] == ["search_local"]
    assert [d["tool"] for d in chosen["dropped"]] == ["rm_rf", "search_local"]
    [done] = recorder.of("step_complete", "tool_selection")
    assert done.message == "search_local chosen by model; 2 dropped"


async def test_an_answer_that_is_cut_says_so(tmp_path: Path) -> None:
    with serve_llm(finish_reason="length", says_usage=False) as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await run(engine)
    [done] = recorder.of("step_complete", "llm_response")
    assert done.message == "qwen2.5:3b; cut at the model's limit"
    assert done.data["completion_tokens"] is None
    assert done.data["tokens_per_second"] is None


async def test_a_hanging_model_ends_at_the_steps_limit(tmp_path: Path) -> None:
    with serve_llm(hold_after=1) as llm:
        limits = Limits(step=1.5, backoff=0.001)
        async with an_engine(tmp_path, llm_url=llm.url, limits=limits) as engine:
            recorder = await run(engine)
        assert llm.hung_up.wait(5)
    assert recorder.last.message == "Response took longer than 1.5 s."
    assert recorder.last.data == {"code": "step_failed", "step": "llm_response"}


async def test_a_run_ends_at_its_limit(tmp_path: Path) -> None:
    with serve_llm(hold_after=1) as llm:
        limits = Limits(run=1.5, backoff=0.001)
        async with an_engine(tmp_path, llm_url=llm.url, limits=limits) as engine:
            recorder = await run(engine)
    assert [e.event for e in recorder.events[-2:]] == ["step_error", "workflow_error"]
    assert recorder.last.data == {"code": "run_timeout", "step": "llm_response"}
    assert "limit of 1.5 s" in recorder.last.message


async def test_cancelling_hangs_up_on_the_model(tmp_path: Path) -> None:
    with serve_llm(hold_after=1) as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            recorder = await cancelled_at("llm_token", engine)
        assert llm.hung_up.wait(5)
    assert recorder.last.event == "llm_token"


async def test_cancelling_hangs_up_on_the_choice_of_tools(tmp_path: Path) -> None:
    with serve_llm() as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            await engine.models()
            llm.delay = 60
            recorder = await cancelled_at("step_start", engine, step="tool_selection")
    assert recorder.last.step == "tool_selection"


async def test_cancelling_stops_a_running_tool(tmp_path: Path) -> None:
    with serve_llm(delay=60) as silent:
        search = silent.url.removesuffix("/v1")
        async with an_engine(tmp_path, search_url=search) as engine:
            recorder = await cancelled_at("tool_call", engine, data="search_web")
        assert silent.hung_up.wait(5)
    assert not recorder.of("step_complete", "tool_execution")


async def cancelled_at(kind: str, engine: Engine, *, step: str = "", data: str = "") -> Recorder:
    """A run whose task is cancelled once it has emitted such an event."""
    recorder = Recorder()
    task = asyncio.ensure_future(engine.execute(Request(run_id="r", input=QUESTION), recorder))
    await recorder.until(kind, step, data)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    return recorder


async def test_runs_go_side_by_side(tmp_path: Path) -> None:
    with serve_llm(hold_after=1) as llm:
        async with (
            an_engine(tmp_path, llm_url=llm.url) as engine,
            anyio.create_task_group() as tasks,
        ):
            slow, quick = Recorder(), Recorder()
            tasks.start_soon(engine.execute, Request(run_id="a", input=QUESTION), slow)
            await slow.until("llm_token")
            llm.hold_after = None
            await engine.execute(Request(run_id="b", input=QUESTION), quick)
            assert quick.last.event == "workflow_complete"
            assert slow.last.event == "llm_token"
            llm.release.set()
    assert slow.last.event == "workflow_complete"


async def test_a_log_that_fails_ends_the_run_with_its_error(tmp_path: Path) -> None:
    async def full(draft: Draft) -> None:
        if draft.event == "tool_call":
            raise LogFull("The disk is full.")

    async with an_engine(tmp_path) as engine:
        with pytest.raises(LogFull):
            await engine.execute(Request(run_id="r", input=QUESTION), full)


async def test_models_lists_installed_ones_and_then_known_ones(tmp_path: Path) -> None:
    with serve_llm(models={"phi:1b": 7, "nomic-embed-text": 3}) as llm:
        async with an_engine(tmp_path, llm_url=llm.url) as engine:
            models = await engine.models()
    assert [(m.id, m.size, m.available) for m in models] == [
        ("phi:1b", 7, True),
        ("qwen2.5:3b", None, False),
        ("mistral:7b", None, False),
        ("qwen2.5-coder:14b", None, False),
    ]


async def test_a_missing_model_is_no_problem_a_missing_workspace_is(tmp_path: Path) -> None:
    async with an_engine(tmp_path) as engine:
        assert await engine.problem() is None
        shutil.rmtree(files(tmp_path))
        problem = await engine.problem()
    assert problem is not None
    assert str(tmp_path / "files") in problem
    assert os.strerror(2).lower() in problem


def test_a_workspace_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    settings = load({"RYX_WORKSPACE": str(gone), "RYX_DATA_DIR": str(tmp_path)})
    gone.rmdir()
    with pytest.raises(WorkspaceError):
        Engine(settings)
