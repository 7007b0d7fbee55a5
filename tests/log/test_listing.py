"""What every log does with the list of its runs: summaries, filters, bringing in, deleting."""

from dataclasses import replace

import pytest

from ryx_dash.errors import RunActive, RunExists, SequenceConflict, UnknownRun
from ryx_dash.log.base import EventLog, Facets, NewRun, RowFilter, Run, RunFilter
from ryx_dash.log.memory import MemoryLog
from ryx_dash.log.summary import LONGEST, MOST_TOOLS
from ryx_dash.protocol.events import Event, EventKind
from ryx_dash.protocol.steps import EXECUTE, INTENT, LLM, MODEL, RunStatus
from tests.log.samples import TS, claimed, ended, event, grown, started

FAILS = EventKind.WORKFLOW_ERROR
DONE = EventKind.WORKFLOW_COMPLETE


def told(log: EventLog, *events: tuple[str, dict], text: str = "what?") -> Run:
    """A run with these events; the fields of each are a kind, and what :func:`event` takes."""
    log.start(NewRun(input=text))
    run = log.claim("worker", at_once=1_000, lease_seconds=10)
    assert run is not None
    made = [event(run.run_id, n, kind, **fields) for n, (kind, fields) in enumerate(events, 1)]
    return log.append(run.lease, made)


def found(log: EventLog, **fields: object) -> list[str]:
    """The inputs of the runs that pass a filter, newest first."""
    page = log.runs(limit=1_000, where=RunFilter(**fields))  # type: ignore[arg-type]
    return [run.input for run in page.runs]


# -- summaries ---------------------------------------------------------------------------------


def test_a_run_says_what_its_events_say(log: EventLog) -> None:
    run = told(
        log,
        ("step_complete", {"step": INTENT, "intent": "code_search"}),
        ("step_complete", {"step": MODEL, "model": "small:1b"}),
        ("tool_call", {"step": EXECUTE, "call_id": "a", "tool": "search_local"}),
        ("tool_call", {"step": EXECUTE, "call_id": "b", "tool": "read_file"}),
        ("tool_call", {"step": EXECUTE, "call_id": "c", "tool": "search_local"}),
        ("step_start", {"step": LLM}),
    )
    assert (run.intent, run.model_used, run.step) == ("code_search", "small:1b", LLM.name)
    assert (run.calls, run.tools) == (3, ("read_file", "search_local"))
    assert run == log.run(run.run_id)
    after = grown(log, run, DONE)
    assert (after.step, after.failed_step, after.calls) == (None, None, 3)


def test_summaries_go_on_over_commits(log: EventLog) -> None:
    run = told(log, ("tool_call", {"tool": "one"}))
    more = [event(run.run_id, 2, "tool_call", tool="two"), event(run.run_id, 3, "llm_token")]
    run = log.append(run.lease, more)
    assert (run.calls, run.tools) == (2, ("one", "two"))


@pytest.mark.parametrize(
    ("events", "step"),
    [
        ([("step_start", {"step": LLM}), (FAILS, {"step": None})], LLM.name),
        ([("step_error", {"step": EXECUTE}), (FAILS, {"step": None})], EXECUTE.name),
        ([("step_start", {"step": LLM}), (FAILS, {"step": INTENT})], INTENT.name),
        ([(FAILS, {"step": None})], None),
    ],
)
def test_where_a_run_failed(log: EventLog, events: list, step: str | None) -> None:
    assert told(log, *events).failed_step == step


def test_a_cancelled_run_failed_nowhere(log: EventLog) -> None:
    run = told(log, ("step_start", {"step": LLM}), (EventKind.WORKFLOW_CANCELLED, {}))
    assert (run.step, run.failed_step) == (LLM.name, None)


def test_odd_payloads_say_nothing(log: EventLog) -> None:
    run = told(
        log,
        ("step_complete", {"step": INTENT, "intent": 7}),
        ("step_complete", {"step": MODEL, "model": None}),
        ("step_complete", {"step": EXECUTE, "model": "not a model step"}),
        ("tool_call", {"tool": ["list"]}),
        ("tool_call", {"tool": "two\nlines\n" + "x" * 500}),
    )
    assert (run.intent, run.model_used, run.calls) == (None, None, 2)
    assert run.tools[0] == "tool"
    assert len(run.tools[1]) == LONGEST
    assert run.tools[1].startswith("two lines x")
    assert log.run(run.run_id) == run


def test_only_so_many_tools_are_kept_by_name(log: EventLog) -> None:
    run = told(log, *[("tool_call", {"tool": f"tool{n:03}"}) for n in range(MOST_TOOLS + 9)])
    assert (run.calls, len(run.tools)) == (MOST_TOOLS + 9, MOST_TOOLS)


