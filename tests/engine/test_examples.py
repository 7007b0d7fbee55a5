"""Questions made of what the workspace holds."""

from pathlib import Path

from ryx_dash.engine.examples import ANYWHERE, COUNT, LONGEST, examples
from ryx_dash.engine.workspace import Workspace


def test_an_empty_folder_is_asked_what_can_be_asked_anywhere(tmp_path: Path) -> None:
    assert examples(Workspace(tmp_path)) == list(ANYWHERE)


def test_headings_and_definitions_in_turn(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Title\n\n## Getting started\n")
    (tmp_path / "notes.md").write_text("# Only this\n")
    (tmp_path / "code.py").write_text("import os\n\n\ndef launch_rocket() -> None: ...\n")
    assert examples(Workspace(tmp_path)) == [
        "What does README.md say about “Getting started”?",
        "Where is launch_rocket defined?",
        "What does notes.md say about “Only this”?",
    ]


def test_what_makes_no_question_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "empty.md").write_text("")
    (tmp_path / "binary.md").write_bytes(b"\0\1\2 # Heading\n")
    (tmp_path / "markup.md").write_text("# <script>\n# `x`\n# " + "long " * LONGEST + "\n")
    (tmp_path / "short.py").write_text("def f(): ...\n" + "x = 1\n")
    (tmp_path / "long.py").write_text(f"def {'f' * (LONGEST + 1)}(): ...\n")
    assert examples(Workspace(tmp_path)) == list(ANYWHERE)


def test_the_same_question_is_offered_once(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text("def the_same(): ...\n")
    found = examples(Workspace(tmp_path))
    assert len(found) == len(set(found)) == COUNT
