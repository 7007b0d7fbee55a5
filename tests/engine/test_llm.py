import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from pydantic import SecretStr

from ryx_dash.engine.llm import AskedCall, End, Llm, Piece, ToolsRefused
from ryx_dash.errors import StepFailed, Transient
from tests.engine.runs import NOBODY
from tests.fakes.llm import serve_llm

KEY = "sk-very-secret"
MESSAGES = [{"role": "user", "content": "Why?"}]
FUNCTIONS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]


@asynccontextmanager
async def asking(url: str, key: str | None = None) -> AsyncIterator[Llm]:
    llm = Llm(url, SecretStr(key) if key else None)
    try:
        yield llm
    finally:
        await llm.aclose()


async def streamed(llm: Llm) -> list[Piece | End]:
    async with aclosing(llm.stream("m", MESSAGES)) as pieces:
        return [piece async for piece in pieces]


async def test_a_stream_gives_pieces_and_its_end() -> None:
    with serve_llm(answer="12345678abc") as fake:
        async with asking(fake.url) as llm:
            assert await streamed(llm) == [Piece("12345678"), Piece("abc"), End("stop", 11, 2)]
    [chat] = fake.chats
    assert chat["model"] == "m"
    assert chat["messages"] == MESSAGES


async def test_a_server_that_counts_nothing() -> None:
    with serve_llm(says_usage=False) as fake:
        async with asking(fake.url) as llm:
            assert (await streamed(llm))[-1] == End("stop", None, None)


async def test_leaving_a_stream_hangs_up() -> None:
    with serve_llm(hold_after=1) as fake:
        async with asking(fake.url) as llm, aclosing(llm.stream("m", MESSAGES)) as pieces:
            async for _ in pieces:
                break
        assert fake.hung_up.wait(5)


async def test_calls_come_as_the_model_wrote_them() -> None:
    with serve_llm(tool_calls=[("f", {"a": 1}), ("g", "{oops")]) as fake:
        async with asking(fake.url) as llm:
            calls = await llm.choose_tools("m", MESSAGES, FUNCTIONS)
    assert calls == [AskedCall("f", '{"a": 1}'), AskedCall("g", "{oops")]


async def test_no_calls() -> None:
    with serve_llm() as fake:
        async with asking(fake.url) as llm:
            assert await llm.choose_tools("m", MESSAGES, FUNCTIONS) == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, StepFailed),
        (401, StepFailed),
        (404, StepFailed),
        (408, Transient),
        (429, Transient),
        (500, Transient),
        (503, Transient),
    ],
)
async def test_statuses(status: int, kind: type[Exception]) -> None:
    with serve_llm(statuses=[status], reason="because") as fake:
        async with asking(fake.url) as llm:
            with pytest.raises(kind) as caught:
                await streamed(llm)
    assert f"status {status}" in str(caught.value)
    assert "because" in str(caught.value)
    assert len(fake.chats) == 1


@pytest.mark.parametrize(
    ("status", "reason", "refused"),
    [
        (400, "no", True),
        (422, "no", True),
        (501, "no", True),
        (500, "tools param requires --jinja flag", True),
        (500, "oops", False),
        (404, "no such model", False),
    ],
)
async def test_refusing_tools_is_told_from_other_failures(
    status: int, reason: str, refused: bool
) -> None:
    with serve_llm(statuses=[status], reason=reason) as fake:
        async with asking(fake.url) as llm:
            with pytest.raises((StepFailed, Transient)) as caught:
                await llm.choose_tools("m", MESSAGES, FUNCTIONS)
    assert isinstance(caught.value, ToolsRefused) is refused


async def test_nobody_there() -> None:
    async with asking(NOBODY) as llm:
        with pytest.raises(Transient, match=f"The connection to the model server {NOBODY} failed"):
            await streamed(llm)


async def test_an_error_in_the_stream() -> None:
    with serve_llm(raw=b'data: {"error": {"message": "out of memory"}}\n\n') as fake:
        async with asking(fake.url) as llm:
            with pytest.raises(StepFailed, match=r"The model server failed: out of memory\."):
                await streamed(llm)


async def test_a_connection_that_breaks() -> None:
    with serve_llm(answer="x" * 40, breaks_after=2) as fake:
        async with asking(fake.url) as llm:
            with pytest.raises(Transient):
                await streamed(llm)


@pytest.mark.parametrize(
    "raw", [b"<html>", b'"text"', b"{}", b'{"choices": 3}', b"data: {oops\n\n"]
)
async def test_something_else_answers(raw: bytes) -> None:
    with serve_llm(raw=raw) as fake:
        async with asking(fake.url) as llm:
            with pytest.raises(StepFailed, match="no OpenAI-compatible server gives"):
                await llm.choose_tools("m", MESSAGES, FUNCTIONS)


async def test_the_key_is_sent_and_never_told() -> None:
    with serve_llm(key="another") as fake:
        async with asking(fake.url, KEY) as llm:
            with pytest.raises(StepFailed) as caught:
                await streamed(llm)
    assert fake.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in str(caught.value)
    assert "Check RYX_LLM_KEY." in str(caught.value)


async def test_a_long_reason_is_cut_to_one_line() -> None:
    with serve_llm(statuses=[400], reason="a\nb " * 900) as fake:
        async with asking(fake.url) as llm:
            with pytest.raises(StepFailed) as caught:
                await streamed(llm)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


async def test_what_the_environment_says_of_openai_stays_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-secret")
    with serve_llm() as fake:
        async with asking(fake.url) as llm:
            await streamed(llm)
    assert "secret" not in str(fake.requests[0].headers)


def test_the_client_libraries_are_not_imported_before_they_are_needed() -> None:
    names = "{'openai', 'httpx'}"
    program = f"import sys, ryx_dash.factory; sys.exit(bool({names} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", program], check=True)
