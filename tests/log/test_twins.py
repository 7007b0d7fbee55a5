"""The log in memory is the model: SQLite must answer the same, whatever is done to both."""

import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, product
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ryx_dash.errors import RyxError
from ryx_dash.log import index, listing, records, sorting, tallies
from ryx_dash.log.base import EVERY_RUN, EventLog, Lease, NewRun, RowFilter, Run, RunFilter, RunPage
from ryx_dash.log.memory import MemoryLog
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.analysis import Spread
from ryx_dash.protocol.events import Event, EventKind
from ryx_dash.protocol.steps import EXECUTE, INPUT, LLM, RunStatus
from tests.log.samples import LOST, Clock, claimed, event, uncut

STEPS = (INPUT, EXECUTE, LLM, None)
KINDS = tuple(EventKind)
WORDS = ("tea", "team", "Tée", "te", "hot", "src/tea.py", "茶", "☕", "a_b", "7")
LEVELS = ("info", "success", "warning", "error", "running")

texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join) | st.text(max_size=8)
sorts = st.lists(
    st.tuples(
        st.sampled_from(["seq", "step", "level", "message", "latency"]),
        st.sampled_from(["asc", "desc"]),
    ),
    max_size=3,
)


EDGES = (1_022, 1_023, 1_024, 1_025, 2_047, 2_048, 4_095, 4_096)
"""Places about the ends of the blocks in which SQLite counts."""


@st.composite
def filters(draw: st.DrawFn, size: int) -> RowFilter:
    return RowFilter(
        after=draw(st.just(0) | st.integers(-2, size + 2) | st.sampled_from(EDGES)),
        upto=draw(st.just(size) | st.integers(-2, size + 9) | st.sampled_from(EDGES)),
        steps=draw(
            st.frozensets(st.sampled_from([s.name if s else "" for s in STEPS]), max_size=2)
        ),
        levels=draw(st.frozensets(st.sampled_from(LEVELS), max_size=2)),
        call_id=draw(st.none() | st.sampled_from(["c1", "c2", "c9"])),
        text=draw(st.just("") | texts),
        tokens=draw(st.booleans()),
    )


# -- pages of a long run -----------------------------------------------------------------------

SIZE = 5_000


def varied(run_id: str, seq: int, chance: random.Random) -> Event:
    kind = EventKind.LLM_TOKEN if seq % 3 else chance.choice(KINDS[1:7])
    return event(
        run_id,
        seq,
        # two blocks without a step error, so that there is something to skip
        EventKind.STEP_ERROR if seq % 900 == 7 else kind,
        " ".join(chance.choices(WORDS, k=chance.randint(0, 3))),
        step=chance.choice(STEPS),
        latency=chance.choice([None, 0.5, 1.0, 7.25]),
        **({"call_id": f"c{seq % 50}"} if seq % 5 == 0 else {}),
        text=" ".join(chance.choices(WORDS, k=2)),
        success=chance.random() < 0.5,
    )


@pytest.fixture(scope="module")
def sizes() -> Iterator[None]:
    """Sizes at which a run of :data:`SIZE` has all that a much longer one has."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (records, tallies):
            patch.setattr(module, "SPAN_BITS", 11)
        patch.setattr(index, "SCOPE_BITS", 8)
        patch.setattr(index, "_STRETCH", 1 << 8)
        patch.setattr(sorting, "DEAR", 0)
        yield


@pytest.fixture(scope="module")
def twins(
    sizes: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[EventLog, str]]]:
    """Both logs with the same long run between two others, and the run's id in each."""
    logs: list[EventLog] = [MemoryLog(), SqliteLog(tmp_path_factory.mktemp("twins") / "runs.db")]
    ids = []
    for log in logs:
        runs = [claimed(log) for _ in range(3)]
        for run in runs:
            chance = random.Random(run.run_id == runs[1].run_id)
            events = [varied(run.run_id, seq, chance) for seq in range(1, SIZE + 1)]
            for first in range(0, SIZE, 777):
                log.append(run.lease, events[first : first + 777])
        ids.append(runs[1].run_id)
    yield list(zip(logs, ids, strict=True))
    for log in logs:
        log.close()


@settings(max_examples=150)
@given(
    where=filters(SIZE),
    sort=sorts,
    offset=st.integers(-SIZE - 9, SIZE + 9) | st.integers(-60, 60),
    limit=st.integers(0, 120),
)
def test_the_same_pages(
    twins: list[tuple[EventLog, str]], where: RowFilter, sort: Any, offset: int, limit: int
) -> None:
    (model, model_id), (log, run_id) = twins
    expected = model.rows(model_id, where, sort=sort, offset=offset, limit=limit)
    page = log.rows(run_id, where, sort=sort, offset=offset, limit=limit)
    assert page.total == expected.total
    assert [one.seq for one in page.events] == [one.seq for one in expected.events]


