"""Who may come in: token, Host and Origin."""

from typing import Any

import httpx
import pytest
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ryx_dash.door import Door
from ryx_dash.settings import Settings

TOKEN = "s3cret-Ω"


async def room(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/html":
        await HTMLResponse("hello")(scope, receive, send)
    else:
        await PlainTextResponse("hello")(scope, receive, send)


def door(**settings: Any) -> ASGIApp:
    return Door(room, Settings(**settings), csp="default-src 'self'")


def client(app: ASGIApp, **kwargs: Any) -> httpx.AsyncClient:
    kwargs.setdefault("base_url", "http://127.0.0.1:8050")
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), **kwargs)


async def test_without_a_token_loopback_is_let_in() -> None:
    for host in ("127.0.0.1:8050", "localhost:8050", "[::1]:8050"):
        async with client(door(), base_url=f"http://{host}") as visitor:
            assert (await visitor.get("/")).status_code == 200


async def test_another_host_is_a_rebinding_attack() -> None:
    async with client(door(), base_url="http://evil.example:8050") as visitor:
        answer = await visitor.get("/api/runs")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "bad_host"


async def test_the_host_of_an_allowed_origin_is_known() -> None:
    app = door(allowed_origins=("https://dash.example",))
    async with client(app, base_url="http://dash.example") as visitor:
        assert (await visitor.get("/")).status_code == 200


@pytest.mark.parametrize("host", ["", "[::1", "a b"])
async def test_a_broken_host_is_refused(host: str) -> None:
    async with client(door()) as visitor:
        assert (await visitor.get("/", headers={"host": host})).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999"])
async def test_a_foreign_page_may_not_change_anything(origin: str) -> None:
    async with client(door()) as visitor:
        answer = await visitor.post("/api/runs", headers={"origin": origin})
        assert answer.json()["error"]["code"] == "bad_origin"
        assert (await visitor.get("/", headers={"origin": origin})).status_code == 200


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8050", "https://dash.example"])
async def test_our_own_page_and_allowed_ones_may(origin: str) -> None:
    async with client(door(allowed_origins=("https://dash.example",))) as visitor:
        assert (await visitor.post("/", headers={"origin": origin})).status_code == 200


async def test_a_token_is_asked_for() -> None:
    async with client(door(token=TOKEN)) as visitor:
        answer = await visitor.get("/api/runs")
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "unauthorized"
        assert answer.headers["www-authenticate"] == "Bearer"
        page = await visitor.get("/", headers={"accept": "text/html"})
        assert page.status_code == 401
        assert "?token=" in page.text
        assert TOKEN not in page.text


async def test_health_needs_none() -> None:
    async with client(door(token=TOKEN)) as visitor:
        assert (await visitor.get("/health")).status_code == 200


async def test_a_program_sends_it_as_bearer() -> None:
    for given, status in ((TOKEN, 200), ("wrong", 401), ("", 401)):
        headers = {"authorization": f"Bearer {given}".encode()}
        async with client(door(token=TOKEN)) as visitor:
            answer = await visitor.get("/", headers=headers)
        assert answer.status_code == status


async def test_a_link_is_turned_into_a_cookie() -> None:
    async with client(door(token=TOKEN)) as visitor:
        answer = await visitor.get("/runs/x", params={"token": TOKEN, "seq": "5"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/runs/x?seq=5"
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert TOKEN not in cookie
        assert (await visitor.get("/runs/x")).status_code == 200


async def test_a_wrong_link_or_cookie_does_not_open() -> None:
    async with client(door(token=TOKEN)) as visitor:
        assert (await visitor.get("/?token=wrong")).status_code == 401
        for cookie in ("ryx_dash_8050=wrong", f"ryx_dash_8050={'0' * 64}", "=;;=\x01"):
            answer = await visitor.get("/", headers={"cookie": cookie})
            assert answer.status_code == 401


async def test_the_redirect_stays_here() -> None:
    async with client(door(token=TOKEN)) as visitor:
        url = httpx.URL(
            "http://127.0.0.1:8050", raw_path=b"//evil.example/?token=" + b"s3cret-%CE%A9"
        )
        answer = await visitor.get(url)
        assert answer.headers["location"] == "/evil.example/"


async def test_headers_of_every_answer() -> None:
    async with client(door()) as visitor:
        plain, html = await visitor.get("/"), await visitor.get("/html")
    for answer in (plain, html):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
    assert html.headers["content-security-policy"] == "default-src 'self'"
    assert "content-security-policy" not in plain.headers


async def test_a_websocket_is_denied_before_it_opens() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    for extensions, first in (
        ({}, {"type": "websocket.close", "code": 1008}),
        ({"websocket.http.response": {}}, None),
    ):
        sent.clear()
        scope = {
            "type": "websocket",
            "path": "/api/workflow/stream",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1:8050")],
            "extensions": extensions,
        }
        await door(token=TOKEN)(scope, receive, send)
        if first:
            assert sent == [first]
        else:
            assert sent[0]["status"] == 401
