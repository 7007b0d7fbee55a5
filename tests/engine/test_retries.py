import pytest

from ryx_dash.engine.limits import Limits
from ryx_dash.engine.retries import with_retries
from ryx_dash.errors import StepFailed, Transient

FAST = Limits(backoff=0.0001)


class Flaky:
    """Fails ``times`` times, then gives how often it was called."""

    def __init__(self, times: int, error: Exception) -> None:
        self.times, self.error, self.calls = times, error, 0

    async def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return self.calls


class Warned(list[tuple[int, str]]):
    async def __call__(self, attempt: int, reason: str) -> None:
        self.append((attempt, reason))


async def test_what_may_pass_is_tried_again() -> None:
    warned = Warned()
    assert await with_retries(Flaky(2, Transient("Busy.")), FAST, warned) == 3
    assert warned == [(2, "Busy."), (3, "Busy.")]


async def test_tries_end() -> None:
    action, warned = Flaky(9, Transient("Busy.")), Warned()
    with pytest.raises(StepFailed, match=r"^Busy\. Tried 3 times\.$"):
        await with_retries(action, FAST, warned)
    assert action.calls == 3
    assert len(warned) == 2


async def test_other_errors_pass_at_once() -> None:
    action, warned = Flaky(9, StepFailed("No.")), Warned()
    with pytest.raises(StepFailed, match=r"^No\.$"):
        await with_retries(action, FAST, warned)
    assert action.calls == 1
    assert warned == []


async def test_waits_double(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("anyio.sleep", sleep)
    await with_retries(Flaky(2, Transient("Busy.")), Limits(), Warned())
    assert waits == [0.5, 1.0]
