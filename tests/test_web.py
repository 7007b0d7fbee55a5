"""The HTTP client for other servers is made when it is needed, once."""

import anyio

from ryx_dash.web import Web


async def test_all_who_ask_get_one_client() -> None:
    web = Web(timeout=7.0)
    got = []

    async def ask() -> None:
        got.append(await web.client())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        tasks.start_soon(ask)
    first, second = got
    assert first is second
    assert first.timeout.connect == 7.0
    await web.aclose()
    assert first.is_closed


async def test_one_that_was_never_needed_closes_too() -> None:
    await Web().aclose()
