"""Transactions, which apsw's own would make the event loop wait for."""

import apsw
import pytest

from ryx_dash.engine.retrieval.store import transaction


@pytest.fixture
def db() -> apsw.Connection:
    db = apsw.Connection("")
    db.execute("CREATE TABLE t (x)")
    return db


def rows(db: apsw.Connection) -> int:
    [(count,)] = db.execute("SELECT count(*) FROM t").fetchall()
    assert isinstance(count, int)
    return count


def test_commits(db: apsw.Connection) -> None:
    with transaction(db):
        db.execute("INSERT INTO t VALUES (1)")
    assert (rows(db), db.in_transaction) == (1, False)


def test_takes_all_back(db: apsw.Connection) -> None:
    with pytest.raises(ZeroDivisionError), transaction(db):  # noqa: PT012
        db.execute("INSERT INTO t VALUES (1)")
        raise ZeroDivisionError
    assert (rows(db), db.in_transaction) == (0, False)


def test_an_error_that_ended_it_is_the_one_that_is_raised(db: apsw.Connection) -> None:
    """As a full disk does."""
    with pytest.raises(apsw.ConstraintError), transaction(db):  # noqa: PT012
        db.execute("CREATE UNIQUE INDEX i ON t (x)")
        db.execute("INSERT OR ROLLBACK INTO t VALUES (1), (1)")
    assert db.in_transaction is False
