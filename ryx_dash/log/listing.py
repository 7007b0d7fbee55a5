"""Pages of a log's runs out of SQLite, quick at a hundred thousand of them.

Runs are walked from the newest on along an index, so a page costs what it shows unless a filter
lets hardly anything pass; even then it costs one look at each run, never at an event. A text is
looked up in an index over all runs; what that finds, a superset, is checked run by run.
"""

from collections.abc import Iterator

from ryx_dash.log.base import Facets, RunFilter
from ryx_dash.log.driver import Condition, Connection, query
from ryx_dash.log.index import match_any_run, newest_hits
from ryx_dash.log.records import Stored, iterate_runs, key
from ryx_dash.log.rules import plain
from ryx_dash.log.schema import SEQ_BITS
from ryx_dash.log.words import Phrase, contains, wanted, words
from ryx_dash.protocol.analysis import Part

MODEL = "coalesce(model_used, model)"
_NEWEST_FIRST = "ORDER BY created DESC, rid DESC"
_HAS_WORDS = f"+rid IN (SELECT rowid >> {SEQ_BITS} FROM run_words WHERE run_words MATCH ?)"  # noqa: S608
_HAD = f"+rid IN (SELECT key >> {SEQ_BITS} FROM measures WHERE {{}})"  # noqa: S608


def find_runs(
    db: Connection, where: RunFilter, narrower: Condition, before: Stored | None
) -> Iterator[Stored]:
    """The runs that pass, newest first. Take as many as are wanted: each costs when it is taken."""
    which, phrases = condition(where) & narrower, wanted(where.text)
    if before is not None:
        which &= Condition("(created, rid) < (?, ?)", (before.run.created, before.rid))
    if phrases:
        which &= Condition(_HAS_WORDS, (match_any_run(phrases),))
    for stored in iterate_runs(db, f"WHERE {which.sql} {_NEWEST_FIRST}", *which.args):
        if not phrases or _tells(db, stored, phrases):
            yield stored


def facets(db: Connection) -> Facets:
    """See :meth:`log.base.EventLog.facets`."""
    tools = {tool for text in _distinct(db, "tools") for tool in text.split("\n") if tool}
    return Facets(
        models=tuple(sorted(_distinct(db, MODEL))),
        intents=tuple(sorted(_distinct(db, "intent"))),
        tools=tuple(sorted(tools)),
    )


def _distinct(db: Connection, what: str) -> set[str]:
    rows = query(db, f"SELECT DISTINCT {what} FROM runs")  # noqa: S608 - names of columns
    return {row[0] for row in rows if row[0]}


def condition(where: RunFilter) -> Condition:
    """All of a filter but its text, for the columns of ``runs``."""
    which = Condition() if where.part is None else _had(where.part)
    for column, values in (
        ("status", where.statuses),
        (MODEL, where.models),
        ("intent", where.intents),
    ):
        if values:
            marks = ", ".join("?" * len(values))
            which &= Condition(f"{column} IN ({marks})", tuple(sorted(map(plain, values))))
    if where.tools:
        either = " OR ".join(["instr(tools, ?)"] * len(where.tools))
        names = tuple(f"\n{plain(tool)}\n" for tool in sorted(where.tools))
        which &= Condition(f"({either})", names)
    for comparison, value in (
        ("created >= ?", where.since or None),
        ("created < ?", where.until or None),
        ("latency >= ?", where.shortest),
        ("latency <= ?", where.longest),
    ):
        if value is not None:
            which &= Condition(comparison, (value,))
    return which


def _had(part: Part) -> Condition:
    had = Condition("kind = ? AND name = ? AND ok IS NOT NULL", (part.kind, plain(part.name)))
    for comparison, value in (
        ("latency >= ?", part.shortest),
        ("latency < ?", part.below),
        ("ok = ?", 0 if part.failed else None),
    ):
        if value is not None:
            had &= Condition(comparison, (value,))
    return Condition(_HAD.format(had.sql), had.args)


def _tells(db: Connection, stored: Stored, phrases: tuple[Phrase, ...]) -> bool:
    """Whether the input, or one event, has all the phrases."""
    told = words(stored.run.input)
    if all(contains(told, phrase) for phrase in phrases):
        return True
    bounds = key(stored.rid, 0), key(stored.rid, stored.run.head)
    return bool(newest_hits(db, bounds, phrases, tokens=True, most=1))
