import anyio

from ryx_dash.engine.gather import Gatherer

LONG = 60.0


async def test_pieces_of_one_window_are_one_text() -> None:
    sent: list[str] = []
    gatherer = Gatherer(_to(sent), window=LONG)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(gatherer.run)
        for piece in "abc":
            gatherer.add(piece)
            await anyio.lowlevel.checkpoint()
        gatherer.close()
    assert sent == ["abc"]


async def test_a_window_ends_without_further_pieces() -> None:
    sent: list[str] = []
    gatherer = Gatherer(_to(sent), window=0.01)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(gatherer.run)
        for piece in "ab":
            gatherer.add(piece)
            while piece not in "".join(sent):
                await anyio.sleep(0.001)
        gatherer.close()
    assert sent == ["a", "b"]


async def test_what_comes_while_sending_is_sent_next() -> None:
    sent: list[str] = []

    async def send(text: str) -> None:
        if not sent:
            gatherer.add("late")
            gatherer.close()
        sent.append(text)

    gatherer = Gatherer(send, window=0.001)
    gatherer.add("early")
    with anyio.fail_after(10):
        await gatherer.run()
    assert sent == ["early", "late"]


async def test_nothing_is_sent_when_nothing_came() -> None:
    sent: list[str] = []
    gatherer = Gatherer(_to(sent), window=LONG)
    gatherer.close()
    await gatherer.run()
    assert sent == []


def _to(sent: list[str]):  # type: ignore[no-untyped-def]
    async def send(text: str) -> None:
        sent.append(text)

    return send
