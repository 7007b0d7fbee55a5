"""Remembered states: the same as freshly folded ones, for less work, from any thread."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.callbacks.history import CHUNK, POSITIONS, History
from ryx_dash.errors import LogError
from ryx_dash.log.base import Lease, NewRun
from ryx_dash.log.memory import MemoryLog
from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.projection.state import RunState
from ryx_dash.protocol.events import Draft, Event


class Recording(MemoryLog):
    """A log that notes which ranges were read, and fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[tuple[int, int]] = []
        self.broken = False

    def read(self, run_id: str, *, after: int = 0, upto: int | None = None) -> list[Event]:
        if self.broken:
            raise LogError("The log cannot be read.")
        found = super().read(run_id, after=after, upto=upto)
        self.reads.append((after, after + len(found)))
        return found

    def taken(self) -> int:
        """Events read since the last call."""
        count = sum(upto - after for after, upto in self.reads)
        self.reads.clear()
        return count


def begin(log: MemoryLog) -> Lease:
    log.start(NewRun(input="q"))
    run = log.claim("me", at_once=1_000, lease_seconds=60)
    assert run is not None
    return run.lease


def grow(log: MemoryLog, lease: Lease, count: int) -> None:
    head = log.head(lease.run_id)
    token = Draft(event="llm_token", step="llm_response", node="llm", data={"text": "x"})
    log.append(
        lease,
        [
            token.at(lease.run_id, seq, "2026-01-01T00:00:00.000000Z")
            for seq in range(head + 1, head + count + 1)
        ],
    )


@pytest.fixture
def log() -> Iterator[Recording]:
    log = Recording()
    yield log
    log.close()


@pytest.fixture
def lease(log: Recording) -> Lease:
    lease = begin(log)
    grow(log, lease, 100)
    return lease


def direct(log: MemoryLog, run_id: str, upto: int) -> RunState:
    return fold_all(initial(run_id), MemoryLog.read(log, run_id, upto=upto))


def test_a_run_at_a_position(log: Recording, lease: Lease) -> None:
    state = History(log).at(lease.run_id, 40)
    assert state == direct(log, lease.run_id, 40)
    assert (state.seq, state.answer) == (40, "x" * 40)


def test_beyond_the_head_is_the_head(log: Recording, lease: Lease) -> None:
    assert History(log).at(lease.run_id, 10**9).seq == 100


@pytest.mark.parametrize("upto", [0, -5])
def test_before_the_first_event_is_the_beginning(log: Recording, lease: Lease, upto: int) -> None:
    assert History(log).at(lease.run_id, upto) == initial(lease.run_id)
    assert log.reads == []


def test_an_unknown_run_is_at_its_beginning_and_pushes_nothing_out(
    log: Recording, lease: Lease
) -> None:
    history = History(log, keep=1)
    history.at(lease.run_id, 100)
    log.taken()
    assert history.at("nobody", 10) == initial("nobody")
    history.at(lease.run_id, 100)
    assert log.taken() == 0


def test_only_what_is_new_is_read(log: Recording, lease: Lease) -> None:
    history = History(log)
    history.at(lease.run_id, 100)
    grow(log, lease, 7)
    log.taken()
    assert history.at(lease.run_id, 107).seq == 107
    assert log.reads == [(100, 107)]


def test_asking_again_goes_on_where_the_budget_ended(log: Recording, lease: Lease) -> None:
    history = History(log)
    assert [history.at(lease.run_id, 100, budget=40).seq for _ in range(4)] == [40, 80, 100, 100]
    assert log.taken() == 100


def test_without_a_budget_all_is_folded_in_chunks(log: Recording, lease: Lease) -> None:
    grow(log, lease, 3 * CHUNK)
    assert History(log).at(lease.run_id, 3 * CHUNK + 50).seq == 5_000
    log.taken()
    assert History(log).at(lease.run_id, 3 * CHUNK + 50, budget=None).seq == 3 * CHUNK + 50
    assert [upto - after for after, upto in log.reads] == [CHUNK, CHUNK, CHUNK, 50]