def test_latency_is_from_start_to_end() -> None:
    run = Run(run_id="r", input="", started=TS, ended=TS.replace("00.0", "01.5"))
    assert run.latency == 1_500.0
    assert replace(run, ended=None).latency is None


# -- filters -----------------------------------------------------------------------------------


def test_runs_by_what_they_say(log: EventLog) -> None:
    told(log, ("step_complete", {"step": INTENT, "intent": "chat"}), (DONE, {}), text="a")
    told(log, ("step_complete", {"step": MODEL, "model": "m1"}), (FAILS, {}), text="b")
    told(log, ("tool_call", {"tool": "read_file"}), ("tool_call", {"tool": "x"}), text="c")
    log.start(NewRun(input="d", model="m1"))
    assert found(log) == ["d", "c", "b", "a"]
    assert found(log, intents={"chat", "other"}) == ["a"]
    assert found(log, models={"m1"}) == ["d", "b"]
    assert found(log, tools={"read_file"}) == found(log, tools={"x", "y"}) == ["c"]
    assert found(log, tools={"read"}) == []
    statuses = {RunStatus.RUNNING, RunStatus.QUEUED}
    assert found(log, statuses=statuses) == ["d", "c"]
    assert found(log, statuses={RunStatus.FAILED}, intents={"chat"}) == []
    assert log.facets() == Facets(models=("m1",), intents=("chat",), tools=("read_file", "x"))


def test_runs_by_date_and_latency(log: EventLog) -> None:
    for day, seconds in ((1, 1), (2, 5), (3, 60)):
        created = f"2026-03-0{day}T10:00:00.000000Z"
        end = f"2026-03-0{day}T10:{seconds // 60:02}:{seconds % 60:02}.000000Z"
        restored(log, f"day{day}", created=created, ended=end)
    started(log, "now")
    assert found(log) == ["now", "day3", "day2", "day1"]
    assert found(log, since="2026-03-02", until="2026-03-03") == ["day2"]
    assert found(log, until="2026-03-02T10:00:00.000000Z") == ["day1"]
    assert found(log, shortest=5_000.0) == ["day3", "day2"]
    assert found(log, shortest=1_000.0, longest=5_000.0) == ["day2", "day1"]


def test_pages_of_a_filtered_list(log: EventLog) -> None:
    for n in range(7):
        told(log, (DONE if n % 2 else FAILS, {}), text=str(n))
    where = RunFilter(statuses=frozenset({RunStatus.FAILED}))
    first = log.runs(limit=3, where=where)
    second = log.runs(limit=3, where=where, before=first.next)
    assert [run.input for run in first.runs + second.runs] == ["6", "4", "2", "0"]
    assert second.next is None


# -- text --------------------------------------------------------------------------------------


def test_a_text_is_found_in_input_message_and_payload(log: EventLog) -> None:
    told(log, ("step_start", {"message": "Ärger mit Tee"}), text="one")
    told(log, ("tool_result", {"output": {"path": "src/main.py"}}), text="two")
    started(log, "Where is the KETTLE?")
    assert found(log, text="arger") == ["one"]
    assert found(log, text="src/ma") == ["two"]
    assert found(log, text="the kett") == ["Where is the KETTLE?"]
    assert found(log, text="output") == []
    assert found(log, text=" - ") == found(log)


def test_all_of_a_text_stands_in_one_event(log: EventLog) -> None:
    told(log, ("step_start", {"message": "red"}), ("step_start", {"message": "blue"}), text="a")
    told(log, ("step_start", {"message": "blue and red"}), text="b")
    told(log, ("step_start", {"message": "py src main"}), text="c")
    assert found(log, text="red blue") == ["b"]
    assert found(log, text="main.py") == []


def test_what_is_found_is_a_row_of_the_run(log: EventLog) -> None:
    run = told(log, ("step_start", {}), ("step_start", {"message": "needle"}))
    assert found(log, text="need")
    where = RowFilter(upto=run.head, text="need", tokens=True)
    assert [one.seq for one in log.rows(run.run_id, where, limit=1).events] == [2]


def test_text_and_other_filters_together_in_pages(log: EventLog) -> None:
    for n in range(9):
        told(
            log, ("step_start", {"message": "kettle"}), (DONE if n % 3 else FAILS, {}), text=f"{n}"
        )
    where = RunFilter(text="kett", statuses=frozenset({RunStatus.FAILED}))
    first = log.runs(limit=2, where=where)
    assert [run.input for run in first.runs] == ["6", "3"]
    assert [run.input for run in log.runs(where=where, before=first.next).runs] == ["0"]


# -- bringing in -------------------------------------------------------------------------------


