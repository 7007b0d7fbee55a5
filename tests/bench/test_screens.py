"""What the bench of screens fills a log with."""

from pathlib import Path

from bench.screens import MOST_CARDS, WORDS, answered, screens
from ryx_dash.log.memory import MemoryLog
from ryx_dash.log.sqlite import SqliteLog


def test_there_is_little_and_much_to_see(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "runs.db")
    pairs = screens(log)
    assert {little.path != much.path for little, much in pairs.values()} == {True}
    assert [much.count for _, much in pairs.values()] == [50, MOST_CARDS, MOST_CARDS, 1]
    assert 0 < pairs["a run with its tool calls"][0].count <= 2
    log.close()


def test_an_answer_has_its_words() -> None:
    log = MemoryLog()
    runs = [answered(log, words) for words in WORDS]
    brief, long = (log.pick(run.run_id, [2])[0].data["response"] for run in runs)
    assert len(long) > 40 * len(brief)