def test_an_earlier_position_starts_over_and_the_later_one_stays(
    log: Recording, lease: Lease
) -> None:
    history = History(log)
    history.at(lease.run_id, 100)
    log.taken()
    assert history.at(lease.run_id, 30) == direct(log, lease.run_id, 30)
    assert log.reads == [(0, 30)]
    log.taken()
    assert history.at(lease.run_id, 100).seq == 100
    assert log.taken() == 0


def test_a_replay_gets_on_while_the_run_is_followed(log: Recording, lease: Lease) -> None:
    history = History(log)
    for step in range(1, 6):
        grow(log, lease, 10)
        assert history.at(lease.run_id, 10**9).seq == 100 + 10 * step
        assert history.at(lease.run_id, 60, budget=12).seq == 12 * step
    assert log.taken() == 150 + 60


def test_one_position_is_remembered_once(log: Recording, lease: Lease) -> None:
    history = History(log)
    history.at(lease.run_id, 100)
    for _ in range(POSITIONS + 1):
        history.at(lease.run_id, 50)
    log.taken()
    history.at(lease.run_id, 100)
    assert log.taken() == 0


def test_the_run_not_asked_for_longest_is_forgotten(log: Recording) -> None:
    leases = [begin(log) for _ in range(3)]
    for lease in leases:
        grow(log, lease, 10)
    first, second, third = (lease.run_id for lease in leases)
    history = History(log, keep=2)
    for run_id in (first, second, first, third):
        history.at(run_id, 10)
    assert log.taken() == 30
    history.at(first, 10)
    assert log.taken() == 0
    history.at(second, 10)
    assert log.taken() == 10


def test_a_failing_log_loses_nothing_that_was_remembered(log: Recording, lease: Lease) -> None:
    history = History(log)
    history.at(lease.run_id, 100)
    grow(log, lease, 10)
    log.broken = True
    with pytest.raises(LogError):
        history.at(lease.run_id, 110)
    log.broken = False
    log.taken()
    assert history.at(lease.run_id, 110).seq == 110
    assert log.taken() == 10


@given(
    st.lists(st.tuples(st.integers(0, 70), st.none() | st.integers(1, 30)), max_size=20),
    st.integers(1, 3),
)
def test_any_sequence_of_questions_is_answered_as_by_folding_directly(
    questions: list[tuple[int, int | None]], keep: int
) -> None:
    log = Recording()
    lease = begin(log)
    grow(log, lease, 60)
    history = History(log, keep=keep)
    for upto, budget in questions:
        state = history.at(lease.run_id, upto, budget=budget)
        assert state.seq <= min(upto, 60)
        assert state == direct(log, lease.run_id, state.seq)
        assert budget is not None or state.seq == min(upto, 60)
        assert log.taken() <= (60 if budget is None else budget)


def test_many_threads_at_once(log: Recording) -> None:
    leases = [begin(log) for _ in range(4)]
    for lease in leases:
        grow(log, lease, 300)
    history = History(log, keep=3)
    expected = {
        (lease.run_id, upto): direct(log, lease.run_id, upto)
        for lease in leases
        for upto in (1, 150, 299, 300)
    }

    def ask(seed: int) -> None:
        random = Random(seed)
        for _ in range(60):
            run_id, upto = random.choice(list(expected))
            assert history.at(run_id, upto, budget=None) == expected[run_id, upto]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(8)))


def test_who_asks_for_the_same_at_the_same_time_shares_the_work(
    log: Recording, lease: Lease
) -> None:
    grow(log, lease, 5_000)
    history = History(log)
    with ThreadPoolExecutor(8) as threads:
        states = list(threads.map(lambda _: history.at(lease.run_id, 5_100, budget=None), range(8)))
    assert all(state is states[0] for state in states)
    assert log.taken() == 5_100