def restored(log: EventLog, text: str, *, created: str = TS, ended: str = TS) -> Run:
    run = Run(run_id=f"from-{text}", input=text, created=created, started=created)
    last = event(run.run_id, 2, DONE).model_copy(update={"ts": ended})
    assert log.restore(run, [event(run.run_id, 1, EventKind.WORKFLOW_START), last])
    kept = log.run(run.run_id)
    assert kept is not None
    return kept


def test_a_restored_run_is_the_run(log: EventLog) -> None:
    source = MemoryLog()
    run = told(source, ("tool_call", {"tool": "x"}), ("step_start", {"message": "tea"}), (DONE, {}))
    events = source.read(run.run_id)
    assert log.restore(run, events)
    kept = log.run(run.run_id)
    assert kept == replace(run, owner=None, fence=0, imported=True)
    assert log.read(run.run_id) == events
    assert found(log, text="tea") == ["what?"]
    assert log.rows(run.run_id, RowFilter(upto=9)).total == 3


def test_the_same_run_may_come_again(log: EventLog) -> None:
    run = ended(log)
    version = log.version()
    assert not log.restore(run, log.read(run.run_id))
    assert log.version() == version


def test_another_run_with_the_same_id_is_refused(log: EventLog) -> None:
    run = ended(log)
    events = log.read(run.run_id)
    changed = [events[0].model_copy(update={"message": "other"}), events[1]]
    for other, its_events in ((run, changed), (replace(run, input="other"), events)):
        with pytest.raises(RunExists, match="nothing was written"):
            log.restore(other, its_events)
    assert log.read(run.run_id) == events


def test_only_whole_runs_are_restored(log: EventLog) -> None:
    run = Run(run_id="r", input="", created=TS, started=TS)
    whole: list[Event] = [event("r", 1), event("r", 2, DONE)]
    for events in ([], whole[:1], whole[1:], [event("x", 1, DONE)], [*whole, event("r", 3)]):
        with pytest.raises(SequenceConflict, match="nothing was written"):
            log.restore(run, events)
    assert log.run("r") is None


def test_a_restored_run_is_listed_by_its_age_and_is_never_the_latest(log: EventLog) -> None:
    own = started(log, "own")
    restored(log, "old", created="2020-01-01T00:00:00.000000Z")
    assert found(log) == ["own", "old"]
    assert log.latest() == own
    log.cancel(own.run_id)
    log.delete(own.run_id)
    assert log.latest() is None


# -- deleting ----------------------------------------------------------------------------------


def test_a_deleted_run_is_gone(log: EventLog) -> None:
    kept = told(log, ("step_start", {"message": "kettle"}), (DONE, {}), text="kept")
    run = told(log, ("step_start", {"message": "kettle"}), (DONE, {}), text="gone")
    version = log.version()
    log.delete(run.run_id)
    assert log.version() > version
    assert log.run(run.run_id) is None
    assert log.read(run.run_id) == []
    assert log.latest() == kept
    assert found(log) == found(log, text="kettle") == ["kept"]
    with pytest.raises(UnknownRun):
        log.delete(run.run_id)
    with pytest.raises(UnknownRun):
        log.runs(before=run.run_id)


def test_what_has_not_ended_is_not_deleted(log: EventLog) -> None:
    for run in (claimed(log), started(log)):
        with pytest.raises(RunActive, match="cancel it first"):
            log.delete(run.run_id)
        assert log.run(run.run_id) == run


def test_the_command_of_a_deleted_run_makes_another(log: EventLog) -> None:
    first, _ = log.start(NewRun(input="a", command_id="c"))
    log.cancel(first.run_id)
    log.delete(first.run_id)
    second, new = log.start(NewRun(input="b", command_id="c"))
    assert new
    assert second.run_id != first.run_id


def test_nothing_of_a_deleted_run_appears_in_the_next_one(log: EventLog) -> None:
    run = told(log, ("step_start", {"message": "secret"}), (DONE, {}))
    log.delete(run.run_id)
    after = told(log, ("step_start", {"message": "plain"}), (DONE, {}))
    assert found(log, text="secret") == []
    for text, total in (("secret", 0), ("plain", 1), ("", 2)):
        where = RowFilter(upto=9, text=text)
        assert log.rows(after.run_id, where).total == total


def test_how_much_there_is(log: EventLog) -> None:
    assert (dict(log.counts().runs), log.counts().events, log.total()) == ({}, 0, 0)
    ended(log)
    run = ended(log)
    log.delete(run.run_id)
    started(log)
    assert log.total() == 2
    found = log.counts()
    assert dict(found.runs) == {RunStatus.SUCCESS: 1, RunStatus.QUEUED: 1}
    assert found.events == 2
    assert (found.size == 0) is isinstance(log, MemoryLog)
