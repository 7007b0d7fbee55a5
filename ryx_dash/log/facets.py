"""What the runs of a SQLite log can be filtered by, and which run called which tools.

The values of a column are found by stepping through its index from one value to the next, so it
costs what there are values, not what there are runs.
"""

from collections.abc import Iterable

from ryx_dash.log.base import Facets
from ryx_dash.log.driver import Connection, query
from ryx_dash.log.tables import MODEL

_NEXT = "SELECT {0} FROM {1} WHERE {0} > {2} ORDER BY {0} LIMIT 1"
_VALUES = """
WITH RECURSIVE found (value) AS (
    SELECT ({first})
    UNION ALL
    SELECT ({next}) FROM found WHERE value IS NOT NULL
)
SELECT value FROM found WHERE value IS NOT NULL
"""


def facets(db: Connection) -> Facets:
    """See :meth:`log.base.EventLog.facets`."""
    return Facets(
        models=_values(db, MODEL, "runs"),
        intents=_values(db, "intent", "runs"),
        tools=_values(db, "tool", "run_tools"),
    )


def save_tools(db: Connection, rid: int, tools: Iterable[str]) -> None:
    """Note that the run with number ``rid`` called these tools, within the caller's transaction."""
    db.executemany("INSERT OR IGNORE INTO run_tools VALUES (?, ?)", [(t, rid) for t in tools])


def forget_tools(db: Connection, rid: int) -> None:
    """Take back what :func:`save_tools` noted, before the run itself is taken out."""
    for (tools,) in query(db, "SELECT tools FROM runs WHERE rid = ?", rid):
        gone = [(tool, rid) for tool in tools.split("\n")[1:-1]]
        db.executemany("DELETE FROM run_tools WHERE tool = ? AND rid = ?", gone)


def _values(db: Connection, what: str, table: str) -> tuple[str, ...]:
    first, following = (_NEXT.format(what, table, before) for before in ("''", "found.value"))
    return tuple(row[0] for row in query(db, _VALUES.format(first=first, next=following)))
