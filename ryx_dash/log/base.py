"""The event log's interface and the values that it gives out.

The log is the truth. What it has committed survives; what it has not committed is never shown.
Every method blocks (briefly) and may be called from any thread; ``live.feed`` makes growth
awaitable. Implementations: ``log.memory`` and ``log.sqlite``; ``tests/log`` holds the one suite
that both pass.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ryx_dash.protocol.analysis import Analysis, Part
from ryx_dash.protocol.events import Draft, Event
from ryx_dash.protocol.steps import RunStatus

Cut = Callable[[tuple[str, str] | None], Sequence[str]]
"""From when the first and the last of some runs were asked for (``None``: there are none) to the
edges of the periods that they are counted by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What it takes to ask for a run. ``command_id`` makes asking twice have one effect."""

    input: str
    model: str | None = None
    command_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as the log knows it.

    ``created``, ``started`` and ``ended`` are UTC texts as in :func:`protocol.events.now`.
    ``head`` is the ``seq`` of the newest event, 0 before the first. ``fence`` grows with every
    change of owner: a writer with an older one is refused. ``position`` is the place in the
    waiting line, from 1, while queued, else 0. ``cancel_requested``: somebody asked for its end.

    The rest is what its events say (:mod:`log.summary`): the ``intent`` found, the model in use,
    the ``step`` that it is in or ended in without success, the number of tool ``calls``, and the
    ``tools`` called, each once, in the order of their names. ``imported``: it came from a file.
    """

    run_id: str
    input: str
    model: str | None = None
    status: RunStatus = RunStatus.QUEUED
    created: str = ""
    started: str | None = None
    ended: str | None = None
    head: int = 0
    owner: str | None = None
    fence: int = 0
    position: int = 0
    cancel_requested: bool = False
    intent: str | None = None
    model_used: str | None = None
    step: str | None = None
    calls: int = 0
    tools: tuple[str, ...] = ()
    imported: bool = False

    @property
    def latency(self) -> float | None:
        """Milliseconds from start to end; ``None`` before, or if it never started."""
        if self.started is None or self.ended is None:
            return None
        span = datetime.fromisoformat(self.ended) - datetime.fromisoformat(self.started)
        return round(span.total_seconds() * 1000, 3)

    @property
    def failed_step(self) -> str | None:
        """The step in which a failed run failed, if its events say so."""
        return self.step if self.status is RunStatus.FAILED else None

    @property
    def lease(self) -> "Lease":
        """What its owner shows to write to it."""
        return Lease(run_id=self.run_id, fence=self.fence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to append to a run, good while ``fence`` is the run's newest."""

    run_id: str
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs a list shows. Empty fields ask for nothing; of several values one must fit.

    ``models`` are those in use, else those asked for. ``since`` and ``until`` bound ``created``
    (UTC texts as in :func:`protocol.events.now`, or beginnings of them; inclusive, exclusive),
    ``shortest`` and ``longest`` the latency (milliseconds, both inclusive; a run that goes on has
    none). ``text``: the input, or one event, must have all of it, as in :class:`RowFilter`.
    ``part``: a step or a tool call that there must have been.
    """

    statuses: frozenset[RunStatus] = frozenset()
    models: frozenset[str] = frozenset()
    intents: frozenset[str] = frozenset()
    tools: frozenset[str] = frozenset()
    since: str = ""
    until: str = ""
    shortest: float | None = None
    longest: float | None = None
    text: str = ""
    part: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What the runs of a log can be filtered by, each value once and in order."""

    models: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Some runs, newest first. ``next`` is the ``before`` of the following page, if any."""

    runs: tuple[Run, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFilter:
    """Which events of a run the monitor shows. Empty fields ask for nothing.

    ``after`` and ``upto`` bound ``seq`` (exclusive, inclusive). ``call_id`` keeps the events with
    that ``data.call_id``. ``levels`` are those of :func:`protocol.events.level`. ``text``: every
    part of it between spaces must begin a word of the message or of a value in the payload, case
    and accents ignored (:mod:`log.words` says what a word is).
    """

    after: int = 0
    upto: int
    steps: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    call_id: str | None = None
    text: str = ""
    tokens: bool = False
    """Whether ``llm_token`` events are wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Which runs are kept: the newest ``runs``, of those that ended ``since`` then or later.

    Times are UTC texts as in :func:`protocol.events.now`; ``None`` keeps all. Kept in any case
    are the newest run, those that wait or go on, and those that had not ``ended_before`` then.
    """

    runs: int | None = None
    since: str | None = None
    ended_before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much there is in a log: runs by status, events, and the bytes of its files."""

    runs: Mapping[RunStatus, int]
    events: int
    size: int


SortField = Literal["seq", "step", "level", "message", "latency"]


MOST_HITS = 1_000
"""Events that a search for a text within a run finds at most, the newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """One page of a filtered run. ``total`` counts all events that pass the filter; if ``cut``,
    there are older ones: a search for a text stops at :data:`MOST_HITS`."""

    events: tuple[Event, ...]
    total: int
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a run looked like after the event ``seq``, as bytes of which the log knows nothing;
    ``format`` says who can read them."""

    seq: int
    format: int
    state: bytes


EVERY_RUN = RunFilter()

PAGE_EVENTS = 500
PAGE_TEXT = 1024 * 1024
"""What :meth:`EventLog.page` gives at most: events, and characters of messages and payloads."""


class EventLog(ABC):
    """Append, read, head, list, and a version that grows when anything changes."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """A random text made with the log: another log, or none, has another."""

    # -- runs ---------------------------------------------------------------------------------

    @abstractmethod
    def start(self, new: NewRun) -> tuple[Run, bool]:
        """Put a run in the waiting line.

        Returns the run and whether it is new: a ``command_id`` that was seen before gives the
        run that it made then, from whichever worker. Raises :class:`errors.LogFull`.
        """

    @abstractmethod
    def claim(self, owner: str, *, at_once: int, lease_seconds: float) -> Run | None:
        """Take the longest-waiting run if fewer than ``at_once`` are running in the whole log.

        The run is then ``running``, owned, with a new fence, its lease good for
        ``lease_seconds``. ``None``: nothing waits, or no place is free.
        """

    @abstractmethod
    def renew(self, owner: str, *, lease_seconds: float) -> None:
        """Prolong the leases of all runs of ``owner``."""

    @abstractmethod
    def expired(self) -> tuple[Run, ...]:
        """Running runs whose lease has run out: their owner is gone."""

    @abstractmethod
    def interrupt(self, run_id: str, draft: Draft, *, only_expired: bool = True) -> Run:
        """End a run whose owner is gone with ``draft`` (a terminal event), fencing the owner out.

        Does nothing when the run is not running (any more) or, with ``only_expired``, its lease
        was renewed; so two finders write one end. If the owner wrote nothing at all, a
        ``workflow_start`` goes first. Raises :class:`errors.UnknownRun`, and ``ValueError`` for
        a draft that ends no run.
        """

    @abstractmethod
    def cancel(self, run_id: str) -> Run:
        """Ask for a run's end.

        A queued run ends at once (``workflow_start``, ``workflow_cancelled``); of a running one
        ``cancel_requested`` is set, and its owner ends it. Idempotent while it runs.
        Raises :class:`errors.UnknownRun`, :class:`errors.RunEnded`.
        """

    @abstractmethod
    def forget(self, keep: Keep) -> bool:
        """Remove a few of the runs that are not kept, with all that belongs to them.

        Returns whether there may be more to do. Each call is short, so that whoever writes can
        go on between two of them.
        """

    @abstractmethod
    def run(self, run_id: str) -> Run | None:
        """One run, or ``None``."""

    @abstractmethod
    def latest(self) -> Run | None:
        """The run that was asked for last, or ``None``. One from a file was asked for elsewhere."""

    @abstractmethod
    def runs(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        status: RunStatus | None = None,
        q: str = "",
        where: RunFilter = EVERY_RUN,
    ) -> RunPage:
        """Runs that pass ``where``, newest first by ``created``; ``status`` and ``q``, which must
        occur in the input (case-insensitive), narrow it further.

        ``before`` is the ``next`` of an earlier page (a run's id). Raises
        :class:`errors.UnknownRun` when there is no such run.
        """

    @abstractmethod
    def asked_before(self, run_id: str) -> Run | None:
        """The newest run before this one, by ``created``, that has the same input.

        ``None`` if there is none, or the input is empty. Raises :class:`errors.UnknownRun`.
        """

    @abstractmethod
    def facets(self) -> Facets:
        """What a filter of this log's runs can choose from."""

    @abstractmethod
    def analyse(self, where: RunFilter, cut: Cut) -> Analysis:
        """What the runs that pass ``where`` have in common, as they stand at one moment.

        ``cut`` is told when they were asked for, and gives edges (UTC texts, in order): between
        two neighbouring ones lies a period of the analysis; runs outside of all periods are in
        none of them, and in everything else. Steps, tools and models are in the order of their
        names, the slowest runs first.
        """

    @abstractmethod
    def counts(self) -> Counts:
        """How much there is. Cheap enough to be asked every few seconds."""

    @abstractmethod
    def total(self) -> int:
        """How many runs there are, cheaper than :meth:`counts`."""

    @abstractmethod
    def restore(self, run: Run, events: Sequence[Event]) -> bool:
        """Put a run that ended elsewhere into the log, under the id that it has.

        Taken from ``run`` are the id, input, model, created and started; the rest is worked out
        from ``events``, which must go from 1 without a hole to the only terminal one. Returns
        whether the run is new: the same run with the same events may come again. Raises
        :class:`errors.RunExists` when another run has the id, :class:`errors.SequenceConflict`.
        """

    @abstractmethod
    def delete(self, run_id: str) -> None:
        """Take a run out of the log for good, with its events and all that was made of them.

        Raises :class:`errors.UnknownRun`, and :class:`errors.RunActive` if it has not ended.
        """

    # -- events -------------------------------------------------------------------------------

    @abstractmethod
    def append(self, lease: Lease, events: Sequence[Event]) -> Run:
        """Commit events, all or none, durable when this returns.

        Their ``seq`` must go on from the head without a hole. A terminal event
        (:func:`protocol.events.outcome`) must be the last one and ends the run: no lease is
        good after it. Raises :class:`errors.LeaseLost`, :class:`errors.SequenceConflict`,
        :class:`errors.LogFull`.
        """

    @abstractmethod
    def head(self, run_id: str) -> int:
        """The newest ``seq`` of a run, 0 if it has none or does not exist."""

    @abstractmethod
    def read(
        self,
        run_id: str,
        *,
        after: int = 0,
        upto: int | None = None,
        most_text: int | None = None,
    ) -> list[Event]:
        """The events with ``after < seq <= upto``, in order.

        With ``most_text`` it ends before the messages and payloads (as JSON) have more characters
        than that, but not before the first event.
        """

    def page(self, run_id: str, *, after: int, upto: int) -> list[Event]:
        """The first events of :meth:`read`, so few that a slow reader may hold on to them."""
        upto = min(upto, after + PAGE_EVENTS)
        return self.read(run_id, after=after, upto=upto, most_text=PAGE_TEXT)

    @abstractmethod
    def rows(
        self,
        run_id: str,
        where: RowFilter,
        *,
        sort: Sequence[tuple[SortField, Literal["asc", "desc"]]] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> RowPage:
        """A page of the events that pass ``where``; by default in the order of ``seq``.

        A page is the slice ``[offset : offset + limit]`` of what passes, and a negative
        ``offset`` counts from the end: ``-50`` with a limit of 50 is the newest page, ``-100``
        the one before, shorter if that is all. Texts are in the order of their characters'
        numbers; events without a latency come last either way; equal ones in the order of ``seq``.
        """

    @abstractmethod
    def pick(self, run_id: str, seqs: Sequence[int]) -> list[Event]:
        """The events with these ``seq``, as far as they exist, in order."""

    # -- snapshots ----------------------------------------------------------------------------

    @abstractmethod
    def snapshot(self, run_id: str, *, format: int, upto: int) -> Snapshot | None:
        """The newest snapshot of a run in this format that is whole, at ``upto`` or before."""

    @abstractmethod
    def keep_snapshots(self, run_id: str, snapshots: Sequence[Snapshot], *, imports: int) -> bool:
        """Keep snapshots beside their run, until it is removed; whether they were kept.

        ``imports`` is what :meth:`imports` said before the first event for them was read. They can
        be made again at any time. So nobody waits for them: the answer is no while somebody else
        writes, for a run that is not there or has not come that far, and if runs were brought in
        since.
        """

    @abstractmethod
    def imports(self) -> int:
        """How many runs have been brought in. When it changes, a run that is known may have been
        removed and another have come with its id."""

    # -- change -------------------------------------------------------------------------------

    @abstractmethod
    def version(self) -> int:
        """A number that is larger after any change, by this process or another. Cheap."""

    @abstractmethod
    def writable(self) -> str | None:
        """Why the log cannot be written now, or ``None`` when it can (a real trial write).

        Damage that was met by any call before is said here too.
        """

    @abstractmethod
    def close(self) -> None:
        """Release files; further calls raise :class:`errors.LogError`."""
