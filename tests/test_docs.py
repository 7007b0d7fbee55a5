"""What the documents show must run, and what they name must exist."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from ryx_dash.settings import Settings
from tests.servers import ROOT, Dashboard, dashboard, until

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    folder = tmp_path_factory.mktemp("docs")
    (folder / "workspace").mkdir()
    (folder / "workspace" / "notes.md").write_text("# Notes\n\nThe kettle is blue.\n")
    with dashboard(folder) as running:
        yield running


def blocks(document: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.M | re.S)


def _ended(served: Dashboard, run_id: str) -> bool:
    return bool(httpx.get(f"{served.url}/api/runs/{run_id}").json()["ended"])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


def test_the_readme_lists_every_setting() -> None:
    named = set(re.findall(r"`RYX_([A-Z_]+)`", (ROOT / "README.md").read_text()))
    assert named == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", ["protocol.md", "backends.md"])
def test_the_python_examples_run(served: Dashboard, name: str) -> None:
    examples = blocks(ROOT / "docs" / name, "python")
    assert examples
    for example in examples:
        source = example.replace("127.0.0.1:8050", f"127.0.0.1:{served.port}")
        result = subprocess.run(
            [sys.executable, "-c", source],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert "workflow_complete" in result.stdout


def test_the_shell_examples_run(served: Dashboard, tmp_path: Path) -> None:
    text = "\n".join(blocks(ROOT / "docs" / "protocol.md", ""))
    commands = [line for line in text.splitlines() if line.startswith("curl ")]
    assert len(commands) == 5
    run_id = ""
    for command in commands:
        line = command.replace("localhost:8050", f"127.0.0.1:{served.port}")
        line = line.replace("<run_id>", run_id).replace("curl ", "curl -sS --fail ", 1)
        result = subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        if not run_id:
            run_id = re.findall(r'"run_id":"([^"]+)"', result.stdout)[0]
            until(partial(_ended, served, run_id), seconds=30)


def test_the_commands_for_files_run(served: Dashboard, tmp_path: Path) -> None:
    run = httpx.post(f"{served.url}/api/runs", json={"input": "Which kettle?"}).json()["run_id"]
    until(partial(_ended, served, run), seconds=30)
    [block] = blocks(ROOT / "docs" / "runs.md", "")
    data = served.output.parent / "data"
    commands = [line.partition("#")[0].split()[1:] for line in block.splitlines()]
    assert [command[0] for command in commands] == ["export", "export", "import"]
    for command in commands:
        arguments = [run if word == "RUN" else word for word in command]
        result = subprocess.run(
            [sys.executable, "-m", "ryx_dash", *arguments, "--data-dir", str(data)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        if command == ["export", "RUN"]:
            (tmp_path / "run.jsonl").write_text(result.stdout, encoding="utf-8")
    assert "already, with the same events" in result.stdout
    assert run in (tmp_path / "run.html").read_text(encoding="utf-8")
