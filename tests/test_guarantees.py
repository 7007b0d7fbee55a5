"""The figures of docs/guarantees.md come from ``make soak``, and say what they say."""

import json
from types import SimpleNamespace
from typing import Any

from tests.faults import figures
from tests.faults.checker import Tally


def report(nodeid: str, outcome: str = "passed", **tally: Any) -> SimpleNamespace:
    properties = [("seeds", 200), ("tally", vars(Tally(**tally)))]
    return SimpleNamespace(
        nodeid=nodeid, outcome=outcome, duration=1.26, user_properties=properties
    )


def test_the_document_shows_what_the_command_kept() -> None:
    document = figures.GUARANTEES.read_text()
    kept = json.loads((figures.ROOT / "docs" / "faults.json").read_text())
    assert figures.with_tables(document, kept) == document


def test_reports_become_rows() -> None:
    found = figures.collect(
        [
            report("tests/faults/test_disk.py::test_log_gone[a]", events=1200, lost=1),
            report("tests/fuzz/test_rest.py::test_route[x]", tried=5),
            report("tests/fuzz/test_rest.py::test_route[y]", "failed", tried=6),
            report("tests/faults/test_tab.py::test_reload", "failed", played=9, failed=[3, 4]),
            report("tests/faults/test_x.py::test_that_compares_nothing"),
        ]
    )
    assert figures.tables(found).splitlines() == [
        "| fault | seeds | events | lost | doubled | out of order | outcome | time |",
        "|---|---:|---:|---:|---:|---:|---|---:|",
        "| disk: log gone, a | 200 | 1,200 | 1 | 0 | 0 | passed | 1 s |",
        "",
        "| check | inputs | outcome | time |",
        "|---|---:|---|---:|",
        "| rest: route | 11 | failed | 3 s |",
        "| tab: reload | 0 | failed: 3, 4 | 1 s |",
    ]


def test_a_tally_counts_what_is_wrong() -> None:
    tally = Tally()
    tally.compare([1, 2, 2, 4, 3], [1, 2, 3, 4, 5])
    assert (tally.events, tally.lost, tally.doubled, tally.disordered) == (5, 1, 1, 1)
    tally.compare([1, 2, 3], [1, 2, 3])
    assert (tally.events, tally.lost, tally.doubled, tally.disordered) == (8, 1, 1, 1)
