"""Faults of the network between page and server, at the level of bytes and of messages."""

from collections.abc import Callable
from random import Random

import anyio

from tests.faults.headless import HeadlessPage, until
from tests.faults.layer import Machine
from tests.faults.proxy import MODEM, Message, Proxy, Verdict
from tests.faults.rounds import RATE, Rounds
from tests.faults.seeds import PATIENCE
from tests.faults.servers import Server

TROUBLE = 2.0
"""Seconds that a fault lasts."""

Judge = Callable[[Message], Verdict]


async def test_reset_at_every_message_boundary(
    served: Server, layer: Machine, seeds: list[int]
) -> None:
    """The n-th seed resets the first connection before its n-th message, later ones at random."""

    async def reset_at_boundary(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        wanted = seeds.index(page.seed) + 1
        after = random.choice((Verdict.RESET, Verdict.RESET_AFTER))

        def judge(message: Message) -> Verdict:
            nonlocal wanted
            if message.index < wanted:
                return Verdict.PASS
            wanted = random.randint(1, 12)
            return after

        proxy.reset()  # the connection that is there has passed some messages already
        proxy.judge = judge
        await anyio.sleep(TROUBLE)

    await Rounds(layer=layer, server=served).play(reset_at_boundary, seeds)


async def test_truncated_frame(served: Server, layer: Machine, seeds: list[int]) -> None:
    async def truncate(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        proxy.judge = _now_and_then(random, Verdict.TRUNCATE)
        await anyio.sleep(TROUBLE)

    await Rounds(layer=layer, server=served).play(truncate, seeds)


async def test_delay_and_jitter(served: Server, layer: Machine, seeds: list[int]) -> None:
    async def delay(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        proxy.delay, proxy.jitter = random.uniform(0, 0.1), random.uniform(0, 0.2)
        await anyio.sleep(2 * TROUBLE)

    await Rounds(layer=layer, server=served, rate=2).play(delay, seeds)


async def test_telephone_line(served: Server, layer: Machine, seeds: list[int]) -> None:
    async def modem(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        proxy.rate, proxy.delay = MODEM, random.uniform(0, 0.1)
        await anyio.sleep(3 * TROUBLE)

    await Rounds(layer=layer, server=served, rate=1, at_once=20).play(modem, seeds)


async def test_black_hole_without_reset(served: Server, layer: Machine, seeds: list[int]) -> None:
    """Nothing passes and nobody is told; the page must notice, and say so."""

    async def black_hole(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        await anyio.sleep(random.uniform(0, 1))
        page.record.badges.clear()
        proxy.hole = True
        await page.notices(within=32_000)
        await anyio.sleep(random.uniform(0, 1))

    await Rounds(layer=layer, server=served).play(black_hole, seeds)


async def test_half_open(served: Server, layer: Machine, seeds: list[int]) -> None:
    """Only the connections there are go dead; new ones work."""

    async def half_open(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        await anyio.sleep(random.uniform(0, 1))
        for link in list(proxy.links):
            link.holed = True
        await anyio.sleep(0.3)  # what was on its way arrives, and would pass for an answer
        page.act("wake")
        await page.notices(within=16_000)

    await Rounds(layer=layer, server=served).play(half_open, seeds)


async def test_acknowledgement_lost_after_the_effect(
    served: Server, layer: Machine, seeds: list[int]
) -> None:
    async def lose_acknowledgements(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        left = wanted = random.randint(1, 4)
        verdict = random.choice((Verdict.SWALLOW, Verdict.RESET, Verdict.HOLE))

        def judge(message: Message) -> Verdict:
            nonlocal left
            acknowledges = message.direction == "down" and b'"acks": [{' in message.text
            if not acknowledges or left == 0:
                return Verdict.PASS
            left -= 1
            return verdict

        proxy.judge = judge
        await until(lambda: left < wanted)
        await anyio.sleep(TROUBLE)

    await Rounds(layer=layer, server=served).play(lose_acknowledgements, seeds)


async def test_messages_lost_both_ways(served: Server, layer: Machine, seeds: list[int]) -> None:
    async def swallow(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        proxy.judge = _now_and_then(random, Verdict.SWALLOW, one_in=3)
        await anyio.sleep(TROUBLE)

    await Rounds(layer=layer, server=served).play(swallow, seeds)


async def test_all_retries_used_up_and_the_button(
    served: Server, layer: Machine, seeds: list[int]
) -> None:
    async def refuse(proxy: Proxy, page: HeadlessPage, random: Random) -> None:
        await anyio.sleep(random.uniform(0, 1))
        proxy.refuse = True
        proxy.reset()
        page.hurry(40)  # the pauses between retries are minutes
        with anyio.fail_after(PATIENCE):
            while page.view["status"] != "error":
                assert not page.view["reconnect"]
                await anyio.sleep(0.02)
        page.hurry(RATE)
        assert "10 retries failed" in page.view["note"]
        assert page.view["reconnect"]

    await Rounds(layer=layer, server=served).play(refuse, seeds)


def _now_and_then(random: Random, verdict: Verdict, *, one_in: int = 6) -> Judge:
    return lambda _: verdict if random.randrange(one_in) == 0 else Verdict.PASS
