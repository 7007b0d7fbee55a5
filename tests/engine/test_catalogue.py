from collections.abc import AsyncIterator, Callable

import anyio
import pytest
from pydantic import SecretStr

from ryx_dash.engine.catalogue import FRESH, RETRY, Catalogue, shown
from ryx_dash.web import Web
from tests.engine.runs import NOBODY
from tests.fakes.llm import serve_llm


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    web = Web()
    yield web
    await web.aclose()


async def test_models_have_sizes_where_the_server_is_an_ollama(web: Web) -> None:
    with serve_llm(models={"a:3b": 7, "org/b": None}) as llm:
        listing = await Catalogue(llm.url, None, web).listing()
    assert [(m.id, m.name, m.size, m.available) for m in listing.models] == [
        ("a:3b", "a:3b", 7, True),
        ("org/b", "b", None, True),
    ]
    assert listing.problem is None


async def test_a_listing_is_good_for_a_minute(web: Web) -> None:
    clock = Clock()
    with serve_llm() as llm:
        catalogue = Catalogue(llm.url, None, web, clock=clock)
        await catalogue.listing()
        clock.now = FRESH - 0.1
        await catalogue.listing()
        assert llm.count("/models") == 1
        clock.now = FRESH
        await catalogue.listing()
        assert llm.count("/models") == 2


async def test_a_server_that_was_not_there_is_asked_again_soon(web: Web) -> None:
    clock = Clock()
    with serve_llm(raw=b"no") as llm:
        catalogue = Catalogue(llm.url, None, web, clock=clock)
        assert (await catalogue.listing()).problem
        llm.raw = None
        clock.now = RETRY
        assert (await catalogue.listing()).problem is None


async def test_askers_at_the_same_time_share_one_request(web: Web) -> None:
    with serve_llm(delay=0.05) as llm:
        catalogue = Catalogue(llm.url, None, web)
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(catalogue.listing)
        assert llm.count("/models") == 1


async def test_an_asker_that_leaves_does_not_harm_the_others(web: Web) -> None:
    with serve_llm(delay=0.2) as llm:
        catalogue = Catalogue(llm.url, None, web)
        async with anyio.create_task_group() as tasks:
            leaving = anyio.CancelScope()
            tasks.start_soon(_within(leaving, catalogue.listing))
            while not llm.requests:
                await anyio.sleep(0.005)
            leaving.cancel()
            assert (await catalogue.listing()).models


def _within(scope: anyio.CancelScope, ask: Callable[[], object]):  # type: ignore[no-untyped-def]
    async def run() -> None:
        with scope:
            await ask()  # type: ignore[misc]

    return run


async def test_nobody_there(web: Web) -> None:
    listing = await Catalogue(NOBODY, None, web).listing()
    assert listing.models == ()
    assert listing.problem == f"nothing answers at {NOBODY}"


async def test_a_slow_server(web: Web) -> None:
    with serve_llm(delay=60) as llm:
        listing = await Catalogue(llm.url, None, web, timeout=0.05).listing()
    assert listing.problem == f"{llm.url} did not answer within 0.05 s"


async def test_the_key_is_sent_and_not_told(web: Web) -> None:
    with serve_llm(key="right") as llm:
        good = await Catalogue(llm.url, SecretStr("right"), web).listing()
        bad = await Catalogue(llm.url, SecretStr("wrong"), web).listing()
    assert good.problem is None
    assert bad.problem == f"{llm.url} refuses the key; set RYX_LLM_KEY"


@pytest.mark.parametrize("raw", [b"<html>", b"[]", b'{"data": 3}', b"[" * 100_000, b"\xff"])
async def test_something_else_answers(web: Web, raw: bytes) -> None:
    with serve_llm(raw=raw) as llm:
        listing = await Catalogue(llm.url, None, web).listing()
    assert listing.problem == f"{llm.url} does not answer as an OpenAI-compatible server does"


async def test_odd_entries_are_left_out(web: Web) -> None:
    raw = b'{"data": [{"id": "a"}, {"id": 3}, "x", {}, {"id": "a"}], "models": [{"name": 1}]}'
    with serve_llm(raw=raw) as llm:
        listing = await Catalogue(llm.url, None, web).listing()
    assert [m.id for m in listing.models] == ["a"]


async def test_another_status(web: Web) -> None:
    with serve_llm() as llm:
        listing = await Catalogue(f"{llm.url}/nowhere", None, web).listing()
    assert listing.problem == f"{llm.url}/nowhere/models answered with status 404"


def test_an_address_is_shown_without_its_password() -> None:
    assert shown("http://me:secret@host:80/v1") == "http://host:80/v1"
    assert shown("http://host/v1") == "http://host/v1"
