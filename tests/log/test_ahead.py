"""What ends a search early, and what finds rare levels: both against a look at each event."""

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ryx_dash.log import index, listing, records, tallies
from ryx_dash.log.base import RowFilter, RunFilter
from ryx_dash.log.driver import connect, query
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.log.words import contains, event_words, wanted
from ryx_dash.protocol.events import Event, EventKind, level
from ryx_dash.protocol.steps import EXECUTE, INPUT, LLM
from tests.log.samples import claimed, event

HERE = ("tea", "team", "Tée", "hot water", "src/tea.py", "茶", "☕", "a_b", "7")
ELSEWHERE = ("kettle", "Köttel", "\uff50\uff4f\uff54", "hot_plate", "湯")  # full-width: pot
NOWHERE = ("qqqqq", "teams", "src/kettle", "\uff54\uff45\uff41\uff53", "☂", "kottle")
FOLDED = ("TEA", "tee", "\uff34\uff45\uff41", "te\u0301e", "kottel", "pot", "PÔT")
QUOTED = ('"tea"', "'tea'", '"hot water"', 'tea" OR "pot', "tea*", "NOT tea", "-tea", "te", "ko")
LEVELS = ("info", "success", "warning", "error", "running")
SIZE = 600

texts = st.lists(
    st.sampled_from(HERE + ELSEWHERE + NOWHERE + FOLDED + QUOTED), min_size=1, max_size=3
).map(" ".join)


@dataclass(frozen=True)
class Filled:
    """A log of two runs that have few words in common, and their events."""

    log: SqliteLog
    runs: dict[str, list[Event]]

    @property
    def first(self) -> tuple[str, list[Event]]:
        return next(iter(self.runs.items()))


def made(run_id: str, vocabulary: tuple[str, ...], seed: int) -> list[Event]:
    chance = random.Random(seed)
    kinds = ("step_progress", "llm_token", "tool_result", "step_complete")
    return [
        event(
            run_id,
            seq,
            EventKind.STEP_ERROR if seq % 90 == 7 else chance.choice(kinds),
            " ".join(chance.choices(vocabulary, k=chance.randint(0, 2))),
            step=chance.choice((INPUT, EXECUTE, LLM)),
            success=chance.random() < 0.9,
            warning=chance.random() < 0.1,
        )
        for seq in range(1, SIZE + 1)
    ]


@pytest.fixture(scope="module", params=[0, 10**9], ids=["no level is rare", "some are"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    with pytest.MonkeyPatch.context() as patch:  # as if the runs were long, and there were many
        for module in (records, tallies):
            patch.setattr(module, "BLOCK_BITS", 5)
            patch.setattr(module, "SPAN_BITS", 8)
        patch.setattr(index, "SCOPE_BITS", 5)
        patch.setattr(index, "_STRETCH", 1 << 5)
        patch.setattr(tallies, "FEW", request.param)
        patch.setattr(listing, "SAMPLE", 1)
        patch.setattr(listing, "MOST_ASKED", 0)
        with closing(SqliteLog(tmp_path_factory.mktemp("ahead") / "runs.db")) as log:
            runs = {}
            for seed, vocabulary in enumerate((HERE, ELSEWHERE)):
                run = claimed(log)
                runs[run.run_id] = events = made(run.run_id, vocabulary, seed)
                for first in range(0, SIZE, 101):
                    log.append(run.lease, events[first : first + 101])
            yield Filled(log, runs)


def tells(one: Event, text: str) -> bool:
    return all(contains(event_words(one), phrase) for phrase in wanted(text))


@settings(max_examples=120)
@given(
    text=st.just("") | texts,
    levels=st.frozensets(st.sampled_from(LEVELS), max_size=2),
    steps=st.frozensets(st.sampled_from([INPUT.name, EXECUTE.name]), max_size=1),
    tokens=st.booleans(),
    after=st.integers(0, SIZE),
    offset=st.integers(0, 20),
)
@example("tea pot", frozenset(), frozenset(), True, 0, 0)
@example("tea kettle", frozenset({"error"}), frozenset(), False, 0, 0)
@example("", frozenset({"error", "warning"}), frozenset(), True, 255, 3)
def test_a_page_is_what_a_look_at_each_event_finds(
    filled: Filled,
    text: str,
    levels: frozenset[str],
    steps: frozenset[str],
    tokens: bool,
    after: int,
    offset: int,
) -> None:
    run_id, events = filled.first
    expected = [
        one.seq
        for one in events
        if after < one.seq
        and (tokens or one.event != EventKind.LLM_TOKEN)
        and (not levels or level(one.event, one.data) in levels)
        and (not steps or one.step in steps)
        and tells(one, text)
    ]
    where = RowFilter(after=after, upto=SIZE, text=text, levels=levels, steps=steps, tokens=tokens)
    page = filled.log.rows(run_id, where, offset=offset, limit=SIZE)
    assert ([one.seq for one in page.events], page.total) == (expected[offset:], len(expected))


@settings(max_examples=120)
@given(text=texts)
@example("tea kettle")
@example("\uff50\uff4f\uff54 kott")
@example("hot_plate hot")
def test_the_list_has_the_runs_that_a_look_at_each_event_finds(filled: Filled, text: str) -> None:
    expected = {
        run_id
        for run_id, events in filled.runs.items()
        if any(tells(one, text) for one in events) or not wanted(text)
    }
    page = filled.log.runs(where=RunFilter(text=text))
    assert {run.run_id for run in page.runs} == expected


def test_of_a_run_that_is_deleted_nothing_is_known(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        kept, gone = claimed(log), claimed(log)
        log.append(kept.lease, [event(kept.run_id, 1, "step_error", "tea")])
        log.append(gone.lease, [event(gone.run_id, 1, EventKind.WORKFLOW_ERROR, "pot")])
        log.delete(gone.run_id)
        assert not log.runs(where=RunFilter(text="tea pot")).runs
        errors = RowFilter(upto=9, levels=frozenset({"error"}))
        assert log.rows(kept.run_id, errors).total == 1


@pytest.mark.parametrize(
    ("where", "used"),
    [
        ({"levels": frozenset({"error"})}, "events_by_level"),
        ({"levels": frozenset({"error", "warning"}), "tokens": True}, "events_by_level"),
        ({"levels": frozenset({"error", "info"})}, "events_by_shape"),
        ({"steps": frozenset({INPUT.name})}, "events_by_shape"),
    ],
)
def test_which_index_is_asked(path: Path, where: dict[str, Any], used: str) -> None:
    SqliteLog(path).close()
    chosen = RowFilter(upto=9, **where)
    which = tallies.between("key", 0, 9) & tallies.shape(chosen)
    with closing(connect(path)) as db:
        sql = f"SELECT key FROM {tallies.shapes(chosen)} WHERE {which.sql} ORDER BY key"
        plan = " ".join(str(row[3]) for row in query(db, f"EXPLAIN QUERY PLAN {sql}", *which.args))
    assert f"COVERING INDEX {used}" in plan
