"""``search_web`` against a SearXNG over real HTTP."""

import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from ryx_dash.engine.tools import search_web as module
from ryx_dash.engine.tools.search_web import SearchWeb
from ryx_dash.errors import Transient
from ryx_dash.web import Web
from tests.fakes.searxng import SearXNG


@pytest.fixture
def searxng() -> Iterator[SearXNG]:
    with SearXNG().running() as server:
        yield server


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    web = Web()
    yield web
    await web.aclose()


async def test_gives_titles_addresses_and_snippets(searxng: SearXNG, web: Web) -> None:
    outcome = await SearchWeb(searxng.url + "/", web).call({"query": "wind & tide"})
    assert outcome.output == {
        "query": "wind & tide",
        "results": [
            {"title": "Zephyr", "url": "https://example.org/zephyr", "snippet": "A west wind."},
            {"title": "Gale", "url": "http://example.org/gale", "snippet": "A strong wind."},
        ],
    }
    assert (outcome.error, outcome.summary) == (None, "2 results")
    assert searxng.queries == [("/search", {"q": ["wind & tide"], "format": ["json"]})]


async def test_keeps_only_what_a_browser_may_open(searxng: SearXNG, web: Web) -> None:
    good = {"url": "https://example.org/"}
    bad: list[Any] = ["javascript:alert(1)", "data:text/html,x", "ftp://example.org/", "/relative"]
    bad += ["https://", "https://[", 7, None]
    searxng.results = [*({"url": url} for url in bad), "text", None, {}, good]
    outcome = await SearchWeb(searxng.url, web).call({"query": "x"})
    assert outcome.output is not None
    assert outcome.output["results"] == [
        {"title": "https://example.org/", "url": "https://example.org/", "snippet": ""}
    ]
    assert outcome.summary == "1 result"


async def test_gives_at_most_ten_and_short_ones(searxng: SearXNG, web: Web) -> None:
    result = {"title": "t" * 5000, "content": "c" * 5000}
    searxng.results = [{**result, "url": f"https://example.org/{n}"} for n in range(30)]
    outcome = await SearchWeb(searxng.url, web).call({"query": "x"})
    assert outcome.output is not None
    results = outcome.output["results"]
    assert [found["url"][-2:] for found in results] == [f"/{n}" for n in range(10)]
    assert (len(results[0]["title"]), len(results[0]["snippet"])) == (300, 1000)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, b"", "add json to search.formats"),
        (404, b"", "status 404"),
        (301, b"", "status 301"),
        (200, b"<html>", "not answer as SearXNG does"),
        (200, b"[]", "not answer as SearXNG does"),
        (200, b'{"results": {}}', "not answer as SearXNG does"),
        (200, b"[" * 100_000, "not answer as SearXNG does"),
        (200, b"\xff\xfe\xff", "not answer as SearXNG does"),
    ],
)
async def test_says_what_is_wrong_with_the_server(
    searxng: SearXNG, web: Web, status: int, body: bytes, words: str
) -> None:
    searxng.status, searxng.body = status, body
    outcome = await SearchWeb(searxng.url, web).call({"query": "x"})
    assert outcome.output is None
    assert outcome.error is not None
    assert words in outcome.error


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_passing_fault_is_worth_another_try(
    searxng: SearXNG, web: Web, status: int
) -> None:
    searxng.status = status
    with pytest.raises(Transient, match=f"status {status}"):
        await SearchWeb(searxng.url, web).call({"query": "x"})


async def test_a_refused_connection_is_worth_another_try(web: Web) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(Transient, match="cannot be reached"):
            await SearchWeb(url, web).call({"query": "x"})


async def test_a_server_that_does_not_answer(
    searxng: SearXNG, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.05)
    searxng.hold = True
    with pytest.raises(Transient):
        await SearchWeb(searxng.url, web).call({"query": "x"})


async def test_an_answer_without_end_is_cut(
    searxng: SearXNG, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_BYTES", 100_000)
    searxng.body = b'{"results": [' + b" " * 300_000 + b"]}"
    outcome = await SearchWeb(searxng.url, web).call({"query": "x"})
    assert outcome.error is not None


async def test_can_be_cancelled(searxng: SearXNG, web: Web) -> None:
    searxng.hold = True
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(SearchWeb(searxng.url, web).call, {"query": "x"})
        await anyio.to_thread.run_sync(searxng.asked.wait)
        tasks.cancel_scope.cancel()
    assert len(searxng.queries) == 1


async def test_arguments_are_checked(web: Web) -> None:
    for args in ({}, {"query": ""}, {"query": "x" * 501}, {"query": None}):
        outcome = await SearchWeb("http://127.0.0.1:1", web).call(args)
        assert outcome.error is not None
        assert outcome.error.startswith("search_web: query: ")
