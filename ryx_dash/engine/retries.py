"""Trying again what failed for a reason that may pass."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from ryx_dash.engine.limits import Limits
from ryx_dash.errors import StepFailed, Transient

T = TypeVar("T")

Warn = Callable[[int, str], Awaitable[None]]
"""Told of each further try before its wait: its number, and why the last one failed."""


async def with_retries(action: Callable[[], Awaitable[T]], limits: Limits, warn: Warn) -> T:
    """What ``action`` gives, tried up to ``limits.tries`` times while it raises ``Transient``.

    Raises :class:`errors.StepFailed` with the last reason when the tries are used up; any other
    error passes at once.
    """
    attempt = 1
    while True:
        try:
            return await action()
        except Transient as fault:
            if attempt >= limits.tries:
                raise StepFailed(f"{fault.message} Tried {attempt} times.") from fault
            reason = fault.message
        attempt += 1
        await warn(attempt, reason)
        await anyio.sleep(limits.backoff * 2 ** (attempt - 2))