@pytest.mark.parametrize("level", ["running", "error"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_the_same_pages_at_every_edge(
    twins: list[tuple[EventLog, str]], level: str, direction: Any
) -> None:
    _, (log, run_id) = twins
    levels = frozenset([level])
    everything = log.rows(run_id, RowFilter(upto=SIZE, levels=levels), limit=SIZE).events
    step = 1 if direction == "asc" else -1
    for after, upto in product((0, *EDGES), (*EDGES, SIZE)):
        passing = [one.seq for one in everything if after < one.seq <= upto][::step]
        where = RowFilter(after=after, upto=upto, levels=levels)
        for first in (0, 5, len(passing) // 2, max(len(passing) - 3, 0)):
            page = log.rows(run_id, where, sort=[("seq", direction)], offset=first, limit=7)
            assert page.total == len(passing)
            assert [one.seq for one in page.events] == passing[first : first + 7]


@pytest.mark.parametrize("tokens", [False, True])
def test_the_pages_of_a_run_are_the_run(twins: list[tuple[EventLog, str]], tokens: bool) -> None:
    for log, run_id in twins:
        where = RowFilter(upto=SIZE, tokens=tokens)
        total = log.rows(run_id, where, limit=0).total
        pages = [
            [one.seq for one in log.rows(run_id, where, offset=first, limit=400).events]
            for first in range(0, total, 400)
        ]
        expected = [
            one.seq for one in log.read(run_id) if tokens or one.event != EventKind.LLM_TOKEN
        ]
        assert list(chain.from_iterable(pages)) == expected


# -- any story ---------------------------------------------------------------------------------

OWNERS = ("ann", "bob")
owners = st.sampled_from(OWNERS)
run_filters = st.builds(
    RunFilter,
    statuses=st.frozensets(st.sampled_from(RunStatus), max_size=2),
    models=st.frozensets(st.sampled_from(["m", "n"]), max_size=1),
    intents=st.frozensets(st.sampled_from(["i", "j"]), max_size=1),
    tools=st.frozensets(st.sampled_from(["c1", "hot", "te"]), max_size=2),
    shortest=st.none() | st.sampled_from([0.0, 1e9]),
    text=texts,
)
places = st.integers(0, 5)


class Twins(RuleBasedStateMachine):
    """Does the same to both logs and compares every answer, ids and times left aside."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(listing, "FEW", 2)
        self.patch.setattr(listing, "SAMPLE", 1)
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory()
        self.logs: list[EventLog] = [
            MemoryLog(clock=self.clock),
            SqliteLog(Path(self.folder.name) / "runs.db", clock=self.clock),
        ]
        self.ids: list[list[str]] = [[], []]

    def teardown(self) -> None:
        for log in self.logs:
            log.close()
        self.folder.cleanup()
        self.patch.undo()

    @rule(text=st.text(max_size=5), command=st.none() | st.sampled_from("xyz"))
    def start(self, text: str, command: str | None) -> None:
        answers = []
        for log, ids in zip(self.logs, self.ids, strict=True):
            run, new = log.start(NewRun(input=text, command_id=command))
            if new:
                ids.append(run.run_id)
            answers.append((self.bare(run), new))
        assert answers[0] == answers[1]

    @rule(owner=owners, at_once=st.integers(1, 3), seconds=st.integers(1, 20))
    def claim(self, owner: str, at_once: int, seconds: int) -> None:
        self.same(lambda log, _: log.claim(owner, at_once=at_once, lease_seconds=seconds))

    @rule(owner=owners, seconds=st.integers(1, 20))
    def renew(self, owner: str, seconds: int) -> None:
        self.same(lambda log, _: log.renew(owner, lease_seconds=seconds))

    @rule(seconds=st.integers(1, 20))
    def time_goes_by(self, seconds: int) -> None:
        self.clock.seconds += seconds

    @rule(place=places, only_expired=st.booleans())
    def interrupt(self, place: int, only_expired: bool) -> None:
        self.same(
            lambda log, ids: log.interrupt(self.pick(ids, place), LOST, only_expired=only_expired)
        )

    @rule(place=places)
    def cancel(self, place: int) -> None:
        self.same(lambda log, ids: log.cancel(self.pick(ids, place)))

    @rule(
        place=places,
        kinds=st.lists(st.sampled_from(KINDS), max_size=5),
        shift=st.sampled_from([0, 0, 0, 0, 1, -1]),
        stale=st.sampled_from([0, 0, 0, 0, 1, -1]),
        message=texts,
        call=st.none() | st.sampled_from(["c1", "c2"]),
        tool=st.none() | st.sampled_from(["c1", "hot"]),
    )
    def append(
        self,
        place: int,
        kinds: list[str],
        shift: int,
        stale: int,
        message: str,
        call: str | None,
        tool: str | None,
    ) -> None:
        def act(log: EventLog, ids: list[str]) -> Run:
            run_id = self.pick(ids, place)
            run = log.run(run_id) or Run(run_id=run_id, input="")
            first = max(run.head + 1 + shift, 1)
            events = [
                event(run_id, seq, kind, message, call_id=call, tool=tool)
                for seq, kind in enumerate(kinds, first)
            ]
            return log.append(Lease(run_id=run_id, fence=run.fence + stale), events)

        self.same(act)

    @rule(place=places, where=filters(12), sort=sorts, offset=st.integers(-9, 9))
    def rows(self, place: int, where: RowFilter, sort: Any, offset: int) -> None:
        self.same(
            lambda log, ids: (
                log.rows(self.pick(ids, place), where, sort=sort, offset=offset, limit=4).events
            )
        )

    @rule(
        limit=st.integers(0, 4),
        before=st.none() | places,
        status=st.none() | st.sampled_from(RunStatus),
        q=st.just("") | st.text(max_size=2),
        where=run_filters,
    )
    def runs(
        self, limit: int, before: int | None, status: RunStatus | None, q: str, where: RunFilter
    ) -> None:
        self.same(
            lambda log, ids: log.runs(
                limit=limit,
                before=None if before is None else self.pick(ids, before),
                status=status,
                q=q,
                where=where,
            )
        )

    @rule(place=places)
    def delete(self, place: int) -> None:
        self.same(lambda log, ids: log.delete(self.pick(ids, place)))

    @rule(place=places, to=places, cut=st.integers(0, 3))
    def restore(self, place: int, to: int, cut: int) -> None:
        """A run's own events come back, or those of another, or not all of them."""

        def act(log: EventLog, ids: list[str]) -> bool:
            run = log.run(self.pick(ids, place)) or Run(run_id="nothing", input="")
            name = self.pick(ids, to)
            events = [e.model_copy(update={"run_id": name}) for e in log.read(run.run_id)]
            return log.restore(replace(run, run_id=name), events[cut:])

        self.same(act)

    APART: ClassVar[dict[str, Any]] = {"slowest": (), "latency": Spread()}
    """What the clock of each log has its share in."""

    @invariant()
    def all_is_the_same(self) -> None:
        self.same(lambda log, _: log.runs(limit=100))
        self.same(lambda log, _: log.expired())
        self.same(lambda log, _: log.latest())
        self.same(lambda log, _: log.facets())
        self.same(lambda log, _: replace(log.analyse(EVERY_RUN, uncut), **self.APART))
        self.same(lambda log, ids: [log.read(run_id) for run_id in ids])

    @staticmethod
    def pick(ids: list[str], place: int) -> str:
        return ids[place] if place < len(ids) else "nothing"

    def same(self, act: Any) -> None:
        answers = []
        for log, ids in zip(self.logs, self.ids, strict=True):
            try:
                answers.append(self.bare(act(log, ids)))
            except RyxError as error:
                answers.append(type(error))
        assert answers[0] == answers[1]

    def bare(self, value: Any) -> Any:
        """A value that does not depend on the log it is from."""
        if isinstance(value, Run):
            known = {"created": "", "started": value.started and "", "ended": value.ended and ""}
            return replace(value, run_id=self.number(value.run_id), **known)
        if isinstance(value, RunPage):
            following = value.next and self.number(value.next)
            return RunPage(runs=self.bare(value.runs), next=following)
        if isinstance(value, Event):
            return value.model_copy(update={"run_id": self.number(value.run_id), "ts": ""})
        if isinstance(value, list | tuple):
            return tuple(self.bare(item) for item in value)
        return value

    def number(self, run_id: str) -> str:
        for ids in self.ids:
            if run_id in ids:
                return str(ids.index(run_id))
        return "new"


TestTwins = Twins.TestCase
TestTwins.settings = settings(max_examples=40, stateful_step_count=30)
