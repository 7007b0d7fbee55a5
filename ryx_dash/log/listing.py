"""Pages of a log's runs out of SQLite, as quick at a hundred thousand of them as at a thousand.

What a filter asks for is looked up in the indexes first, up to :data:`FEW` runs each. If one of
the conditions is met by no more than that, only those runs are looked at, and none at all if it is
met by none. Otherwise each is met often, and walking from the newest run on soon fills a page. What
stays is conditions that are met often, but hardly ever together. For a text the newest runs are
asked first, since a frequent one is soon found; a rare one is looked up in an index over all runs,
and what that finds, a superset, is checked run by run.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from ryx_dash.log.base import RunFilter
from ryx_dash.log.driver import Condition, Connection, query, select
from ryx_dash.log.index import has_each_word, match_any_run, newest_hits
from ryx_dash.log.records import Stored, iterate_runs, key
from ryx_dash.log.rules import plain
from ryx_dash.log.schema import SEQ_BITS
from ryx_dash.log.tables import ANSWERED_BY, MODEL, QUESTION
from ryx_dash.log.words import Phrase, contains, wanted, words
from ryx_dash.protocol.analysis import Part

FEW = 1_000
"""Runs, or commits with a text, that are looked at one by one."""

SAMPLE, MOST_ASKED = 16, 4
"""So many of the newest runs are asked for a text first; more as long as one in four has it."""

_NEWEST_FIRST = "ORDER BY created DESC, rid DESC"
_ONE_BY_ONE = "ORDER BY +created DESC, +rid DESC"  # no index: the runs are few, and known
_THESE = "rid IN (SELECT value FROM json_each(?))"
_HAS_WORDS = f"+rid IN (SELECT rowid >> {SEQ_BITS} FROM run_words WHERE run_words MATCH ?)"  # noqa: S608
_HAD = f"+rid IN (SELECT key >> {SEQ_BITS} FROM {{}} WHERE {{}})"  # noqa: S608
_ANSWERS = f"measures CROSS JOIN runs AS answering ON answering.rid = key >> {SEQ_BITS}"
_COMMITS = f"""
SELECT rowid >> {SEQ_BITS} FROM run_words WHERE run_words MATCH ? ORDER BY rowid DESC LIMIT ?
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class _Facet:
    """One of a filter's conditions, of which an index knows the runs."""

    column: str
    source: str
    values: tuple[str, ...]

    @property
    def condition(self) -> Condition:
        return Condition(f"{self.column} IN ({', '.join('?' * len(self.values))})", self.values)


def find_runs(
    db: Connection, where: RunFilter, narrower: Condition, before: Stored | None
) -> Iterator[Stored]:
    """The runs that pass, newest first. Take as many as are wanted: each costs when it is taken."""
    which, phrases = condition(where) & narrower, wanted(where.text)
    if before is not None:
        which &= _older(before)
    few = _few(db, where)
    if phrases:
        yield from _with_text(db, where, which, few, phrases)
    else:
        yield from _walk(db, where, which, few)


def asked_before(db: Connection, than: Stored) -> Stored | None:
    """The newest older run with the same input."""
    question = than.run.input
    which = Condition(f"{QUESTION} = {QUESTION.replace('input', '?')}", (question,))
    which &= _older(than) & Condition("input = ?", (question,))
    sql = f"INDEXED BY runs_by_question WHERE {which.sql} {_NEWEST_FIRST} LIMIT 1"
    return next(iterate_runs(db, sql, *which.args), None)


def _older(than: Stored) -> Condition:
    return Condition("(created, rid) < (?, ?)", (than.run.created, than.rid))


def _walk(
    db: Connection, where: RunFilter, which: Condition, few: set[int] | None
) -> Iterator[Stored]:
    if few is not None:
        return _these(db, few, which)
    single = (facet for facet in _facets(where) if len(facet.values) == 1)
    index = next((facet.source.partition(" ")[2] for facet in single), "INDEXED BY runs_by_age")
    return iterate_runs(db, f"{index} WHERE {which.sql} {_NEWEST_FIRST}", *which.args)


def _these(db: Connection, rids: set[int], which: Condition) -> Iterator[Stored]:
    which = Condition(_THESE, (json.dumps(sorted(rids)),)) & which
    return iterate_runs(db, f"WHERE {which.sql} {_ONE_BY_ONE}", *which.args) if rids else iter(())


