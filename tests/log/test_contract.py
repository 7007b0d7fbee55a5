"""What every log does with runs, leases and events: each sentence of ``log.base``."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ryx_dash.errors import LeaseLost, LogError, RunEnded, SequenceConflict, UnknownRun
from ryx_dash.log.base import EventLog, Lease, NewRun
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.events import Draft, EventKind
from ryx_dash.protocol.steps import RunStatus
from tests.log.samples import LOST, TS, Clock, claimed, ended, event, grown, started

ANY = {"at_once": 9, "lease_seconds": 10.0}

# -- asking for runs ---------------------------------------------------------------------------


def test_a_new_run_waits_at_the_end_of_the_line(log: EventLog) -> None:
    first, new = log.start(NewRun(input="one", model="qwen2.5:3b"))
    second, _ = log.start(NewRun(input="two"))
    assert new
    assert (first.input, first.model, first.status) == ("one", "qwen2.5:3b", RunStatus.QUEUED)
    assert (first.head, first.owner, first.started, first.ended) == (0, None, None, None)
    assert first.created <= second.created
    assert (first.position, second.position) == (1, 2)
    assert second.model is None


def test_run_ids_fit_into_a_url_and_differ(log: EventLog) -> None:
    names = {started(log).run_id for _ in range(50)}
    assert len(names) == 50
    assert all(len(name) <= 64 and name.isascii() and name.isalnum() for name in names)


def test_the_same_command_twice_is_one_run(log: EventLog) -> None:
    first, _ = log.start(NewRun(input="one", command_id="c"))
    log.claim("worker", at_once=1, lease_seconds=10)
    again, new = log.start(NewRun(input="something else", command_id="c"))
    assert not new
    assert (again.run_id, again.input, again.status) == (first.run_id, "one", RunStatus.RUNNING)
    assert started(log, command_id="d").run_id != first.run_id


def test_runs_without_a_command_id_are_never_the_same(log: EventLog) -> None:
    assert started(log).run_id != started(log).run_id


def test_the_run_before_that_was_asked_the_same(log: EventLog) -> None:
    long = "why " * 60
    first, _, second = (started(log, text) for text in ("why?", "why", "why?"))
    longer, other = started(log, long + "so?"), started(log, long + "not?")
    third = started(log, "why?")
    assert log.asked_before(first.run_id) is None
    assert log.asked_before(second.run_id) == log.run(first.run_id)
    assert log.asked_before(third.run_id) == log.run(second.run_id)
    assert log.asked_before(longer.run_id) is log.asked_before(other.run_id) is None


def test_runs_without_an_input_were_asked_nothing(log: EventLog) -> None:
    assert [log.asked_before(started(log, "").run_id) for _ in range(2)] == [None, None]
    with pytest.raises(UnknownRun):
        log.asked_before("nobody")


def test_a_command_sent_many_times_at_once_is_one_run(log: EventLog) -> None:
    barrier = threading.Barrier(8)

    def start() -> tuple[str, bool]:
        barrier.wait()
        run, new = log.start(NewRun(input="one", command_id="c"))
        return run.run_id, new

    with ThreadPoolExecutor(8) as pool:
        answers = [future.result() for future in [pool.submit(start) for _ in range(8)]]
    assert len({run_id for run_id, _ in answers}) == 1
    assert [new for _, new in answers].count(True) == 1


def test_what_utf8_cannot_hold_is_replaced(log: EventLog) -> None:
    run, _ = log.start(NewRun(input="a\ud800b", model="m\udfff", command_id="\ud800"))
    assert (run.input, run.model) == ("a?b", "m?")
    assert log.run("\ud800") is None
    assert log.runs(q="\ud800").runs == (run,)


# -- claiming and leases -----------------------------------------------------------------------


def test_runs_are_claimed_in_the_order_of_their_asking(log: EventLog) -> None:
    waiting = [started(log, str(number)) for number in range(3)]
    taken = [log.claim("worker", **ANY) for _ in range(4)]
    assert [run and run.run_id for run in taken] == [*(run.run_id for run in waiting), None]


def test_a_claimed_run_is_running_and_owned(log: EventLog) -> None:
    queued = started(log)
    run = log.claim("worker", **ANY)
    assert run is not None
    assert (run.status, run.owner, run.position) == (RunStatus.RUNNING, "worker", 0)
    assert run.fence > queued.fence
    assert run.started is not None
    assert run.started >= run.created
    assert log.run(run.run_id) == run


def test_no_more_runs_at_once_than_asked_for_over_all_owners(log: EventLog) -> None:
    for _ in range(3):
        started(log)
    first = log.claim("one", at_once=2, lease_seconds=10)
    assert first is not None
    assert log.claim("two", at_once=2, lease_seconds=10) is not None
    assert log.claim("three", at_once=2, lease_seconds=10) is None
    grown(log, first, EventKind.WORKFLOW_COMPLETE)
    assert log.claim("three", at_once=2, lease_seconds=10) is not None


def test_the_line_moves_up(log: EventLog) -> None:
    runs = [started(log) for _ in range(3)]
    log.claim("worker", **ANY)
    log.cancel(runs[1].run_id)
    last = log.run(runs[2].run_id)
    assert last is not None
    assert last.position == 1


def test_many_claimers_never_share_a_run(log: EventLog) -> None:
    for _ in range(20):
        started(log)
    with ThreadPoolExecutor(8) as pool:
        taken = list(
            pool.map(lambda n: log.claim(f"w{n}", at_once=12, lease_seconds=10), range(40))
        )
    names = [run.run_id for run in taken if run]
    assert len(names) == len(set(names)) == 12


def test_a_lease_runs_out_unless_it_is_renewed(log: EventLog, clock: Clock) -> None:
    kept, lost = claimed(log, owner="kept"), claimed(log, owner="lost")
    clock.seconds += 9.9
    assert log.expired() == ()
    log.renew("kept", lease_seconds=10)
    log.renew("nobody", lease_seconds=10)
    clock.seconds += 0.1
    assert log.expired() == (lost,)
    clock.seconds += 10
    assert log.expired() == (kept, lost)


def test_only_running_runs_expire(log: EventLog, clock: Clock) -> None:
    ended(log)
    started(log)
    clock.seconds += 1_000
    assert log.expired() == ()


def test_an_interrupted_run_has_ended_and_its_owner_is_fenced_out(
    log: EventLog, clock: Clock
) -> None:
    run = grown(log, claimed(log), EventKind.WORKFLOW_START)
    clock.seconds += 10
    after = log.interrupt(run.run_id, LOST)
    assert (after.status, after.head) == (RunStatus.INTERRUPTED, 2)
    assert after.fence > run.fence
    assert after.ended is not None
    [last] = log.read(run.run_id, after=1)
    assert (last.event, last.message, last.seq) == ("workflow_error", LOST.message, 2)
    with pytest.raises(LeaseLost):
        grown(log, run, EventKind.STEP_START)
    assert log.head(run.run_id) == 2


def test_two_finders_write_one_end(log: EventLog, clock: Clock) -> None:
    run = claimed(log)
    clock.seconds += 10
    assert log.interrupt(run.run_id, LOST) == log.interrupt(run.run_id, LOST)
    assert [one.event for one in log.read(run.run_id)] == ["workflow_start", "workflow_error"]


def test_a_renewed_run_is_not_interrupted(log: EventLog, clock: Clock) -> None:
    run = claimed(log)
    clock.seconds += 10
    log.renew("worker", lease_seconds=10)
    assert log.interrupt(run.run_id, LOST) == run
    assert log.interrupt(run.run_id, LOST, only_expired=False).status is RunStatus.INTERRUPTED


def test_a_waiting_run_is_not_interrupted(log: EventLog) -> None:
    run = started(log)
    assert log.interrupt(run.run_id, LOST, only_expired=False) == run


def test_an_interruption_must_end_the_run_and_know_it(log: EventLog) -> None:
    run = claimed(log)
    with pytest.raises(ValueError, match="step_start does not end a run"):
        log.interrupt(run.run_id, Draft(event=EventKind.STEP_START), only_expired=False)
    with pytest.raises(UnknownRun):
        log.interrupt("nothing", LOST)
    assert log.run(run.run_id) == run


# -- cancelling --------------------------------------------------------------------------------


def test_a_waiting_run_is_cancelled_at_once(log: EventLog) -> None:
    queued = started(log, "what?")
    run = log.cancel(queued.run_id)
    assert (run.status, run.head, run.position) == (RunStatus.CANCELLED, 2, 0)
    first, last = log.read(run.run_id)
    assert (first.event, last.event) == ("workflow_start", "workflow_cancelled")
    assert first.data == {"input": "what?", "model": None}
    assert run.ended == last.ts
    assert log.claim("worker", **ANY) is None


def test_a_running_run_is_asked_to_end_as_often_as_one_likes(log: EventLog) -> None:
    run = claimed(log)
    assert not run.cancel_requested
    for _ in range(2):
        asked = log.cancel(run.run_id)
        assert asked.cancel_requested
        assert (asked.status, asked.head) == (RunStatus.RUNNING, 0)
    after = grown(log, run, EventKind.WORKFLOW_START, EventKind.WORKFLOW_CANCELLED)
    assert after.status is RunStatus.CANCELLED


def test_what_has_ended_or_is_unknown_cannot_be_cancelled(log: EventLog) -> None:
    with pytest.raises(RunEnded, match="already ended"):
        log.cancel(ended(log).run_id)
    with pytest.raises(UnknownRun, match="no run 'nothing'"):
        log.cancel("nothing")


# -- listing -----------------------------------------------------------------------------------


def test_an_empty_log(log: EventLog) -> None:
    assert log.latest() is None
    assert log.run("nothing") is None
    assert log.runs().runs == ()
    assert log.runs().next is None
    assert log.claim("worker", **ANY) is None
    assert log.head("nothing") == 0
    assert log.read("nothing") == []


def test_runs_come_newest_first_in_pages(log: EventLog) -> None:
    runs = [started(log) for _ in range(5)][::-1]
    assert log.latest() == runs[0]
    first = log.runs(limit=2)
    second = log.runs(limit=2, before=first.next)
    third = log.runs(limit=2, before=second.next)
    assert first.runs + second.runs + third.runs == tuple(runs)
    assert (second.next, third.next) == (runs[3].run_id, None)
    assert log.runs(limit=5).next is None
    assert log.runs(limit=0).runs == log.runs(limit=-1).runs == ()
    with pytest.raises(UnknownRun):
        log.runs(before="nothing")


def test_runs_by_status_and_text(log: EventLog) -> None:
    done = ended(log, EventKind.WORKFLOW_ERROR)
    tea = started(log, "Ärger mit 100% Tee_")
    milk = started(log, "milk")
    assert log.runs(status=RunStatus.FAILED).runs == (done,)
    assert log.runs(status=RunStatus.QUEUED).runs == (milk, tea)
    assert log.runs(status=RunStatus.SUCCESS).runs == ()
    assert log.runs(q="äRGER").runs == log.runs(q="% t").runs == log.runs(q="e_").runs == (tea,)
    assert log.runs(q="'; DROP TABLE runs; --").runs == ()
    assert log.runs(q="milk", status=RunStatus.FAILED).runs == ()
    page = log.runs(q="m", limit=1)
    assert (page.runs, page.next) == ((milk,), milk.run_id)
    assert log.runs(q="m", limit=1, before=page.next).next is None


# -- events ------------------------------------------------------------------------------------


def test_events_come_back_as_they_were(log: EventLog) -> None:
    run = claimed(log)
    data = {"deep": {"list": [1, 2.5, None, True, "☕ שלום \x00 \u2028"]}, "big": 10**30}
    events = [
        event(run.run_id, 1, EventKind.WORKFLOW_START, "é\x00\n", step=None),
        event(run.run_id, 2, EventKind.TOOL_RESULT, latency=0.125, call_id="c", **data),
        event(run.run_id, 3, "kind_of_tomorrow", call_id=7),
    ]
    after = log.append(run.lease, events)
    assert after == log.run(run.run_id)
    assert (after.head, log.head(run.run_id), after.ended) == (3, 3, None)
    assert log.read(run.run_id) == events
    assert [one.id for one in log.read(run.run_id)] == [f"{run.run_id}:{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("after", "upto", "expected"),
    [
        (0, None, [1, 2, 3, 4, 5]),
        (2, 4, [3, 4]),
        (5, None, []),
        (4, 2, []),
        (-(10**30), 10**30, [1, 2, 3, 4, 5]),
        (10**30, None, []),
        (0, -1, []),
    ],
)
def test_reading_a_part(log: EventLog, after: int, upto: int | None, expected: list[int]) -> None:
    run, other = claimed(log), claimed(log)
    grown(log, other, *["step_start"] * 7)
    grown(log, run, *["step_start"] * 5)
    assert [one.seq for one in log.read(run.run_id, after=after, upto=upto)] == expected


@pytest.mark.parametrize(
    ("most_text", "expected"), [(0, [1]), (1, [1]), (19, [1]), (20, [1, 2]), (10**9, [1, 2, 3])]
)
def test_reading_so_much_text(log: EventLog, most_text: int, expected: list[int]) -> None:
    run = claimed(log)  # {"a":"é"} and one more character: ten for each event
    events = [event(run.run_id, n, message=str(n), a="é") for n in (1, 2, 3)]
    log.append(run.lease, events)
    found = log.read(run.run_id, most_text=most_text)
    assert [one.seq for one in found] == expected
    log.append(run.lease, [event(run.run_id, 4)])  # nothing is left open
    assert log.read(run.run_id, after=3) == [event(run.run_id, 4)]


def test_a_page_is_bounded_by_number_and_by_text(log: EventLog) -> None:
    run = claimed(log)
    small = [event(run.run_id, n) for n in range(1, 601)]
    large = [event(run.run_id, n, message="x" * 400_000) for n in range(601, 605)]
    log.append(run.lease, [*small, *large])
    assert len(log.page(run.run_id, after=0, upto=604)) == 500
    assert [one.seq for one in log.page(run.run_id, after=600, upto=604)] == [601, 602]
    assert [one.seq for one in log.page(run.run_id, after=603, upto=604)] == [604]
    assert log.page(run.run_id, after=604, upto=604) == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (EventKind.WORKFLOW_COMPLETE, RunStatus.SUCCESS),
        (EventKind.WORKFLOW_ERROR, RunStatus.FAILED),
        (EventKind.WORKFLOW_CANCELLED, RunStatus.CANCELLED),
    ],
)
def test_a_terminal_event_ends_the_run_and_its_lease(
    log: EventLog, kind: str, status: RunStatus
) -> None:
    run = claimed(log)
    after = grown(log, run, EventKind.WORKFLOW_START, kind)
    assert (after.status, after.ended, after.head) == (status, TS, 2)
    with pytest.raises(LeaseLost):
        grown(log, after, EventKind.STEP_START)


@pytest.mark.parametrize("places", [[1], [4], [3, 5], [3, 3], [4, 3]])
def test_a_hole_or_a_repetition_is_refused_whole(log: EventLog, places: list[int]) -> None:
    run = grown(log, claimed(log), "workflow_start", "step_start")
    with pytest.raises(SequenceConflict, match="nothing was written"):
        log.append(run.lease, [event(run.run_id, place) for place in places])
    assert log.run(run.run_id) == run
    assert len(log.read(run.run_id)) == 2


def test_events_of_another_run_or_after_the_end_are_refused(log: EventLog) -> None:
    run = claimed(log)
    with pytest.raises(SequenceConflict):
        log.append(run.lease, [event("other", 1)])
    with pytest.raises(SequenceConflict, match="follow the end"):
        grown(log, run, EventKind.WORKFLOW_COMPLETE, EventKind.STEP_START)
    assert log.head(run.run_id) == 0


def test_a_wrong_lease_is_refused(log: EventLog) -> None:
    run, waiting = claimed(log), started(log)
    for lease in (
        Lease(run_id=run.run_id, fence=run.fence - 1),
        Lease(run_id=run.run_id, fence=run.fence + 1),
        waiting.lease,
        Lease(run_id="nothing", fence=0),
    ):
        with pytest.raises(LeaseLost, match="nothing was written"):
            log.append(lease, [event(lease.run_id, 1)])
    assert log.head(run.run_id) == 0


def test_nothing_may_be_appended(log: EventLog) -> None:
    run = claimed(log)
    assert log.append(run.lease, []) == run


def test_of_many_writers_of_one_lease_each_place_has_one(log: EventLog) -> None:
    run = claimed(log)
    barrier = threading.Barrier(6)

    def write(_: int) -> bool:
        barrier.wait()
        try:
            grown(log, run, "workflow_start")
        except SequenceConflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(write, range(6))).count(True) == 1
    assert log.head(run.run_id) == 1


# -- change ------------------------------------------------------------------------------------


def test_the_version_grows_with_every_change_and_with_nothing_else(
    log: EventLog, clock: Clock
) -> None:
    versions = [log.version()]
    run = claimed(log)
    versions.append(log.version())
    run = grown(log, run, "workflow_start")
    versions.append(log.version())
    log.renew("worker", lease_seconds=20)
    versions.append(log.version())
    log.cancel(run.run_id)
    versions.append(log.version())
    clock.seconds += 20
    log.interrupt(run.run_id, LOST)
    versions.append(log.version())
    assert versions == sorted(set(versions))

    log.claim("worker", **ANY)
    log.renew("worker", lease_seconds=20)
    log.interrupt(run.run_id, LOST)
    log.runs()
    log.expired()
    assert log.version() == versions[-1]


def test_the_version_keeps_still_for_a_known_command(log: EventLog) -> None:
    started(log, command_id="c")
    version = log.version()
    started(log, command_id="c")
    assert log.version() == version


def test_a_log_that_works_is_writable(log: EventLog) -> None:
    assert log.writable() is None


def test_a_closed_log_says_so(log: EventLog) -> None:
    run = claimed(log)
    log.close()
    for call in (
        log.latest,
        log.version,
        lambda: log.read(run.run_id),
        lambda: log.start(NewRun(input="?")),
        lambda: grown(log, run, "workflow_start"),
    ):
        with pytest.raises(LogError, match="closed"):
            call()
    assert "closed" in (log.writable() or "")
    log.close()


def test_identity_is_the_logs_own(log: EventLog) -> None:
    assert log.identity == log.identity
    assert len(log.identity) >= 16
    assert log.identity != MemoryLog().identity
