"""Remembered states: the same as freshly folded ones, for less work, from any thread."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.callbacks.history import BYTES_AN_EVENT, POSITIONS, SPACING, History
from ryx_dash.errors import LogError
from ryx_dash.log.base import Lease, NewRun, Snapshot
from ryx_dash.log.memory import MemoryLog
from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.projection.snapshot import FORMAT, pack
from ryx_dash.projection.state import RunState
from ryx_dash.protocol.events import Draft, Event


class Recording(MemoryLog):
    """A log that notes which ranges were read, and fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[tuple[int, int]] = []
        self.broken = False
        self.busy = False
        self.picks = 0

    def read(self, run_id: str, *, after: int = 0, upto: int | None = None) -> list[Event]:
        if self.broken:
            raise LogError("The log cannot be read.")
        found = super().read(run_id, after=after, upto=upto)
        self.reads.append((after, after + len(found)))
        return found

    def pick(self, run_id: str, seqs: Sequence[int]) -> list[Event]:
        self.picks += 1
        return super().pick(run_id, seqs)

    def keep_snapshots(self, run_id: str, snapshots: Sequence[Snapshot], *, imports: int) -> bool:
        return not self.busy and super().keep_snapshots(run_id, snapshots, imports=imports)

    def taken(self) -> int:
        """Events read since the last call."""
        count = sum(upto - after for after, upto in self.reads)
        self.reads.clear()
        return count


TS = "2026-01-01T00:00:00.000000Z"


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
        [token.at(lease.run_id, seq, TS) for seq in range(head + 1, head + count + 1)],
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
    grow(log, lease, 6 * SPACING)
    history = History(log)
    assert history.at(lease.run_id, 6 * SPACING + 50).seq == 5_000
    log.taken()
    assert history.at(lease.run_id, 6 * SPACING + 50, budget=None).seq == 6 * SPACING + 50
    assert [upto - after for after, upto in log.reads] == [SPACING, 50]


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


# -- snapshots ------------------------------------------------------------------------------------


def opened(log: Recording, run_id: str, upto: int) -> tuple[RunState, int]:
    """What somebody sees who opens a run in a new process, and how many events that took."""
    log.taken()
    state = History(log).at(run_id, upto, budget=None)
    return state, log.taken()


def test_a_place_far_away_is_reached_from_the_snapshot_before_it(
    log: Recording, lease: Lease
) -> None:
    grow(log, lease, 5 * SPACING)
    assert opened(log, lease.run_id, 10**9)[1] == 5 * SPACING + 100
    for upto in (5 * SPACING + 100, 4 * SPACING, 3 * SPACING + 7, SPACING - 1, 1):
        state, taken = opened(log, lease.run_id, upto)
        assert state == direct(log, lease.run_id, upto)
        assert taken == upto % SPACING


def test_going_back_event_by_event_reads_a_snapshot_once(log: Recording, lease: Lease) -> None:
    grow(log, lease, 3 * SPACING)
    history = History(log)
    history.at(lease.run_id, 10**9, budget=None)
    history.at(lease.run_id, 2 * SPACING + 60)
    log.picks = 0
    for upto in range(2 * SPACING + 59, 2 * SPACING, -1):
        assert history.at(lease.run_id, upto).seq == upto
    assert log.picks == 0


@pytest.mark.parametrize("stored", [b"", b"junk", pack(initial("x"))])
def test_a_snapshot_that_is_none_is_passed_over_and_made_again(
    log: Recording, lease: Lease, stored: bytes
) -> None:
    grow(log, lease, 2 * SPACING)
    opened(log, lease.run_id, 10**9)
    log.keep_snapshots(
        lease.run_id, [Snapshot(seq=2 * SPACING, format=FORMAT, state=stored)], imports=0
    )
    state, taken = opened(log, lease.run_id, 2 * SPACING)
    assert (state.seq, taken) == (2 * SPACING, SPACING)
    assert opened(log, lease.run_id, 2 * SPACING)[1] == 0


def test_another_run_with_the_id_of_one_that_was_removed(log: Recording, lease: Lease) -> None:
    grow(log, lease, 2 * SPACING)
    done = Draft(event="workflow_complete").at(lease.run_id, 2 * SPACING + 101, TS)
    run, history = log.append(lease, [done]), History(log)
    history.at(lease.run_id, 10**9, budget=None)
    events = [
        event.model_copy(update={"data": {"text": "other"}}) for event in log.read(run.run_id)
    ]
    log.delete(run.run_id)
    log.restore(run, events)
    for upto in (10**9, 2 * SPACING, 7):
        assert history.at(run.run_id, upto, budget=None) == direct(log, run.run_id, upto)
        assert opened(log, run.run_id, upto)[0] == direct(log, run.run_id, upto)


def test_snapshots_of_another_format_are_made_again(
    log: Recording, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(log, lease, 2 * SPACING)
    monkeypatch.setattr("ryx_dash.callbacks.history.FORMAT", FORMAT + 1)
    opened(log, lease.run_id, 10**9)
    monkeypatch.undo()
    assert opened(log, lease.run_id, 2 * SPACING)[1] == 2 * SPACING
    assert opened(log, lease.run_id, 2 * SPACING)[1] == 0


def test_a_log_that_is_busy_gets_its_snapshots_later(log: Recording, lease: Lease) -> None:
    grow(log, lease, 2 * SPACING)
    log.busy = True
    states = History(log)
    states.at(lease.run_id, SPACING)
    log.busy = False
    states.at(lease.run_id, SPACING + 1)
    assert opened(log, lease.run_id, SPACING)[1] == 0


def test_snapshots_of_a_large_state_lie_farther_apart(log: Recording, lease: Lease) -> None:
    noise = Random(7).randbytes(SPACING * BYTES_AN_EVENT)
    text = b64encode(noise).decode()
    token = Draft(event="llm_token", step="llm_response", node="llm", data={"text": text})
    log.append(lease, [token.at(lease.run_id, 101, "2026-01-01T00:00:00.000000Z")])
    grow(log, lease, 6 * SPACING)
    opened(log, lease.run_id, 10**9)
    kept = log._records[lease.run_id].snapshots
    assert sorted(kept) == [SPACING, 3 * SPACING, 5 * SPACING]
    assert opened(log, lease.run_id, 4 * SPACING)[1] == SPACING


def test_the_first_look_at_a_long_run_comes_in_parts_and_leaves_snapshots(
    log: Recording, lease: Lease
) -> None:
    grow(log, lease, 4 * SPACING)
    states, budget = History(log), 2 * SPACING
    places = [states.at(lease.run_id, 10**9, budget=budget).seq for _ in range(3)]
    assert places == [budget, 2 * budget, 2 * budget + 100]
    assert opened(log, lease.run_id, 10**9)[1] == 100
