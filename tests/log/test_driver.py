"""What SQLite itself does not notice."""

from contextlib import closing
from pathlib import Path

import pytest

from ryx_dash.errors import LogError
from ryx_dash.log.base import NewRun
from ryx_dash.log.sqlite import SqliteLog


def test_a_text_that_is_no_text_any_more_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    with closing(SqliteLog(path)) as log:
        log.start(NewRun(input="What is it?"))
    path.write_bytes(path.read_bytes().replace(b"What is it?", b"What \xff it?!"))
    with closing(SqliteLog(path)) as log, pytest.raises(LogError, match=r"runs\.db .* is damaged"):
        log.latest()
