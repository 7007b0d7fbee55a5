"""A text looked for in a long run: the newest hits, from all of it."""

from typing import Any

import pytest

from ryx_dash.log.base import EventLog, RowFilter
from tests.log.samples import claimed, event


def test_a_search_finds_the_newest_events_and_says_that_there_are_more(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("memory", "paging"):
        monkeypatch.setattr(f"ryx_dash.log.{module}.MOST_HITS", 10)
    run = claimed(log)
    texts = [event(run.run_id, n, message=f"kettle {n % 4}") for n in range(1, 31)]
    run = log.append(run.lease, texts)

    def found(text: str, **page: Any) -> tuple[list[int], int, bool]:
        rows = log.rows(run.run_id, RowFilter(upto=28, text=text), **page)
        return [e.seq for e in rows.events], rows.total, rows.cut

    assert found("kettle") == (list(range(19, 29)), 10, True)
    assert found("kettle", offset=-3, limit=3) == ([26, 27, 28], 10, True)
    assert found("kettle", offset=8) == ([27, 28], 10, True)
    assert found("kettle", sort=[("seq", "desc")], limit=2) == ([28, 27], 10, True)
    assert found("kettle 3") == ([3, 7, 11, 15, 19, 23, 27], 7, False)
    assert found("pot") == ([], 0, False)


def test_a_search_looks_through_all_of_a_long_run(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ryx_dash.log.index.SCOPE_BITS", 3)
    monkeypatch.setattr("ryx_dash.log.index._STRETCH", 8)
    run = claimed(log)
    kinds = ["step_progress", "llm_token"]
    texts = [event(run.run_id, n, kinds[n % 2], f"kettle {n % 5}") for n in range(1, 41)]
    run = log.append(run.lease, texts)

    def found(text: str, after: int = 0, upto: int = 40, **where: Any) -> list[int]:
        chosen = RowFilter(after=after, upto=upto, text=text, **where)
        return [e.seq for e in log.rows(run.run_id, chosen).events]

    for after, upto in ((0, 40), (7, 9), (8, 8), (5, 33), (15, 16)):
        inside = range(after + 1, upto + 1)
        assert found("kettle 3", after, upto) == [n for n in inside if n % 10 == 8]
        assert found("kettle 3", after, upto, tokens=True) == [n for n in inside if n % 5 == 3]
    assert found("kettle", levels=frozenset({"running"})) == list(range(2, 41, 2))
    assert found("kettle", levels=frozenset({"error"})) == []
