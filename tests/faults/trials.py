"""Seeds that are played although others fail: all that went wrong is told in the end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tests.faults.checker import tally
from tests.faults.seeds import repeat

ENOUGH = 8
"""Failures after which no more seeds are played: there is something to look at."""


class Trials:
    """What went wrong so far. Use :func:`trials`."""

    def __init__(self) -> None:
        self._errors: list[Exception] = []

    @property
    def over(self) -> bool:
        """Whether too much has gone wrong to go on."""
        return len(self._errors) >= ENOUGH

    @contextmanager
    def of(self, seeds: Sequence[int], name: str = "") -> Iterator[None]:
        """Play these seeds. What goes wrong in the block is kept, and so is how to repeat it."""
        tally.played += len(seeds)
        with self.kept(seeds, name):
            yield

    @contextmanager
    def kept(self, seeds: Sequence[int], name: str = "") -> Iterator[None]:
        """The same for seeds that are counted elsewhere."""
        try:
            yield
        except Exception as error:
            error.add_note(f"{name}: {repeat(seeds)} repeats it".removeprefix(": "))
            tally.failed += [seed for seed in seeds if seed not in tally.failed]
            self._errors.append(error)

    def conclude(self) -> None:
        """Raise all that went wrong."""
        if self._errors:
            raise ExceptionGroup(f"failed: {tally.failed} of {tally.played} seeds", self._errors)


@contextmanager
def trials() -> Iterator[Trials]:
    """Trials that are concluded at the end of the block."""
    trials = Trials()
    yield trials
    trials.conclude()


@contextmanager
def noted(note: str | Callable[[], str]) -> Iterator[None]:
    """Add a note to whatever goes wrong in the block."""
    try:
        yield
    except Exception as error:
        error.add_note(note if isinstance(note, str) else note())
        raise
