"""Blocking work beside the event loop that ends soon after nobody waits for it any more."""

from collections.abc import Callable
from threading import Event
from typing import TypeVar

from anyio import to_thread

T = TypeVar("T")


async def run_stoppable(work: Callable[[Callable[[], bool]], T]) -> T:
    """Run ``work(stopped)`` in a worker thread. Cancellation returns at once.

    ``work`` must ask ``stopped()`` often, at least every 0.1 s, and end when it is true.
    """
    stop = Event()
    try:
        return await to_thread.run_sync(work, stop.is_set, abandon_on_cancel=True)
    finally:
        stop.set()
