"""Pages that ask the same get the same answer: drawn once for all who watch a run.

Many pages that follow one run stand at the same place, show it in the same way, and are told of its
growth at the same time (:mod:`live.gateway`). Their requests then differ in nothing but the number
of the frame. The first is answered by Dash; the others, within a second, get that answer with their
own number. It lies at or past what they were told, so it is as good as one of their own.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2s
from typing import Any
from uuid import uuid4

import anyio
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ryx_dash.callbacks import frame as read
from ryx_dash.protocol.frames import Envelope, Shown
from ryx_dash.views import ids

PATH = "/_dash-update-component"

SECONDS = 1.0
"""How long an answer is given to others. A frame that follows brings what is newer."""

MOST = 64
"""Answers that are remembered; one is some 20 KB."""

LONGEST = 65_536
"""Bytes of a request that is looked at; that of a page has some 3,000."""

_MARK = f'["{ids.SOCKET}.message"]'.encode()


@dataclass(frozen=True, slots=True)
class Question:
    """What a page asks for a frame; ``key`` is equal for all that can be given one answer."""

    n: int
    key: str


@dataclass
class _Answer:
    """What the first who asked was given; ``body`` is empty if that is of no use to others."""

    until: float
    ready: anyio.Event = field(default_factory=anyio.Event)
    body: bytes = b""

    @cached_property
    def _parts(self) -> tuple[Shown, dict[str, Any], str] | None:
        """What was shown, the store that says so, and all other views as JSON."""
        try:
            answer = json.loads(self.body)
            views = answer["response"]
            store = views.pop(ids.SHOWN)["data"]
            del views[ids.SOCKET]
            shown = Shown(n=store["n"], run=store["run"], seq=store["seq"])
        except (ValueError, KeyError, TypeError):
            return None
        rest = json.dumps(views, separators=(",", ":"))
        return (shown, store, rest) if answer.keys() == {"multi", "response"} else None

    def of(self, n: int) -> bytes | None:
        """The answer to the same question, asked for frame ``n``."""
        if self._parts is None:
            return None
        shown, store, rest = self._parts
        drawn = Envelope(c=uuid4().hex, m=(shown.model_copy(update={"n": n}),))
        own = {
            ids.SHOWN: {"data": {**store, "n": n}},
            ids.SOCKET: {"send": drawn.model_dump_json()},
        }
        head = json.dumps(own, separators=(",", ":"))[:-1]
        more = f",{rest[1:]}" if rest != "{}" else "}"
        return f'{{"multi":true,"response":{head}{more}}}'.encode()


class Sharing:
    """Answers in front of ``app``, Dash, where another page has asked the same just now."""

    def __init__(self, app: ASGIApp, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._answers: dict[str, _Answer] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        messages = await _body(receive)
        body = b"".join(message.get("body", b"") for message in messages)
        receive = _again(messages, receive)
        question = question_in(body)
        if question is None:
            await self._app(scope, receive, send)
        elif (known := self._known(question.key)) is None:
            await self._ask(question.key, scope, receive, send)
        else:
            await known.ready.wait()
            answer = known.of(question.n)
            serve = self._app if answer is None else _response(answer)
            await serve(scope, receive, send)

    def _known(self, key: str) -> _Answer | None:
        moment = self._clock()
        self._answers = {k: one for k, one in self._answers.items() if one.until > moment}
        return self._answers.get(key)

    async def _ask(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Dash answer, and keep what it says if it is an answer."""
        found = _Answer(self._clock() + SECONDS)
        while len(self._answers) >= MOST:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = found
        parts: list[bytes] = []
        good = False

        async def listen(message: Message) -> None:
            nonlocal good
            if message["type"] == "http.response.start":
                good = message["status"] == 200
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    found.body = b"".join(parts) if good else b""
                    found.ready.set()
            await send(message)

        try:
            await self._app(scope, receive, listen)
        finally:
            found.ready.set()
            if not found.body and self._answers.get(key) is found:
                del self._answers[key]


def question_in(body: bytes) -> Question | None:
    """The question in the request of a page that was sent a frame with news.

    ``None`` for everything else: what a person asks, and frames that say something else than that
    the run has grown, are answered for each page alone.
    """
    if len(body) > LONGEST or _MARK not in body.replace(b" ", b""):
        return None
    try:
        asked = json.loads(body)
        given = {f"{one['id']}.{one['property']}": one for one in asked["inputs"] + asked["state"]}
        message, store = given[f"{ids.SOCKET}.message"], given[f"{ids.SHOWN}.data"]
        frame, shown = read.parse_frame(message["value"]), read.parse_shown(store["value"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if frame is None or frame.run is None or frame.head <= shown.seq:
        return None
    # Of the two only this is looked at: the rest says when they came about, and to whom.
    message["value"], store["value"] = [frame.run, frame.head], repr(replace(shown, n=0))
    text = json.dumps(asked, sort_keys=True)
    return Question(frame.n, blake2s(text.encode(errors="surrogatepass")).hexdigest())


def _response(body: bytes) -> ASGIApp:
    return Response(body, media_type="application/json")


async def _body(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())
    return messages


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Receives what was received already, then what comes."""
    left = iter(messages)

    async def replay() -> Message:
        known = next(left, None)
        return await receive() if known is None else known

    return replay
