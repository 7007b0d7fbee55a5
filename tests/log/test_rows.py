"""Pages, filters, order and search: what the monitor asks of a log."""

from collections.abc import Callable
from typing import Any

import pytest

from ryx_dash.log.base import EventLog, RowFilter, Run
from ryx_dash.protocol.events import Event, EventKind
from ryx_dash.protocol.steps import EXECUTE, INPUT, LLM
from tests.log.samples import claimed, event

ALL = 10**9


def filled(log: EventLog, *makers: Callable[[str, int], Event]) -> Run:
    run = claimed(log)
    return log.append(run.lease, [make(run.run_id, seq) for seq, make in enumerate(makers, 1)])


def of(kind: str = EventKind.STEP_PROGRESS, message: str = "", **more: Any) -> Any:
    return lambda run_id, seq: event(run_id, seq, kind, message, **more)


def seqs(log: EventLog, run: Run, *, sort: Any = (), **where: Any) -> list[int]:
    """The places of all events that pass; their number is checked against ``total``."""
    page = log.rows(run.run_id, RowFilter(**{"upto": ALL, **where}), sort=sort, limit=1_000)
    assert page.total == len(page.events)
    return [one.seq for one in page.events]


MIXED = (
    of(EventKind.WORKFLOW_START, step=None),
    of(EventKind.STEP_START, step=INPUT),
    of(EventKind.TOOL_CALL, step=EXECUTE, call_id="a"),
    of(EventKind.TOOL_RESULT, step=EXECUTE, call_id="a", success=False),
    of(EventKind.TOOL_CALL, step=EXECUTE, call_id="b"),
    of(EventKind.LLM_TOKEN, step=LLM, text="the tea"),
    of(EventKind.LLM_TOKEN, step=LLM, text="is hot"),
    of(EventKind.STEP_PROGRESS, step=LLM, warning=True),
    of(EventKind.STEP_COMPLETE, step=LLM),
)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 8, 9]),
        ({"tokens": True}, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ({"tokens": True, "after": 2, "upto": 7}, [3, 4, 5, 6, 7]),
        ({"after": -5, "upto": 2}, [1, 2]),
        ({"after": 10**30, "upto": 10**31}, []),
        ({"after": 5, "upto": 3}, []),
        ({"steps": {EXECUTE.name}}, [3, 4, 5]),
        ({"steps": {""}}, [1]),
        ({"steps": {LLM.name, INPUT.name}}, [2, 8, 9]),
        ({"steps": {LLM.name}, "tokens": True}, [6, 7, 8, 9]),
        ({"steps": {"'; DROP TABLE events; --"}}, []),
        ({"levels": {"running"}}, [2, 3, 5]),
        ({"levels": {"error", "warning"}}, [4, 8]),
        ({"levels": {"success"}, "steps": {EXECUTE.name}}, []),
        ({"call_id": "a"}, [3, 4]),
        ({"call_id": "a", "levels": {"running"}, "after": 2}, [3]),
        ({"call_id": "nothing"}, []),
        ({"call_id": ""}, []),
        ({"text": "tea"}, []),
        ({"text": "tea", "tokens": True}, [6]),
        ({"text": "a", "steps": {EXECUTE.name}, "levels": {"error"}}, [4]),
        ({"text": "a", "call_id": "b"}, []),
    ],
)
def test_filters(log: EventLog, where: dict[str, Any], expected: list[int]) -> None:
    frozen = {name: frozenset(v) if isinstance(v, set) else v for name, v in where.items()}
    filled(log, *MIXED)
    run = filled(log, *MIXED)
    filled(log, *MIXED)
    assert seqs(log, run, **frozen) == expected


def test_a_run_that_is_not_there_has_no_rows(log: EventLog) -> None:
    page = log.rows("nothing", RowFilter(upto=ALL))
    assert (page.events, page.total) == ((), 0)


def test_rows_are_whole_events(log: EventLog) -> None:
    run = filled(log, *MIXED)
    page = log.rows(run.run_id, RowFilter(upto=ALL, tokens=True))
    assert list(page.events) == log.read(run.run_id)


@pytest.mark.parametrize(
    ("offset", "limit", "expected"),
    [
        (0, 3, [1, 2, 3]),
        (3, 3, [4, 5, 8]),
        (6, 3, [9]),
        (7, 3, []),
        (10**30, 3, []),
        (-3, 3, [5, 8, 9]),
        (-6, 3, [2, 3, 4]),
        (-9, 3, [1]),
        (-50, 50, [1, 2, 3, 4, 5, 8, 9]),
        (-50, 3, []),
        (-2, 9, [8, 9]),
        (0, 0, []),
        (2, -1, []),
    ],
)
def test_pages(log: EventLog, offset: int, limit: int, expected: list[int]) -> None:
    run = filled(log, *MIXED)
    for more in ({}, {"text": ""}):
        page = log.rows(run.run_id, RowFilter(upto=ALL, **more), offset=offset, limit=limit)
        assert [one.seq for one in page.events] == expected
        assert page.total == 7


def test_a_page_of_fifty_is_what_one_gets(log: EventLog) -> None:
    run = filled(log, *[of()] * 60)
    page = log.rows(run.run_id, RowFilter(upto=ALL))
    assert ([one.seq for one in page.events], page.total) == (list(range(1, 51)), 60)