def _with_text(
    db: Connection,
    where: RunFilter,
    which: Condition,
    few: set[int] | None,
    phrases: tuple[Phrase, ...],
) -> Iterator[Stored]:
    """Each run is asked as long as many have the text, then only those that the index names.

    To collect all runs that may have what is frequent takes long, and a page is full without.
    """
    told = 0
    for asked, stored in enumerate(_walk(db, where, which, few), 1):
        if _tells(db, stored, phrases):
            told += 1
            yield stored
        if asked >= SAMPLE and told * MOST_ASKED < asked:
            which &= _older(stored)
            break
    else:
        return
    if not has_each_word(db, phrases):
        return
    match = match_any_run(phrases)
    commits = [row[0] for row in query(db, _COMMITS, match, FEW)]
    if len(commits) < FEW:
        few = set(commits) if few is None else few & set(commits)
    else:
        which &= Condition(_HAS_WORDS, (match,))
    for stored in _walk(db, where, which, few):
        if _tells(db, stored, phrases):
            yield stored


def _few(db: Connection, where: RunFilter) -> set[int] | None:
    """Numbers of runs among which are all that pass; ``None`` if no condition is met by few."""
    known = [(facet.source, facet.condition) for facet in _facets(where)]
    if where.tools:
        called = _Facet("tool", "run_tools", tuple(map(plain, where.tools)))
        known.append((called.source, called.condition))
    if where.shortest is not None or where.longest is not None:
        known.append(("runs INDEXED BY runs_by_latency", _took(where)))
    found: set[int] | None = None
    for source, which in known:
        rows = select(db, "rid", source, which, f"LIMIT {FEW + 1}")
        if len(rows) <= FEW:
            rids = {row[0] for row in rows}
            found = rids if found is None else found & rids
    return found


def _facets(where: RunFilter) -> list[_Facet]:
    """The conditions on columns of ``runs``, the one that may be met least first."""
    given = (
        ("intent", "runs_by_intent", where.intents),
        (MODEL, "runs_by_model", where.models),
        ("status", "runs_by_status_and_age", where.statuses),
    )
    return [
        _Facet(column, f"runs INDEXED BY {index}", tuple(sorted(map(plain, values))))
        for column, index, values in given
        if values
    ]


def _took(where: RunFilter) -> Condition:
    which = Condition("latency IS NOT NULL")
    for comparison, value in (("latency >= ?", where.shortest), ("latency <= ?", where.longest)):
        if value is not None:
            which &= Condition(comparison, (value,))
    return which


def condition(where: RunFilter) -> Condition:
    """All of a filter but its text, for the columns of ``runs``."""
    which = Condition() if where.part is None else _had(where.part)
    for facet in _facets(where):
        which &= facet.condition
    if where.tools:
        either = " OR ".join(["instr(tools, ?)"] * len(where.tools))
        names = tuple(f"\n{plain(tool)}\n" for tool in sorted(where.tools))
        which &= Condition(f"({either})", names)
    if where.since:
        which &= Condition("created >= ?", (where.since,))
    if where.until:
        which &= Condition("created < ?", (where.until,))
    if where.shortest is not None or where.longest is not None:
        which &= _took(where)
    return which


def _had(part: Part) -> Condition:
    column = {"first": "waited", "speed": "speed"}.get(part.kind)
    if column is None:
        source, column = "measures", "latency"
        had = Condition("kind = ? AND name = ? AND ok IS NOT NULL", (part.kind, plain(part.name)))
    else:
        source = _ANSWERS
        had = Condition(f"measures.model IS NOT NULL AND {ANSWERED_BY} = ?", (plain(part.name),))
    for comparison, value in (
        (f"{column} >= ?", part.shortest),
        (f"{column} < ?", part.below),
        ("ok = ?", None if part.ok is None else int(part.ok)),
    ):
        if value is not None:
            had &= Condition(comparison, (value,))
    return Condition(_HAD.format(source, had.sql), had.args)


def runs_with_text(db: Connection, where: RunFilter) -> list[int]:
    """The numbers of all runs that pass a filter with a text, in no order.

    The index of commits knows for certain which runs have a single word. Of several words it knows
    which runs may have them in one event, and each of those is looked at.
    """
    phrases = wanted(where.text)
    which = condition(where) & Condition(_HAS_WORDS, (match_any_run(phrases),))
    if len(phrases) == len(phrases[0]) == 1:
        return [rid for (rid,) in select(db, "rid", "runs", which)]
    rows = select(db, "rid, input, head", "runs", which)
    return [rid for rid, asked, head in rows if _told(db, rid, asked, head, phrases)]


def _tells(db: Connection, stored: Stored, phrases: tuple[Phrase, ...]) -> bool:
    return _told(db, stored.rid, stored.run.input, stored.run.head, phrases)


def _told(db: Connection, rid: int, asked: str, head: int, phrases: tuple[Phrase, ...]) -> bool:
    """Whether the input, or one event, has all the phrases."""
    told = words(asked)
    if all(contains(told, phrase) for phrase in phrases):
        return True
    bounds = key(rid, 0), key(rid, head)
    return bool(newest_hits(db, bounds, phrases, tokens=True, most=1))
