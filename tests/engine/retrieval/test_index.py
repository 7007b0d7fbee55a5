"""The index over real files: what it finds, how it stays true, and what it survives."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event, Thread

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.retrieval import index as module
from ryx_dash.engine.retrieval.index import Index, IndexStats
from ryx_dash.engine.workspace import Text, Workspace
from ryx_dash.errors import IndexUnavailable

NOTES = """\
# Project Zephyr

Started in spring by Ada and Grace.

## Launch

The crew meets at noon.
Launch code: 4471-ALPHA

## Costs

Nobody knows.
"""
QUESTION = "What is the launch code of project Zephyr?"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "notes.md").write_text(NOTES)
    (root / "tools.py").write_text("def launch(code):\n    return code\n")
    for number in range(5):
        (root / f"diary{number}.txt").write_text("The code of the house is quiet.\n" * 5)
    return root


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data/index.db"


@pytest.fixture
def index(root: Path, path: Path) -> Index:
    return Index(Workspace(root), path)


def place(index: Index, question: str) -> str | None:
    found = index.search(question)
    return f"{found[0].path}:{found[0].line}" if found else None


# -- search -------------------------------------------------------------------------------------


def test_finds_the_line_of_the_fact(index: Index) -> None:
    index.refresh()
    [best, *_] = index.search(QUESTION)
    assert (best.path, best.start, best.end, best.line) == ("notes.md", 1, 12, 8)
    assert best.text == NOTES.rstrip("\n")
    assert best.text.split("\n")[best.line - best.start] == "Launch code: 4471-ALPHA"
    assert best.score > 0


def test_the_line_of_a_rare_word_goes_before_one_of_two_common_words(
    index: Index, root: Path
) -> None:
    (root / "a.txt").write_text("code of the house\nzephyr2\n")
    index.refresh()
    assert place(index, "code house zephyr2") == "a.txt:2"


def test_best_first_and_no_more_than_asked_for(index: Index) -> None:
    index.refresh()
    scores = [passage.score for passage in index.search("launch code house", 4)]
    assert len(scores) == 4
    assert scores == sorted(scores, reverse=True)
    assert len(index.search("code", 2)) == 2


@pytest.mark.parametrize(
    "question",
    ["launching CODES zephyr", "ZEPHYR", "alpha 4471", "Where does the crew of Zephyr meet?"],
)
def test_endings_and_case_do_not_matter(index: Index, question: str) -> None:
    index.refresh()
    found = index.search(question)
    assert found[0].path == "notes.md"


def test_accents_do_not_matter(index: Index, root: Path) -> None:
    (root / "menu.txt").write_text("Crème brûlée\n")
    index.refresh()
    assert place(index, "creme brulee") == place(index, "cre\u0300me BRÛLÉE") == "menu.txt:1"


def test_finds_by_name(index: Index, root: Path) -> None:
    (root / "deployment.txt").write_text("one\ntwo\n")
    index.refresh()
    assert place(index, "deployment") == "deployment.txt:1"


def test_identifiers(index: Index, root: Path) -> None:
    (root / "a.py").write_text("x = 1\ndef read_text(path):\n    pass\n")
    index.refresh()
    assert place(index, "Where is read_text() defined?") == "a.py:2"


def test_long_lines_are_cut_around_the_match(index: Index, root: Path) -> None:
    (root / "min.js").write_text("a;" * 20_000 + " needle " + "b;" * 20_000)
    index.refresh()
    [passage] = index.search("needle")
    assert "needle" in passage.text
    assert len(passage.text) == 1000


@pytest.mark.parametrize("question", ["", "   ", "absent", "?!", "\ud800", "\0", '"', "___"])
def test_nothing_to_find(index: Index, question: str) -> None:
    index.refresh()
    assert index.search(question) == []


def test_nothing_is_indexed_yet(index: Index) -> None:
    assert index.search(QUESTION) == []
    assert index.stats() == IndexStats(0, 0)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("shared")
    (folder / "notes.md").write_text(NOTES + "AND OR NOT NEAR 日本語 path text rank\n")
    index = Index(Workspace(folder), folder.with_name("shared.db"))
    index.refresh()
    return index


@given(
    st.text()
    | st.lists(
        st.sampled_from(
            [
                '"',
                "'",
                "*",
                "^",
                "(",
                ")",
                "AND",
                "OR",
                "NOT",
                "NEAR(",
                "path:",
                "-",
                "+",
                "\x00",
                "{",
                "code",
                "日本語",
                "text",
                ":",
                "rank",
                ";",
                "--",
                "\ud800",
                "😀",
            ]
        )
    ).map(" ".join)
)
def test_no_question_is_an_error(shared: Index, question: str) -> None:
    for passage in shared.search(question, 3):
        assert passage.start <= passage.line <= passage.end


# -- refresh ------------------------------------------------------------------------------------


def test_counts(index: Index, root: Path) -> None:
    (root / "binary").write_bytes(b"\0")
    (root / "large.txt").write_bytes(b"x\n" * (1 << 20))
    (root / "empty.txt").touch()
    assert index.refresh() == IndexStats(files=8, chunks=7, changed=10, skipped=2)
    assert index.refresh() == IndexStats(files=8, chunks=7, changed=0, skipped=2)
    assert index.stats() == IndexStats(files=8, chunks=7, skipped=2)


def test_a_changed_file_is_read_again(index: Index, root: Path) -> None:
    index.refresh()
    (root / "notes.md").write_text(NOTES.replace("4471-ALPHA", "9902-OMEGA"))
    os.utime(root / "notes.md", ns=(1, 1))  # the size is the same: the time tells
    assert index.refresh().changed == 1
    assert "9902-OMEGA" in index.search(QUESTION)[0].text
    assert index.search("ALPHA") == []


def test_a_removed_and_an_ignored_file_are_forgotten(index: Index, root: Path) -> None:
    index.refresh()
    (root / "notes.md").unlink()
    (root / ".gitignore").write_text("diary*\n")
    stats = index.refresh()
    assert (stats.files, stats.chunks, stats.removed, stats.changed) == (2, 2, 6, 1)
    assert place(index, "zephyr") is None
    assert place(index, "quiet house") is None


def test_a_file_that_becomes_binary_and_text_again(index: Index, root: Path) -> None:
    index.refresh()
    (root / "notes.md").write_bytes(b"\0")
    assert index.refresh().skipped == 1
    assert place(index, "zephyr") is None
    (root / "notes.md").write_text(NOTES)
    assert index.refresh().skipped == 0
    assert place(index, QUESTION) == "notes.md:8"


def test_a_file_that_cannot_be_read_is_tried_again(
    index: Index, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.refresh()
    (root / "notes.md").write_text(NOTES + "more\n")
    real_open = os.open

    def deny(path: Path, *args: int) -> int:
        if str(path).endswith("notes.md"):
            raise PermissionError(13, "Permission denied")
        return real_open(path, *args)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", deny)
        stats = index.refresh()
    assert (stats.files, stats.skipped, stats.complete) == (6, 0, True)
    assert place(index, "zephyr") is None
    assert index.refresh().changed == 1
    assert place(index, QUESTION) == "notes.md:8"


def test_names_of_all_kinds(index: Index, root: Path) -> None:
    for name in (b"two\nlines", "🚀".encode(), b"caf\xe9", b"'; DROP TABLE file; --"):
        with open(os.path.join(os.fsencode(root), name), "w") as file:
            file.write("needle\n")
    index.refresh()
    assert {passage.path for passage in index.search("needle")} == {
        "two\nlines",
        "🚀",
        "caf\\xe9",
        "'; DROP TABLE file; --",
    }
    assert index.refresh().changed == 0


def test_progress_counts_what_has_to_be_read(index: Index, root: Path) -> None:
    told: list[tuple[int, int]] = []
    index.refresh(lambda done, total: told.append((done, total)))
    assert told == [(done, 7) for done in range(1, 8)]
    told.clear()
    index.refresh(lambda done, total: told.append((done, total)))
    assert told == []


def test_two_thousand_files(index: Index, root: Path) -> None:
    for number in range(2000):
        (root / f"{number % 10}").mkdir(exist_ok=True)
        (root / f"{number % 10}/{number}.txt").write_text(f"number n{number} of many\n")
    assert index.refresh().files == 2007
    assert place(index, "Where is n1234?") == "4/1234.txt:1"
    assert index.refresh().changed == 0


def test_a_stop_keeps_what_was_done(
    index: Index, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    done = 0

    def count(now: int, _: int) -> None:
        nonlocal done
        done = now

    stats = index.refresh(count, lambda: done >= 3)
    assert (stats.files, stats.changed, stats.complete) == (3, 3, False)
    stats = index.refresh()
    assert (stats.files, stats.changed, stats.complete) == (7, 4, True)


def test_a_stop_while_listing_forgets_nothing(index: Index) -> None:
    index.refresh()
    calls = iter(range(100))
    stats = index.refresh(stopped=lambda: next(calls) > 3)
    assert (stats.files, stats.removed, stats.complete) == (7, 0, False)


def test_a_failing_listener_loses_one_batch_at_most(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)

    def fail(done: int, total: int) -> None:
        if done == 4:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        index.refresh(fail)
    assert index.stats().files == 2
    assert index.refresh().files == 7


# -- side by side -------------------------------------------------------------------------------


def test_refreshes_of_many_threads_take_turns(root: Path, path: Path) -> None:
    barrier, results = Barrier(4), []

    def work() -> None:
        mine = Index(Workspace(root), path)
        barrier.wait()
        results.append(mine.refresh())

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stats.changed for stats in results) == [0, 0, 0, 7]
    assert {stats.files for stats in results} == {7}


def test_one_who_waits_for_another_can_be_stopped(index: Index, root: Path, path: Path) -> None:
    within, go_on = Event(), Event()

    def hold(done: int, total: int) -> None:
        within.set()
        go_on.wait()

    holder = Thread(target=index.refresh, args=(hold,))
    holder.start()
    within.wait()
    try:
        calls = iter(range(100))
        other = Index(Workspace(root), path)
        assert other.refresh(stopped=lambda: next(calls) >= 2).complete is False
        assert other.search(QUESTION) == []  # nothing is committed yet, and nobody waits
    finally:
        go_on.set()
        holder.join()
    assert place(other, QUESTION) == "notes.md:8"


def test_another_process_takes_its_turn(index: Index, root: Path, path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from ryx_dash.engine.retrieval.index import Index\n"
        "from ryx_dash.engine.workspace import Workspace\n"
        "index = Index(Workspace(Path(sys.argv[1])), Path(sys.argv[2]))\n"
        "print('waiting', flush=True)\n"
        "print(index.refresh().changed)\n"
    )
    other: subprocess.Popen[str] | None = None

    def start_other(done: int, total: int) -> None:
        nonlocal other
        if other is None:
            other = subprocess.Popen(
                [sys.executable, "-c", script, str(root), str(path)],
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(module.__file__).parents[3],
            )
            assert other.stdout is not None
            other.stdout.readline()  # it is up, and has to wait for this very refresh

    assert index.refresh(start_other).changed == 7
    assert other is not None
    assert other.communicate()[0] == "0\n"
    assert other.returncode == 0


# -- the file -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "garbage", [b"not a database, for certain" * 50, b"SQLite format 3\0" * 300]
)
def test_a_damaged_file_is_replaced(index: Index, path: Path, garbage: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(garbage)
    assert index.search(QUESTION) == []
    assert index.refresh().changed == 7
    assert place(index, QUESTION) == "notes.md:8"


def test_damage_that_only_a_search_meets_is_repaired_by_the_next_refresh(
    index: Index, path: Path
) -> None:
    index.refresh()
    damage(path, "UPDATE passage_data SET block = zeroblob(9) WHERE id > 10")
    assert index.refresh().changed == 0
    assert index.search(QUESTION) == []
    assert index.refresh().changed == 7
    assert place(index, QUESTION) == "notes.md:8"
    assert index.refresh().changed == 0


def damage(path: Path, statement: str) -> None:
    with closing(apsw.Connection(str(path))) as db:
        db.execute(statement)


def test_damage_that_a_refresh_meets_is_repaired_at_once(index: Index, path: Path) -> None:
    index.refresh()
    damage(path, "DROP TABLE chunk")
    assert index.stats() == IndexStats(0, 0)
    assert index.refresh().changed == 7


def test_the_index_of_another_workspace_or_version_is_replaced(
    index: Index, root: Path, path: Path
) -> None:
    index.refresh()
    other = root.with_name("other")
    other.mkdir()
    (other / "b.txt").write_text("needle")
    assert Index(Workspace(other), path).search("zephyr") == []
    assert Index(Workspace(other), path).refresh() == IndexStats(1, 1, changed=1)
    damage(path, "PRAGMA user_version = 999")
    assert index.refresh().changed == 7


def test_a_deleted_file_is_built_anew(index: Index, path: Path) -> None:
    index.refresh()
    for file in path.parent.iterdir():
        file.unlink()
    assert index.search(QUESTION) == []
    assert index.refresh().changed == 7


def test_a_place_that_cannot_be_written(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file/index.db", tmp_path):
        with pytest.raises(IndexUnavailable, match="cannot use"):
            Index(Workspace(root), path).refresh()
    with pytest.raises(IndexUnavailable, match="cannot use"):
        Index(Workspace(root), tmp_path).search(QUESTION)


def test_a_lock_that_is_no_database(index: Index, path: Path) -> None:
    path.parent.mkdir()
    path.with_name("index.db-lock").write_bytes(b"garbage" * 1000)
    with pytest.raises(IndexUnavailable, match=r"index\.db-lock"):
        index.refresh()


def test_damage_that_cannot_be_removed(
    index: Index, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, for certain" * 50)

    def deny(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", deny)
        with pytest.raises(IndexUnavailable, match="Permission denied"):
            index.refresh()


def test_a_read_is_of_the_file_as_it_is(
    index: Index, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change between listing and reading is seen by the next refresh."""
    read_text = Workspace.read_text

    def and_change(self: Workspace, path: str, *, max_bytes: int) -> Text:
        text = read_text(self, path, max_bytes=max_bytes)
        if path == "notes.md":
            (root / path).write_text("# Project Zephyr\n\nLaunch code: 7\n")
        return text

    with monkeypatch.context() as patch:
        patch.setattr(Workspace, "read_text", and_change)
        index.refresh()
    assert index.refresh().changed == 1
    assert place(index, QUESTION) == "notes.md:3"
