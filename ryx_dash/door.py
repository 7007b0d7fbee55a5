"""Who may come in: token, Host and Origin checks, and the headers that every answer carries.

A pure ASGI middleware around the whole server, so that page, REST and WebSocket cannot differ.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ryx_dash.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS = frozenset({"/health"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


class Door:
    """Lets a request through, or answers it with 401 or 403 and a sentence."""

    def __init__(self, app: ASGIApp, settings: Settings, *, csp: str | None = None) -> None:
        self._app = app
        self._token = settings.token.get_secret_value() if settings.token else None
        self._cookie = f"ryx_dash_{settings.port}"
        self._origins = frozenset(settings.allowed_origins)
        self._hosts = LOOPBACK_NAMES | {settings.host.lower()} | set(_hosts(self._origins))
        self._csp = csp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = self._refusal(scope, headers) or self._welcome(scope)
        if answer is None:
            await self._app(scope, receive, self._with_headers(scope, send))
        elif scope["type"] == "http":
            await answer(scope, receive, self._with_headers(scope, send))
        else:
            await _deny_websocket(answer, scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if self._token is None and not self._known_host(headers):
            return _error(
                scope,
                headers,
                403,
                "bad_host",
                f"This dashboard is not served as {headers.get('host', '')[:100]!r}. Open it under "
                "its own address, or add that address to RYX_ALLOWED_ORIGINS.",
            )
        if not self._known_origin(scope, headers):
            return _error(
                scope,
                headers,
                403,
                "bad_origin",
                f"Requests from {headers.get('origin', '')[:100]!r} are refused. Add it to "
                "RYX_ALLOWED_ORIGINS to allow it.",
            )
        if self._token is None or scope["path"] in OPEN_PATHS:
            return None
        if self._presents_token(scope, headers):
            return None
        return _error(
            scope,
            headers,
            401,
            "unauthorized",
            "This dashboard asks for a token. Open the link with ?token=… that was printed when "
            "it started, or send Authorization: Bearer.",
        )

    def _known_host(self, headers: Headers) -> bool:
        """Whether the Host is ours: a page elsewhere can make its own name point to us."""
        return _hostname(f"//{headers.get('host', '')}") in self._hosts

    def _known_origin(self, scope: Scope, headers: Headers) -> bool:
        """Programs send no Origin; browsers do, and cannot lie about it."""
        origin = headers.get("origin")
        if origin is None or (scope["type"] == "http" and scope["method"] in SAFE_METHODS):
            return True
        own = headers.get("host", "").lower()
        return origin in self._origins or urlsplit(origin).netloc.lower() == own != ""

    def _presents_token(self, scope: Scope, headers: Headers) -> bool:
        assert self._token is not None
        # ASGI headers are bytes; Starlette reads them as Latin-1, a token may be any text.
        authorization = headers.get("authorization", "").encode("latin-1").decode(errors="replace")
        scheme, _, bearer = authorization.partition(" ")
        return (
            (scheme.lower() == "bearer" and _same(bearer.strip(), self._token))
            or _same(_query_token(scope) or "", self._token)
            or _same(_cookie(headers, self._cookie), self._session())
        )

    def _session(self) -> str:
        """What the cookie holds: derived from the token, so that the token stays unknown."""
        assert self._token is not None
        return hmac.new(self._token.encode(), b"ryx-dash cookie", sha256).hexdigest()

    def _welcome(self, scope: Scope) -> Response | None:
        """After a link with ``?token=``: the cookie, and the same page without the token."""
        wanted = scope["type"] == "http" and scope["method"] in SAFE_METHODS
        if not wanted or self._token is None or _query_token(scope) is None:
            return None
        query = [(key, value) for key, value in _query(scope) if key != "token"]
        path = "/" + scope["path"].lstrip("/")  # "//host" would lead away
        answer = RedirectResponse(path + ("?" + urlencode(query) if query else ""), 303)
        answer.set_cookie(
            self._cookie,
            self._session(),
            httponly=True,
            samesite="lax",
            secure=scope.get("scheme") == "https",
        )
        return answer

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                html = headers.get("content-type", "").startswith("text/html")
                if html and self._csp is not None:
                    headers.setdefault("content-security-policy", self._csp)
            await send(message)

        return send if scope["type"] != "http" else wrapped


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)


def _query_token(scope: Scope) -> str | None:
    return dict(_query(scope)).get("token")


def _cookie(headers: Headers, name: str) -> str:
    try:
        morsel: Any = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""


def _hostname(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _hosts(origins: Iterable[str]) -> Iterable[str]:
    return (_hostname(origin) for origin in origins)


def _error(scope: Scope, headers: Headers, status: int, code: str, message: str) -> Response:
    extra = {"www-authenticate": "Bearer"} if status == 401 else {}
    html = "text/html" in headers.get("accept", "") and not scope["path"].startswith("/api/")
    if html:
        return HTMLResponse(_PAGE.format(message=escape(message)), status, extra)
    return JSONResponse({"error": {"code": code, "message": message}}, status, extra)


async def _deny_websocket(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if "websocket.http.response" in scope.get("extensions", {}):
        await answer(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008})


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Ryx Dash</title>
<style>body{{background:#21222c;color:#f8f8f2;font:16px/1.6 system-ui,sans-serif;margin:15vh auto;
max-width:36rem;padding:0 1rem}}</style><h1>Ryx Dash</h1><p>{message}</p></html>"""
