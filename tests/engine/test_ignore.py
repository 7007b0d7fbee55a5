"""``.gitignore`` as git reads it: the same questions are put to git itself."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.ignore import IgnoreRules


@pytest.mark.parametrize(
    ("line", "path", "is_folder", "verdict"),
    [
        ("*.log", "a.log", False, True),
        ("*.log", "deep/down/a.log", False, True),
        ("/a.log", "deep/a.log", False, None),
        ("build/", "build", True, True),
        ("build/", "build", False, None),
        ("build/", "build/inner.txt", False, None),  # the walk asked for the folder before
        ("docs/*.md", "docs/a.md", False, True),
        ("docs/*.md", "docs/deep/a.md", False, None),
        ("docs/**", "docs/deep/a.md", False, True),
        ("!a.log", "a.log", False, False),
        ("# a.log", "# a.log", False, None),
        ("\\#a", "#a", False, True),
        ("a.log   ", "a.log", False, True),
        ("a\\ ", "a ", False, True),
        ("", "a", False, None),
        ("/", "a", True, None),
        ("*.log", "two\nlines/a.log", False, True),
    ],
)
def test_one_rule(line: str, path: str, is_folder: bool, verdict: bool | None) -> None:
    assert IgnoreRules([line]).verdict(path, is_folder=is_folder) is verdict


def test_the_last_rule_that_matches_decides() -> None:
    rules = IgnoreRules(["*.log", "!keep.log", "keep.*"])
    assert rules.verdict("keep.log", is_folder=False) is True
    assert IgnoreRules(["*.log", "!keep.log"]).verdict("keep.log", is_folder=False) is False


@pytest.mark.parametrize("line", ["\\", "a\\", "!", "[z-a]", "//", "a["])
def test_a_line_that_is_no_rule_hides_nothing(line: str) -> None:
    rules = IgnoreRules([line, "*.log"])
    assert rules.verdict("a.txt", is_folder=False) is None
    assert rules.verdict("a.log", is_folder=False) is True


def test_only_markdown_is_let_through() -> None:
    """The list that pathspec's own GitIgnoreSpec takes for "all folders are hidden"."""
    rules = IgnoreRules(["*", "!*/", "!*.md"])
    assert rules.verdict("docs", is_folder=True) is False
    assert rules.verdict("docs/deep", is_folder=True) is False
    assert rules.verdict("docs/a.md", is_folder=False) is False
    assert rules.verdict("docs/a.txt", is_folder=False) is True


NAMES = st.sampled_from(["a", "b", "ab", "a.md", "b.md"])
LINES = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "!", "/", "!/"]),
        st.sampled_from(
            ["*", "a", "b", "a/b", "*.md", "a/*", "**/b", "a/**", "a?", "a/**/b", "**"]
        ),
        st.sampled_from(["", "/"]),
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    root = tmp_path_factory.mktemp("tree")
    subprocess.run([git, "init", "-q", str(root)], check=True)
    for folder in ("", "a/", "b/", "a/a/", "a/b/", "b/a/", "b/b/", "a/a/b/"):
        (root / folder).mkdir(exist_ok=True)
        for name in ("ab", "a.md", "b.md"):
            (root / folder / name).touch()
    return root


@given(lines=LINES)
def test_says_what_git_says(tree: Path, lines: list[str]) -> None:
    (tree / ".gitignore").write_text("\n".join(lines) + "\n")
    listed = subprocess.run(
        ["git", "-c", "core.excludesFile=", "ls-files", "--others", "--exclude-standard"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert sorted(_walk(tree, tree, IgnoreRules(lines))) == sorted(listed)


def _walk(root: Path, folder: Path, rules: IgnoreRules) -> list[str]:
    found = []
    for path in folder.iterdir():
        name = path.relative_to(root).as_posix()
        if name == ".git" or rules.verdict(name, is_folder=path.is_dir()):
            continue
        found += _walk(root, path, rules) if path.is_dir() else [name]
    return found
