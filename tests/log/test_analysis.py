"""What every log says of many runs together: counts, latencies, tools, models, the slowest."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ryx_dash.log.base import EventLog, NewRun, Run, RunFilter
from ryx_dash.log.memory import MemoryLog
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.analysis import BUCKETS, Analysis, Part, Spread
from ryx_dash.protocol.events import Draft, Event, EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE, INTENT, LLM, MODEL, RAG, RunStatus

START, DONE, ERROR = EventKind.STEP_START, EventKind.STEP_COMPLETE, EventKind.STEP_ERROR
CALL, RESULT = EventKind.TOOL_CALL, EventKind.TOOL_RESULT
SUCCESS = Draft(event=EventKind.WORKFLOW_COMPLETE)
FAILURE = Draft(event=EventKind.WORKFLOW_ERROR)
CANCELLED = Draft(event=EventKind.WORKFLOW_CANCELLED)


def at(seconds: float) -> str:
    """A time of the first day of 2026."""
    whole = int(seconds)
    rest = round((seconds - whole) * 1e6)
    return f"2026-01-01T{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{rest:06}Z"


def put(
    log: EventLog, run_id: str, *drafts: Draft, begins: float = 0.0, model: str | None = None
) -> Run:
    """A run from elsewhere with one event a second."""
    run = Run(run_id=run_id, input=run_id, model=model, created=at(begins), started=at(begins))
    events: list[Event] = [draft.at(run_id, n, at(begins + n)) for n, draft in enumerate(drafts, 1)]
    log.restore(run, events)
    found = log.run(run_id)
    assert found is not None
    return found


def step(name: str, latency: float | None, kind: EventKind = DONE, **data: object) -> Draft:
    return Draft(event=kind, step=name, latency=latency, data=data)


def call(tool: str, latency: float | None, *, success: bool = True) -> tuple[Draft, Draft]:
    data = {"call_id": tool, "tool": tool}
    return (
        step_event(CALL, EXECUTE, "", data=data),
        step_event(RESULT, EXECUTE, "", latency=latency, data={**data, "success": success}),
    )


def analyse(log: EventLog, *edges: str, **where: object) -> Analysis:
    return log.analyse(RunFilter(**where), lambda _: edges)  # type: ignore[arg-type]


def told(log: EventLog, where: RunFilter) -> object:
    """When the first and the last of the runs that pass were asked for, as it is told to a cut."""
    spans: list[object] = []

    def cut(span: tuple[str, str] | None) -> Sequence[str]:
        spans.append(span)
        return ()

    log.analyse(where, cut)
    return spans[0]


def test_a_cut_is_told_of_what_it_cuts(log: EventLog) -> None:
    assert told(log, RunFilter()) is None
    put(log, "b", FAILURE, begins=20)
    put(log, "a", SUCCESS, begins=10)
    log.start(NewRun(input="waits"))
    assert told(log, RunFilter(until=at(100))) == (at(10), at(20))


def test_nothing_is_known_of_no_runs(log: EventLog) -> None:
    found = analyse(log, at(0), at(9))
    assert (found.total, found.latency, found.steps, found.slowest) == (0, Spread(), (), ())
    assert [dict(period.runs) for period in found.periods] == [{}]


def test_runs_by_status_and_period(log: EventLog) -> None:
    put(log, "a", SUCCESS, begins=10)
    put(log, "b", FAILURE, begins=20)
    put(log, "c", SUCCESS, begins=29)
    put(log, "d", CANCELLED, begins=30)
    log.start(NewRun(input="waits"))
    found = analyse(log, at(10), at(20), at(30), at(30), at(31))
    assert found.runs == {
        RunStatus.SUCCESS: 2,
        RunStatus.FAILED: 1,
        RunStatus.CANCELLED: 1,
        RunStatus.QUEUED: 1,
    }
    assert [dict(period.runs) for period in found.periods] == [
        {RunStatus.SUCCESS: 1},
        {RunStatus.FAILED: 1, RunStatus.SUCCESS: 1},
        {},
        {RunStatus.CANCELLED: 1},
    ]


def test_latencies_of_steps_are_exact(log: EventLog) -> None:
    for number in range(1, 101):
        put(log, f"run{number}", step("intent_detection", float(number)), SUCCESS, begins=number)
    [found] = analyse(log).steps
    assert (found.name, found.count, found.failed) == (INTENT.name, 100, 0)
    assert found.latency == Spread(100, 50.5, pytest.approx(95.05), pytest.approx(99.01))
    assert found.buckets == (0, 2, 7, 20, 70, 1, *[0] * (len(BUCKETS) - 5))


def test_a_latency_that_is_not_told_is_from_start_to_end(log: EventLog) -> None:
    put(log, "a", step(RAG.name, None, START), SUCCESS, begins=1)
    put(log, "b", step(RAG.name, None, START), step(RAG.name, None), SUCCESS, begins=2)
    put(log, "c", step(RAG.name, None), SUCCESS, begins=3)
    put(log, "d", step(RAG.name, -1.0), step(RAG.name, 1e300), SUCCESS, begins=4)
    [found] = analyse(log).steps
    assert (found.count, found.latency.count, found.latency.p50) == (4, 1, 1_000.0)


def test_what_was_skipped_or_cut_off_took_no_time(log: EventLog) -> None:
    put(log, "a", step(RAG.name, 0.0, skipped=True), step(INTENT.name, None, START), CANCELLED)
    put(log, "b", step(RAG.name, None, START), step(RAG.name, 3.0, skipped=True), SUCCESS)
    put(log, "c", step_event(CALL, EXECUTE, "", data={"tool": "x"}), FAILURE)
    assert analyse(log).steps == analyse(log).tools == ()


def test_what_failed(log: EventLog) -> None:
    tries = (step(LLM.name, None, START), step(LLM.name, None, START))
    put(log, "retried", *tries, step(LLM.name, 5.0), SUCCESS)
    put(log, "broken", step(LLM.name, None, START), FAILURE)
    put(log, "told", step(LLM.name, 7.0, ERROR), FAILURE)
    [found] = analyse(log).steps
    assert (found.count, found.failed, found.latency.count) == (4, 3, 4)


def test_tools_by_calls_failures_and_latency(log: EventLog) -> None:
    put(log, "a", *call("read_file", 4.0), *call("search_web", 900.0, success=False), SUCCESS)
    put(log, "b", *call("read_file", None), SUCCESS)
    read, search = analyse(log).tools
    assert (read.name, read.count, read.failed, read.latency.p50) == ("read_file", 2, 0, 502.0)
    assert (search.name, search.count, search.failed, search.latency.p99) == (
        *("search_web", 1, 1),
        900.0,
    )


def test_results_find_their_calls(log: EventLog) -> None:
    def event(kind: EventKind, latency: float | None = None, **data: object) -> Draft:
        return step_event(kind, EXECUTE, "", latency=latency, data=data)

    put(
        log,
        "a",
        event(CALL, call_id="1", tool="one"),
        event(CALL, call_id="2", tool="two"),
        event(RESULT, call_id="2", success=True),
        event(RESULT, success=True),
        event(RESULT, 5.0, tool="three", success=True),
        SUCCESS,
    )
    names = {tool.name: tool.latency.p50 for tool in analyse(log).tools}
    assert names == {"one": 3_000.0, "two": 1_000.0, "three": 5.0}


def test_models_by_first_token_and_speed(log: EventLog) -> None:
    told = {"model": "small", "time_to_first_token": 80.0, "tokens_per_second": 40.0}
    put(log, "a", step(LLM.name, 9.0, **told), SUCCESS)
    put(log, "b", step(LLM.name, 9.0, **{**told, "tokens_per_second": None}), SUCCESS)
    put(log, "c", step(LLM.name, 9.0, model=None, extractive=True), SUCCESS)
    put(log, "d", step(LLM.name, 9.0, model="odd", time_to_first_token="soon"), SUCCESS)
    odd, small = analyse(log).models
    assert (odd.model, odd.count, odd.first, odd.speed) == ("odd", 1, Spread(), Spread())
    assert (small.count, small.first.count, small.first.p50) == (2, 2, 80.0)
    assert (small.speed.count, small.speed.p50) == (1, 40.0)


def test_tokens_tell_when_the_first_one_came(log: EventLog) -> None:
    token = step_event(EventKind.LLM_TOKEN, LLM, "")
    chosen = step(MODEL.name, 1.0, model="chosen")
    put(log, "a", step(LLM.name, None, START), token, token, step(LLM.name, None), SUCCESS)
    put(log, "b", chosen, step(LLM.name, None, START), token, step(LLM.name, None), SUCCESS)
    asked = (step(LLM.name, None, START), step(LLM.name, None), SUCCESS)
    put(log, "c", *asked, model="asked")
    assert [(m.model, m.first.p50, m.speed.count) for m in analyse(log).models] == [
        ("", 1_000.0, 0),
        ("asked", None, 0),
        ("chosen", 1_000.0, 0),
    ]


def test_the_slowest_come_first(log: EventLog) -> None:
    for number in range(12):
        drafts = [step(INTENT.name, 1.0)] * (number % 6)
        put(log, f"run{number}", *drafts, SUCCESS, begins=number)
    names = [run.run_id for run in analyse(log).slowest]
    assert names == [
        "run11",
        "run5",
        "run10",
        "run4",
        "run9",
        "run3",
        "run8",
        "run2",
        "run7",
        "run1",
    ]
    assert analyse(log).latency == Spread(12, 3_500.0, 6_000.0, 6_000.0)
    assert analyse(log).slowest[0].latency == 6_000.0


def test_a_filter_holds_for_everything(log: EventLog) -> None:
    put(log, "good", *call("x", 1.0), step(INTENT.name, 1.0), SUCCESS, begins=1)
    put(log, "bad", *call("y", 2.0), step(INTENT.name, 2.0, intent="chat"), FAILURE, begins=2)
    found = analyse(log, at(0), at(9), statuses={RunStatus.FAILED})
    assert found == analyse(log, at(0), at(9), intents={"chat"})
    assert (
        found == analyse(log, at(0), at(9), tools={"y"}) == analyse(log, at(0), at(9), text="bad")
    )
    assert (found.total, dict(found.periods[0].runs)) == (1, {RunStatus.FAILED: 1})
    assert [tool.name for tool in found.tools] == ["y"]
    assert [one.latency.p50 for one in found.steps] == [2.0]
    assert [run.run_id for run in found.slowest] == ["bad"]


def test_deleted_runs_count_no_more(log: EventLog) -> None:
    put(log, "one", step(INTENT.name, 1.0), SUCCESS)
    put(log, "two", step(INTENT.name, 2.0), SUCCESS)
    log.delete("one")
    found = analyse(log)
    assert (found.total, found.steps[0].count, found.steps[0].latency.p50) == (1, 1, 2.0)


@pytest.mark.parametrize(
    ("part", "names"),
    [
        (Part(kind="step", name=RAG.name), ["slow", "quick", "broken"]),
        (Part(kind="step", name=RAG.name, shortest=100), ["slow"]),
        (Part(kind="step", name=RAG.name, below=100), ["quick"]),
        (Part(kind="step", name=RAG.name, shortest=5, below=500), ["quick"]),
        (Part(kind="step", name=RAG.name, ok=False), ["broken"]),
        (Part(kind="tool", name=RAG.name), []),
        (Part(kind="tool", name="x", ok=True), ["quick"]),
        (Part(kind="first", name="m"), ["slow", "quick"]),
        (Part(kind="first", name="m", shortest=100), ["slow"]),
        (Part(kind="speed", name="m", below=100), ["quick"]),
        (Part(kind="first", name=""), ["other"]),
        (Part(kind="speed", name="", shortest=0), []),
        (Part(kind="tool", name="x", ok=False), ["slow"]),
        (Part(kind="tool", name="\ud800"), []),
    ],
)
def test_runs_by_what_happened_in_them(log: EventLog, part: Part, names: list[str]) -> None:
    put(log, "broken", step(RAG.name, None, ERROR), SUCCESS, begins=1)
    quick, slow = (
        step(LLM.name, 9.0, model="m", time_to_first_token=took, tokens_per_second=took)
        for took in (20.0, 200.0)
    )
    failed = call("x", 1.0, success=False)
    put(log, "quick", *call("x", 1.0), step(RAG.name, 5.0), quick, SUCCESS, begins=2)
    put(log, "slow", *failed, step(RAG.name, 500.0), slow, SUCCESS, begins=3)
    put(log, "other", step(RAG.name, 0.0, skipped=True), step(LLM.name, 9.0), SUCCESS, begins=4)
    assert [run.run_id for run in log.runs(where=RunFilter(part=part)).runs] == names
    assert analyse(log, part=part).total == len(names)


# -- the two logs agree ------------------------------------------------------------------------

latencies = st.none() | st.sampled_from([0.0, 0.5, 1.0, 2.9, 3.0, 99.0, 30_000.0, 5e5, -1.0])
names = st.sampled_from([INTENT.name, RAG.name, LLM.name, "own step"])
drafts = st.one_of(
    st.builds(step, names, latencies, st.sampled_from([START, DONE, ERROR])),
    st.builds(lambda name: step(name, 1.0, skipped=True), names),
    st.builds(
        lambda model, waited: step(
            LLM.name, 4.0, model=model, time_to_first_token=waited, tokens_per_second=waited
        ),
        st.sampled_from(["m", "n", "", None]),
        latencies,
    ),
    st.builds(
        lambda kind, tool, number, success, latency: Draft(
            event=kind,
            step=EXECUTE.name,
            latency=latency,
            data={"tool": tool, "call_id": number, "success": success},
        ),
        st.sampled_from([CALL, RESULT]),
        st.sampled_from(["t", "u", None]),
        st.sampled_from(["1", "2", None]),
        st.booleans(),
        latencies,
    ),
    st.just(step_event(EventKind.LLM_TOKEN, LLM, "x")),
)
stories = st.lists(
    st.tuples(
        st.lists(drafts, max_size=8),
        st.sampled_from([SUCCESS, FAILURE, CANCELLED]),
        st.integers(0, 60),
    ),
    max_size=6,
)
filters = st.builds(
    RunFilter,
    statuses=st.frozensets(st.sampled_from(RunStatus), max_size=2),
    models=st.frozensets(st.sampled_from(["m"]), max_size=1),
    tools=st.frozensets(st.sampled_from(["t", "u"]), max_size=1),
    since=st.sampled_from(["", at(20)]),
    until=st.sampled_from(["", at(40)]),
    shortest=st.none() | st.just(3_000.0),
    text=st.sampled_from(["", "run1"]),
    part=st.none()
    | st.builds(
        Part,
        kind=st.sampled_from(["step", "tool", "first", "speed"]),
        name=names | st.sampled_from(["t", "m", "", "x"]),
        shortest=st.none() | st.sampled_from([0.0, 3.0]),
        below=st.none() | st.sampled_from([3.0, 99.0]),
        ok=st.none() | st.booleans(),
    ),
)


def near(spread: Spread) -> Spread:
    """A spread whose numbers may differ in the last of their places."""
    values = (spread.p50, spread.p95, spread.p99)
    return Spread(spread.count, *(None if v is None else round(v, 6) for v in values))


def rounded(found: Analysis) -> Analysis:
    return replace(
        found,
        latency=near(found.latency),
        steps=tuple(replace(one, latency=near(one.latency)) for one in found.steps),
        tools=tuple(replace(one, latency=near(one.latency)) for one in found.tools),
        models=tuple(
            replace(one, first=near(one.first), speed=near(one.speed)) for one in found.models
        ),
    )


@settings(max_examples=60)
@given(stories=stories, where=filters)
def test_both_logs_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, stories: list, where: RunFilter
) -> None:
    path = tmp_path_factory.mktemp("analysis") / "runs.db"
    logs: list[EventLog] = [MemoryLog(), SqliteLog(path)]
    edges = [at(0), at(20), at(30), at(60)]
    try:
        for number, (story, end, begins) in enumerate(stories):
            for log in logs:
                put(log, f"run{number}", *story, end, begins=begins)
        one, other = (rounded(log.analyse(where, lambda _: edges)) for log in logs)
        assert one == other
        assert told(logs[0], where) == told(logs[1], where)
    finally:
        for log in logs:
            log.close()
