"""What is counted as events come in is what a recount gives, whatever happened in between."""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ryx_dash.log import records, retention
from ryx_dash.log.base import Keep
from ryx_dash.log.driver import Connection, connect, query
from ryx_dash.log.facets import facets
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.log.tables import MODEL
from ryx_dash.protocol.events import EventKind
from ryx_dash.protocol.steps import EXECUTE, INTENT, LLM
from tests.log.samples import claimed, event

BITS = {"tallies": 2, "spans": 4}
FUTURE = "9999"
places = st.integers(0, 3)


class Recount(RuleBasedStateMachine):
    """Runs of some length come, go on, end, go, and come back."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        for module in (records, retention):
            self.patch.setattr(module, "BLOCK_BITS", BITS["tallies"])
            self.patch.setattr(module, "SPAN_BITS", BITS["spans"])
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "runs.db"
        self.log = SqliteLog(path)
        self.db = connect(path)

    def teardown(self) -> None:
        self.db.close()
        self.log.close()
        self.folder.cleanup()
        self.patch.undo()

    @rule()
    def start(self) -> None:
        claimed(self.log)

    @rule(
        place=places,
        kinds=st.lists(
            st.sampled_from(["llm_token", "tool_call", "step_error", "step_complete"]), max_size=25
        ),
        name=st.sampled_from(["a", "b", "c\nd", ""]),
        step=st.sampled_from([EXECUTE, INTENT, LLM]),
        ends=st.booleans(),
    )
    def append(self, place: int, kinds: list[str], name: str, step: object, ends: bool) -> None:
        running = [run for run in self.log.runs().runs if run.status == "running"]
        if place < len(running):
            run, kinds = running[place], kinds + [EventKind.WORKFLOW_COMPLETE] * ends
            made = [
                event(run.run_id, n, kind, step=step, tool=name, intent=name, model=name)  # type: ignore[arg-type]
                for n, kind in enumerate(kinds, run.head + 1)
            ]
            self.log.append(run.lease, made)

    @rule(place=places)
    def delete(self, place: int) -> None:
        ended = [run for run in self.log.runs().runs if run.status.ended]
        if place < len(ended):
            self.log.delete(ended[place].run_id)

    @rule(runs=st.integers(0, 3))
    def forget(self, runs: int) -> None:
        while self.log.forget(Keep(runs=runs, ended_before=FUTURE)):
            pass

    @rule(place=places)
    def bring_back(self, place: int) -> None:
        ended = [run for run in self.log.runs().runs if run.status.ended]
        if place < len(ended):
            run = ended[place]
            events = self.log.read(run.run_id)
            self.log.delete(run.run_id)
            assert self.log.restore(run, events)

    @invariant()
    def counts_are_recounts(self) -> None:
        for (table, bits), column in zip(BITS.items(), ("block", "span"), strict=True):
            kept = query(self.db, f"SELECT {column}, step, level, token, events FROM {table}")
            counted = query(
                self.db,
                f"SELECT key >> {bits}, step, level, kind = 'llm_token', count(*) FROM events "
                "NOT INDEXED GROUP BY 1, 2, 3, 4",
            )
            assert Counter(kept) == Counter(counted)

    @invariant()
    def facets_are_the_values_of_all_runs(self) -> None:
        found = facets(self.db)
        assert list(found.models) == values(self.db, MODEL)
        assert list(found.intents) == values(self.db, "intent")
        runs = self.log.runs(limit=1_000).runs
        assert list(found.tools) == sorted({tool for run in runs for tool in run.tools})
        noted = query(self.db, "SELECT tool, run_id FROM run_tools JOIN runs USING (rid)")
        assert Counter(noted) == Counter((tool, run.run_id) for run in runs for tool in run.tools)

    @invariant()
    def indexes_are_whole(self) -> None:
        assert query(self.db, "PRAGMA integrity_check") == [("ok",)]


def values(db: Connection, what: str) -> list[str]:
    rows = query(db, f"SELECT DISTINCT {what} FROM runs NOT INDEXED")
    return sorted(row[0] for row in rows if row[0])


TestRecount = Recount.TestCase
TestRecount.settings = settings(max_examples=25, stateful_step_count=25)
