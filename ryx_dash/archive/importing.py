"""A run out of a file into a log: what ``ryx-dash import``, the REST API and the page share."""

from collections.abc import Iterable
from dataclasses import dataclass

from ryx_dash.archive import jsonl
from ryx_dash.log.base import EventLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A run that came from a file. ``new`` is false if it was in the log already, with the same
    events; ``cut`` says why its end is missing, if it is."""

    run_id: str
    events: int
    new: bool
    cut: str | None = None

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        if self.cut is not None:
            return (
                f"{self.cut} What there is was imported as run {self.run_id}, marked interrupted."
            )
        if not self.new:
            return f"Run {self.run_id} is in the log already, with the same events."
        return f"Imported run {self.run_id} with {self.events:,} events."


def import_lines(log: EventLog, source: Iterable[bytes]) -> Imported:
    """Bring in the run in the lines of a file (:mod:`archive.jsonl`).

    Raises :class:`errors.FileRefused` with the line and the reason, :class:`errors.RunExists`, and
    :class:`errors.LogError`; nothing is written then.
    """
    taken = jsonl.read(source)
    new = log.restore(taken.run, taken.events)
    return Imported(run_id=taken.run.run_id, events=len(taken.events), new=new, cut=taken.cut)
