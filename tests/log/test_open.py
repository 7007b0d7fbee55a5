"""The log that the settings ask for."""

import stat
from pathlib import Path

import pytest

from ryx_dash.errors import LogError
from ryx_dash.log.memory import MemoryLog
from ryx_dash.log.open import open_log
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.settings import Settings
from tests.log.samples import started


def test_a_log_in_memory() -> None:
    assert isinstance(open_log(Settings(log_url="memory://")), MemoryLog)


def test_the_folder_is_made_and_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "ryx"
    log = open_log(Settings(data_dir=folder))
    assert isinstance(log, SqliteLog)
    started(log)
    log.close()
    assert (folder / "runs.db").is_file()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_log_at_a_path_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "my log?mode=ro#1.db"
    open_log(Settings(log_url=f"sqlite:///{path}".replace("?", "%3F").replace("#", "%23"))).close()
    assert path.is_file()


@pytest.mark.parametrize("name", ["data/runs.db", "data/deeper/runs.db"])
def test_a_folder_that_cannot_be_made(tmp_path: Path, name: str) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(LogError) as caught:
        open_log(Settings(log_url=f"sqlite:///{tmp_path / name}"))
    message = caught.value.message
    assert f"{tmp_path / name} cannot be written" in message
    assert message.endswith("allow writing there or set RYX_DATA_DIR to another folder.")
    assert "\n" not in message


def test_a_damaged_log_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_bytes(b"\x00" * 5_000)
    with pytest.raises(LogError, match="is damaged: `ryx-dash set-aside` moves"):
        open_log(Settings(data_dir=tmp_path))