SORTABLE = (
    of(EventKind.STEP_START, "b", step=LLM, latency=2.0),
    of(EventKind.STEP_ERROR, "a", step=INPUT, latency=None),
    of(EventKind.STEP_COMPLETE, "É", step=EXECUTE, latency=10.0),
    of(EventKind.STEP_START, "B", step=INPUT, latency=2.0),
)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ([], [1, 2, 3, 4]),
        ([("seq", "asc")], [1, 2, 3, 4]),
        ([("seq", "desc")], [4, 3, 2, 1]),
        ([("seq", "desc"), ("message", "asc")], [4, 3, 2, 1]),
        ([("latency", "asc")], [1, 4, 3, 2]),
        ([("latency", "desc")], [3, 1, 4, 2]),
        ([("latency", "asc"), ("seq", "desc")], [4, 1, 3, 2]),
        ([("message", "asc")], [4, 2, 1, 3]),
        ([("message", "desc")], [3, 1, 2, 4]),
        ([("step", "asc"), ("message", "asc")], [4, 2, 1, 3]),
        ([("level", "asc"), ("message", "desc")], [2, 1, 4, 3]),
    ],
)
def test_order(log: EventLog, sort: Any, expected: list[int]) -> None:
    run = filled(log, *SORTABLE)
    assert seqs(log, run, sort=sort) == expected
    page = log.rows(run.run_id, RowFilter(upto=ALL), sort=sort, offset=-3, limit=2)
    assert [one.seq for one in page.events] == expected[1:3]
    assert page.total == 4


# -- text --------------------------------------------------------------------------------------

TEXTS = (
    of(message="Crème brûlée für Straße"),
    of(message="done", output={"hits": [{"path": "src/main_page.py", "line": 42}], "ok": True}),
    of(message="שָׁלוֹם עולם", text="مرحبا بالعالم"),
    of(message="🚀 launched 👍🏽", text="line one\nnext\tline"),
    of(message="ローカル検索 を使う", score=0.75),
    of(message="", text="She said \"no\" \\ 'yes' don't"),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("creme", [1]),
        ("CRÈME", [1]),
        ("brul", [1]),
        ("rulee", []),
        ("strasse", [1]),
        ("fur cre", [1]),
        ("creme done", []),
        ("main", [2]),
        ("src/main_p", [2]),
        ("page src", [2]),
        ("page/src", []),
        ("4", [2]),
        ("42", [2]),
        ("done 42", [2]),
        ("path", []),
        ("true", []),
        ("שלום", [3]),
        ("שָׁל", [3]),
        ("مرح", [3]),
        ("🚀", [4]),
        ("👍", [4]),
        ("👍🏽", [4]),
        ("👍🏿", []),
        ("next", [4]),
        ("検索", [5]),
        ("検", [5]),
        ("索検", []),
        ("0.75", [5]),
        ("no", [6]),
        ("don't", [6]),
        ("", [1, 2, 3, 4, 5, 6]),
        (" \t\n ", [1, 2, 3, 4, 5, 6]),
        ("-> ... \"' * ()", [1, 2, 3, 4, 5, 6]),
        ("\x00", [1, 2, 3, 4, 5, 6]),
        ("\ud800", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_search(log: EventLog, text: str, expected: list[int]) -> None:
    run = filled(log, *TEXTS)
    filled(log, *TEXTS)
    assert seqs(log, run, text=text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '"creme',
        'creme" OR "x',
        "creme*",
        "creme* OR done",
        "text:creme",
        "{text} : creme",
        "NEAR(creme brulee, 2)",
        "creme NOT done",
        "^creme",
        "a + b",
        "1·creme",
        "') OR 1=1; DROP TABLE events; --",
        "%",
        "\x00creme",
        "🚀" * 300,
        "x" * 100_000,
        " ".join(f"w{number}" for number in range(5_000)),
        "(" * 2_000,
    ],
)
def test_a_hostile_search_is_only_a_search(log: EventLog, text: str) -> None:
    run = filled(log, *TEXTS)
    found = seqs(log, run, text=text)
    assert set(found) <= {1, 2, 3, 4, 5, 6}
    assert len(log.read(run.run_id)) == len(TEXTS)


def test_operators_of_the_index_are_words_like_others(log: EventLog) -> None:
    run = filled(log, of(message="this or that"), of(message="this"), of(message="near not and"))
    assert seqs(log, run, text="this OR that") == [1]
    assert seqs(log, run, text="NOT") == [3]
    assert seqs(log, run, text="this NOT that") == []


def test_a_large_output_is_searched_to_its_end(log: EventLog) -> None:
    output = "lorem ipsum dolor " * 60_000 + "needle"
    run = filled(log, of(), of(output=output), of())
    assert seqs(log, run, text="needl") == [2]
    assert seqs(log, run, text="dolor/needle") == [2]
    assert log.read(run.run_id)[1].data["output"] == output


def test_a_search_is_sorted_and_paged_like_any_other(log: EventLog) -> None:
    run = filled(log, *[of(message=f"tea {number % 7}") for number in range(30)], of(message="x"))
    where = RowFilter(upto=30, after=1, text="tea")
    page = log.rows(run.run_id, where, sort=[("message", "desc")], offset=-2, limit=2)
    assert ([one.seq for one in page.events], page.total) == ([22, 29], 29)
    newest = log.rows(run.run_id, where, offset=-3, limit=3)
    assert [one.seq for one in newest.events] == [28, 29, 30]
