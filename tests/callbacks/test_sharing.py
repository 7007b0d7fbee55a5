"""Pages that ask the same: who is answered by Dash, and who gets what another was given."""

import json
from typing import Any

import anyio
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ryx_dash.callbacks.sharing import LONGEST, MOST, PATH, SECONDS, Sharing, question_in


def request(n: int = 7, head: int = 12, **changes: Any) -> dict[str, Any]:
    """What a page sends that shows a run up to 9."""
    frame = {"n": n, "run": "r1", "head": head, "acks": [], "link": {"heard": n / 10}}
    shown = {
        "n": n - 1,
        "run": "r1",
        "log": "l1",
        "seq": 9,
        "quiet": n * 3.1,
        "drawn": {"facts": "a"},
    }
    values = {
        "ws.message": {"data": json.dumps(frame), "timeStamp": n * 1.7},
        "filter-text.value": "",
        "shown.data": shown,
        **changes,
    }
    given = [
        {"id": name.partition(".")[0], "property": name.partition(".")[2], "value": value}
        for name, value in values.items()
    ]
    return {
        "output": "..ws.send...shown.data..",
        "changedPropIds": ["ws.message"],
        "inputs": given[:2],
        "state": given[2:],
    }


class Dash:
    """Answers as Dash does, and counts; each answer waits for ``free``."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked = 0
        self.free = anyio.Event()
        self.free.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        parts = [await receive()]
        while parts[-1]["more_body"]:
            parts.append(await receive())
        body = b"".join(part["body"] for part in parts)
        await self.free.wait()
        asked = json.loads(body)
        frame = json.loads(asked["inputs"][0]["value"]["data"])
        drawn = {"type": "shown", "n": frame["n"], "run": "r1", "seq": 14}
        views = {
            "ws": {"send": json.dumps({"c": str(self.asked), "m": [drawn]})},
            "shown": {"data": {"n": frame["n"], "run": "r1", "seq": 14}},
            "facts": {"children": f"answer {self.asked}"},
        }
        answer = json.dumps({"multi": True, "response": views}).encode()
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": answer[:20], "more_body": True})
        await send({"type": "http.response.body", "body": answer[20:]})


async def ask(app: ASGIApp, body: dict[str, Any], path: str = PATH) -> dict[str, Any]:
    """The views for a request."""
    text = json.dumps(body).encode()
    parts = [text[:100], text[100:]] if isinstance(app, Sharing) else [text]
    waiting: list[Message] = [
        {"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)
    views: dict[str, Any] = json.loads(b"".join(m.get("body", b"") for m in sent))["response"]
    return views


async def test_the_second_page_gets_the_first_ones_answer_with_its_own_number() -> None:
    dash = Dash()
    app = Sharing(dash)
    first, second = await ask(app, request(7)), await ask(app, request(31))
    assert dash.asked == 1
    assert first["facts"] == second["facts"] == {"children": "answer 1"}
    assert second["shown"]["data"] == {"n": 31, "run": "r1", "seq": 14}
    envelope = json.loads(second["ws"]["send"])
    assert envelope["m"] == [{"type": "shown", "n": 31, "run": "r1", "seq": 14}]
    assert envelope["c"] != json.loads(first["ws"]["send"])["c"]


async def test_who_asks_meanwhile_waits_for_the_answer() -> None:
    dash = Dash()
    dash.free = anyio.Event()
    app = Sharing(dash)
    answers: list[dict[str, Any]] = []

    async def one(n: int) -> None:
        answers.append(await ask(app, request(n)))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            for n in range(1, 21):
                tasks.start_soon(one, n)
            await anyio.wait_all_tasks_blocked()
            dash.free.set()
    assert dash.asked == 1
    assert sorted(views["shown"]["data"]["n"] for views in answers) == list(range(1, 21))


async def test_an_answer_is_given_to_others_for_a_moment_only() -> None:
    moment = [100.0]
    dash = Dash()
    app = Sharing(dash, clock=lambda: moment[0])
    await ask(app, request(1))
    moment[0] += SECONDS
    await ask(app, request(2))
    assert dash.asked == 2


async def test_only_so_many_answers_are_remembered() -> None:
    dash = Dash()
    app = Sharing(dash)
    for head in range(10, 11 + MOST):
        await ask(app, request(head=head))
    await ask(app, request(head=10))
    assert dash.asked == MOST + 2
    await ask(app, request(head=10))
    assert dash.asked == MOST + 2


async def test_an_error_is_nobody_elses() -> None:
    dash = Dash(status=500)
    app = Sharing(dash)
    await ask(app, request(1))
    await ask(app, request(2))
    assert dash.asked == 2


@pytest.mark.parametrize(
    "other",
    [
        {"head": 13},
        {"filter-text.value": "x"},
        {"shown.data": {"n": 6, "run": "r1", "log": "l1", "seq": 8, "drawn": {"facts": "a"}}},
        {"shown.data": {"n": 6, "run": "r1", "log": "l1", "seq": 9, "drawn": {"facts": "b"}}},
        {"shown.data": {"n": 6, "run": "r2", "log": "l1", "seq": 9, "drawn": {"facts": "a"}}},
    ],
)
async def test_who_asks_something_else_is_answered_anew(other: dict[str, Any]) -> None:
    dash = Dash()
    app = Sharing(dash)
    await ask(app, request())
    await ask(app, request(**other))
    assert dash.asked == 2


async def test_other_paths_pass() -> None:
    dash = Dash()
    app = Sharing(dash)
    body = {**request(), "changedPropIds": ["filter-text.value"]}
    await ask(app, body)
    await ask(app, body)
    assert dash.asked == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'"ws.message"',
        b'{"changedPropIds":["ws.message"]}',
        b'{"changedPropIds":["ws.message"],"inputs":[1],"state":[]}',
        b'["ws.message"]' + b"[" * 30_000,
        json.dumps(request(head=9)).encode(),  # no news: the page may be told of something else
        json.dumps({**request(), "changedPropIds": ["filter-text.value"]}).encode(),
        json.dumps(request(**{"ws.message": None})).encode(),
        json.dumps(request(**{"filter-text.value": "x" * LONGEST})).encode(),
    ],
)
def test_what_cannot_be_shared_is_no_question(body: bytes) -> None:
    assert question_in(body) is None
