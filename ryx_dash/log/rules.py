"""What happens to a run, decided without storage: every log loads, asks here, and saves."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from ryx_dash.errors import (
    LeaseLost,
    RunActive,
    RunEnded,
    RunExists,
    SequenceConflict,
    UnknownRun,
)
from ryx_dash.log.base import Keep, Lease, NewRun, Run
from ryx_dash.log.run_id import new_run_id
from ryx_dash.log.summary import summed
from ryx_dash.protocol.events import Draft, Event, EventKind, now, outcome
from ryx_dash.protocol.steps import RunStatus

Item = TypeVar("Item")


def plain(text: str) -> str:
    """The text with everything that UTF-8 cannot hold (lone surrogates) as ``?``."""
    return text.encode(errors="replace").decode()


def queued(new: NewRun) -> Run:
    """The run that was asked for, at the end of the waiting line."""
    model = None if new.model is None else plain(new.model)
    return Run(run_id=new_run_id(), input=plain(new.input), model=model, created=now())


def claimed(run: Run, owner: str) -> Run:
    """The run in the hands of ``owner``."""
    return replace(
        run,
        status=RunStatus.RUNNING,
        started=now(),
        owner=owner,
        fence=run.fence + 1,
        position=0,
    )


def started(run: Run) -> Draft:
    """The first event of every run."""
    return Draft(
        event=EventKind.WORKFLOW_START,
        message="The run has started.",
        data={"input": run.input, "model": run.model},
    )


def cancelled(run: Run) -> Run:
    """The run with its end asked for. Raises :class:`errors.RunEnded`."""
    if run.status.ended:
        raise RunEnded(f"Run {run.run_id} has already ended ({run.status}).")
    return replace(run, cancel_requested=True)


def cancellation(run: Run) -> list[Event]:
    """The events that a request for a run's end causes at once: all, if it still waits."""
    if run.status is not RunStatus.QUEUED:
        return []
    end = Draft(
        event=EventKind.WORKFLOW_CANCELLED, message="The run was cancelled while it waited."
    )
    return _placed(run, [started(run), end])


def interruption(run: Run, draft: Draft) -> list[Event]:
    """The events that end a run whose owner is gone; it may have written none itself.

    Raises ``ValueError`` if ``draft`` ends no run.
    """
    if outcome(draft) is None:
        raise ValueError(f"{draft.event} does not end a run.")
    return _placed(run, [draft] if run.head else [started(run), draft])


def may_be_forgotten(run: Run, keep: Keep) -> bool:
    """Whether the run has ended, and long enough ago."""
    return run.status.ended and (run.ended or "") < keep.ended_before


def fenced(run: Run) -> Run:
    """The run with every lease that was given out for it made worthless."""
    return replace(run, fence=run.fence + 1)


def check_append(run: Run, lease: Lease, events: Sequence[Event]) -> None:
    """Raise :class:`errors.LeaseLost` or :class:`errors.SequenceConflict` if these events must
    not be appended under this lease."""
    if run.status is not RunStatus.RUNNING or run.fence != lease.fence:
        raise lease_lost(lease)
    _check_places(run, events)


def _check_places(run: Run, events: Sequence[Event]) -> None:
    for place, event in enumerate(events, run.head + 1):
        if event.run_id != run.run_id or event.seq != place:
            raise SequenceConflict(
                f"Run {run.run_id} goes on with event {place}, not with {event.id}: "
                "nothing was written."
            )
    if any(outcome(event) for event in events[:-1]):
        raise SequenceConflict(f"Events follow the end of run {run.run_id}: nothing was written.")


def advanced(run: Run, events: Sequence[Event]) -> Run:
    """The run after more of its events."""
    if not events:
        return run
    last = events[-1]
    run = replace(run, head=last.seq)
    status = outcome(last)
    if status is not None:
        run = replace(run, status=status, ended=last.ts, position=0)
    return summed(run, events)


def restored(run: Run, events: Sequence[Event]) -> Run:
    """The run as it stands in this log after it was brought in from a file.

    Raises :class:`errors.SequenceConflict` for events that are not a whole run's.
    """
    bare = Run(
        run_id=run.run_id,
        input=plain(run.input),
        model=None if run.model is None else plain(run.model),
        created=run.created,
        started=run.started,
        imported=True,
    )
    _check_places(bare, events)
    after = advanced(bare, events)
    if not after.status.ended:
        raise SequenceConflict(f"Run {run.run_id} has no end: nothing was written.")
    return after


def same_run(known: Run, run: Run) -> bool:
    """Whether two runs with one id are one run, so far as the runs themselves tell."""
    told = [(r.input, r.model, r.status, r.created, r.started, r.head) for r in (known, run)]
    return told[0] == told[1]


def deletable(run: Run) -> None:
    """Raise :class:`errors.RunActive` if a run must not be deleted."""
    if not run.status.ended:
        raise RunActive(f"Run {run.run_id} is {run.status}: cancel it first, or wait for its end.")


def exists(run_id: str) -> RunExists:
    """What to raise when another run has this id."""
    return RunExists(f"Another run {run_id} is in the log already: nothing was written.")


def lease_lost(lease: Lease) -> LeaseLost:
    """What to raise to a writer that must stop."""
    return LeaseLost(f"Run {lease.run_id} has ended or has another owner: nothing was written.")


def unknown(run_id: str) -> UnknownRun:
    """What to raise when no run has this id."""
    return UnknownRun(f"There is no run {plain(run_id)[:64]!r}.")


def bounds(head: int, after: int, upto: int | None) -> tuple[int, int]:
    """The part of ``after < seq <= upto`` that there is; ``None`` is the head."""
    first = min(max(after, 0), head)
    return first, head if upto is None else min(max(upto, first), head)


def window(total: int, offset: int, limit: int) -> tuple[int, int]:
    """First and end place of a page, as in a slice: a negative offset counts from the end.

    >>> window(70, -100, 50)
    (0, 20)
    """
    start = total + offset if offset < 0 else offset
    first = min(max(start, 0), total)
    return first, max(min(start + limit, total), first)


def begin(items: Iterable[Item], size: Callable[[Item], int], most: int) -> Iterator[Item]:
    """The first items, until their sizes would be more than ``most`` together; one at least."""
    total = 0
    for place, item in enumerate(items):
        total += size(item)
        if place and total > most:
            return
        yield item


def call_id(event: Event) -> str | None:
    """The tool call that an event belongs to, if it names one."""
    value = event.data.get("call_id")
    return value if isinstance(value, str) else None


def _placed(run: Run, drafts: Sequence[Draft]) -> list[Event]:
    return [draft.at(run.run_id, seq, now()) for seq, draft in enumerate(drafts, run.head + 1)]
