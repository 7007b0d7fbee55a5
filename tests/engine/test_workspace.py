"""The workspace: what it opens, what it lists, and what it keeps shut."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.workspace import File, Workspace
from ryx_dash.errors import WorkspaceError

LIMIT = 10 << 20
HOSTILE_NAMES = ["two\nlines.txt", "emoji 🚀.txt", "-rf", "a\\b.txt", "'quoted\".txt", "…" * 80]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("outside")
    root = tmp_path / "workspace"
    (root / "docs").mkdir(parents=True)
    (root / "notes.md").write_text("the launch code is 4471\n")
    (root / "docs/guide.md").write_text("# Guide\n")
    return root


@pytest.fixture
def workspace(root: Path) -> Workspace:
    return Workspace(root)


def listed(workspace: Workspace) -> list[str]:
    return [file.path for file in workspace.files()]


def refusal(action: Callable[[], object]) -> WorkspaceError:
    with pytest.raises(WorkspaceError) as caught:
        action()
    message = caught.value.message
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 400
    return caught.value


# -- resolve ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["notes.md", "./notes.md", "docs/../notes.md", "docs//../notes.md"]
)
def test_resolves_what_is_inside(workspace: Workspace, root: Path, path: str) -> None:
    assert workspace.resolve(path) == root / "notes.md"


def test_resolves_an_absolute_path_inside(workspace: Workspace, root: Path) -> None:
    assert workspace.resolve(str(root / "docs/guide.md")) == root / "docs/guide.md"


def test_resolves_what_does_not_exist_yet(workspace: Workspace, root: Path) -> None:
    assert workspace.resolve("new/file.txt") == root / "new/file.txt"


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "docs/../../secret.txt", "/etc/passwd", "/", "/dev/zero", "/proc/self/mem"],
)
def test_refuses_what_is_outside(workspace: Workspace, path: str) -> None:
    error = refusal(lambda: workspace.resolve(path))
    assert error.code == "outside"
    assert path in error.message


def test_a_folder_whose_name_begins_alike_is_outside(workspace: Workspace, root: Path) -> None:
    twin = root.with_name("workspace-twin")
    twin.mkdir()
    assert refusal(lambda: workspace.resolve("../workspace-twin")).code == "outside"


@pytest.mark.parametrize("target", ["../secret.txt", "/etc/passwd", "/dev/zero", "../missing"])
def test_refuses_a_link_that_leaves(workspace: Workspace, root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    assert refusal(lambda: workspace.resolve("link")).code == "outside"
    assert refusal(lambda: workspace.read_text("link", max_bytes=LIMIT)).code == "outside"


def test_refuses_a_path_through_a_folder_link_that_leaves(workspace: Workspace, root: Path) -> None:
    (root / "up").symlink_to("..")
    assert refusal(lambda: workspace.resolve("up/secret.txt")).code == "outside"


def test_follows_a_link_that_stays(workspace: Workspace, root: Path) -> None:
    (root / "link").symlink_to("docs/guide.md")
    text = workspace.read_text("link", max_bytes=LIMIT)
    assert (text.path, text.text) == ("docs/guide.md", "# Guide\n")


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_refuses_characters_that_no_name_has(workspace: Workspace, path: str) -> None:
    assert refusal(lambda: workspace.resolve(path)).code in ("unreadable", "missing")


def test_refuses_a_pipe_and_a_socket(workspace: Workspace, root: Path) -> None:
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(root)  # a socket's path must be short
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
        for action in (lambda: workspace.resolve("pipe"), lambda: workspace.resolve("socket")):
            assert "device, pipe or socket" in refusal(action).message


@given(path=st.text())
def test_any_text_is_inside_or_refused(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    workspace = Workspace(tmp_path_factory.getbasetemp())
    try:
        real = workspace.resolve(path)
    except WorkspaceError:
        return
    assert real.is_relative_to(workspace.root)


def test_a_root_that_is_a_link(root: Path) -> None:
    link = root.with_name("link")
    link.symlink_to(root)
    workspace = Workspace(link)
    assert workspace.resolve(str(link / "notes.md")) == root / "notes.md"
    assert workspace.relative(workspace.resolve("notes.md")) == "notes.md"


def test_a_root_that_is_no_folder(root: Path) -> None:
    assert "is not a folder" in refusal(lambda: Workspace(root / "notes.md")).message


# -- read_text ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"plain\n", "plain\n"),
        ("\ufeffmarked é\n".encode(), "marked é\n"),
        ("wide é\n".encode("utf-16"), "wide é\n"),
        ("\ufeffwide é\n".encode("utf-16-be"), "wide é\n"),
        (b"dos\r\nmac\runix\n", "dos\nmac\nunix\n"),
        ("form\x0cfeed\u2028stays\n".encode(), "form\x0cfeed\u2028stays\n"),
    ],
)
def test_reads_text(workspace: Workspace, root: Path, data: bytes, text: str) -> None:
    (root / "file").write_bytes(data)
    read = workspace.read_text("file", max_bytes=LIMIT)
    assert (read.path, read.text, read.size) == ("file", text, len(data))


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\0\0",
        b"text, then\n" * 2000 + b"\0",
        "caf\xe9".encode("latin-1"),
        b"\xff\xfea",
        "\ufeffa\0b".encode("utf-16-le"),
    ],
)
def test_refuses_what_is_no_text(workspace: Workspace, root: Path, data: bytes) -> None:
    (root / "file").write_bytes(data)
    error = refusal(lambda: workspace.read_text("file", max_bytes=LIMIT))
    assert error.code == "binary"
    assert "binary" in error.message


def test_refuses_what_is_too_large_without_reading_it(workspace: Workspace, root: Path) -> None:
    with (root / "huge").open("wb") as file:
        file.truncate(12 << 20)
    error = refusal(lambda: workspace.read_text("huge", max_bytes=LIMIT))
    assert error.code == "too_large"
    assert error.message == "huge is 12 MB, over the limit of 10 MB."


def test_reads_up_to_the_limit(workspace: Workspace, root: Path) -> None:
    (root / "full").write_bytes(b"x" * 1000)
    assert workspace.read_text("full", max_bytes=1000).size == 1000
    error = refusal(lambda: workspace.read_text("full", max_bytes=999))
    assert error.code == "too_large"


def test_a_file_that_grows_beyond_the_limit_while_it_is_read(
    workspace: Workspace, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "growing").write_bytes(b"x" * 10)
    fstat = os.fstat

    def and_grow(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        with (root / "growing").open("ab") as file:
            file.write(b"y" * 100_000)
        return status

    monkeypatch.setattr(os, "fstat", and_grow)
    error = refusal(lambda: workspace.read_text("growing", max_bytes=70_000))
    assert error.code == "too_large"


@pytest.mark.parametrize("path", ["missing.txt", "missing/too.txt", "notes.md/inner.txt"])
def test_says_what_does_not_exist(workspace: Workspace, path: str) -> None:
    error = refusal(lambda: workspace.read_text(path, max_bytes=LIMIT))
    assert error.code == "missing"
    assert error.message.startswith(f"{path} does not exist")


@pytest.mark.parametrize("path", ["", ".", "docs"])
def test_a_folder_is_no_file(workspace: Workspace, path: str) -> None:
    assert "is a folder" in refusal(lambda: workspace.read_text(path, max_bytes=LIMIT)).message


def test_a_link_loop_ends(workspace: Workspace, root: Path) -> None:
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("one")
    error = refusal(lambda: workspace.read_text("one", max_bytes=LIMIT))
    assert "leads back to itself" in error.message


def test_a_name_that_is_too_long(workspace: Workspace) -> None:
    error = refusal(lambda: workspace.read_text("n" * 5000, max_bytes=LIMIT))
    assert "name too long" in error.message


def test_permission_denied(
    workspace: Workspace, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:  # whom no permission stops

        def deny(*args: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "open", deny)
    (root / "notes.md").chmod(0)
    error = refusal(lambda: workspace.read_text("notes.md", max_bytes=LIMIT))
    assert error.message == "notes.md cannot be read (permission denied)."


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_takes_the_place_of_a_file_after_it_was_resolved(
    workspace: Workspace, root: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    resolve = workspace.resolve

    def and_swap(path: str) -> Path:
        real = resolve(path)
        real.unlink()
        if kind == "link":
            real.symlink_to(root.parent / "secret.txt")
        else:
            os.mkfifo(real)
        return real

    monkeypatch.setattr(workspace, "resolve", and_swap)
    error = refusal(lambda: workspace.read_text("notes.md", max_bytes=LIMIT))
    assert error.code == "unreadable"


# -- files --------------------------------------------------------------------------------------


def test_lists_with_size_and_time(workspace: Workspace, root: Path) -> None:
    status = (root / "notes.md").stat()
    assert list(workspace.files()) == [
        File("docs/guide.md", 8, (root / "docs/guide.md").stat().st_mtime_ns),
        File("notes.md", status.st_size, status.st_mtime_ns),
    ]


def test_lists_in_one_order(workspace: Workspace, root: Path) -> None:
    for name in ("b/z", "b/a", "a", "c", "b.txt"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).touch()
    assert listed(workspace) == ["a", "b/a", "b/z", "b.txt", "c", "docs/guide.md", "notes.md"]


def test_honours_nested_rules(workspace: Workspace, root: Path) -> None:
    for name in ("a.log", "keep.log", "docs/b.log", "docs/c.log", "out/x", "docs/deep/out/y"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / ".gitignore").write_bytes(b"\xef\xbb\xbf*.log\r\n!keep.log\r\n/out/\r\n")
    (root / "docs/.gitignore").write_text("!b.log\ndeep/*\n!deep/out/\n")
    assert listed(workspace) == [
        ".gitignore",
        "docs/.gitignore",
        "docs/b.log",
        "docs/deep/out/y",
        "docs/guide.md",
        "keep.log",
        "notes.md",
    ]


def test_what_is_in_a_hidden_folder_cannot_be_let_in_again(
    workspace: Workspace, root: Path
) -> None:
    (root / ".gitignore").write_text("docs/\n!docs/guide.md\n")
    assert listed(workspace) == [".gitignore", "notes.md"]


def test_rules_that_cannot_be_read_hide_nothing(workspace: Workspace, root: Path) -> None:
    (root / ".gitignore").symlink_to("/etc/passwd")
    (root / "docs/.gitignore").mkdir()
    assert listed(workspace) == ["docs/guide.md", "notes.md"]


def test_leaves_out_caches_and_history(workspace: Workspace, root: Path) -> None:
    for name in (".git", ".venv", "node_modules", "docs/__pycache__"):
        (root / name).mkdir()
        (root / name / "file").touch()
    assert listed(workspace) == ["docs/guide.md", "notes.md"]
    assert workspace.read_text("node_modules/file", max_bytes=LIMIT).text == ""


def test_lists_nothing_through_links(workspace: Workspace, root: Path) -> None:
    (root / "outside").symlink_to("..")
    (root / "file").symlink_to("../secret.txt")
    (root / "docs/loop").symlink_to("..")
    (root / "self").symlink_to("self")
    os.mkfifo(root / "pipe")
    assert listed(workspace) == ["docs/guide.md", "notes.md"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_name_is_listed_and_read_by_its_listing(
    workspace: Workspace, root: Path, name: str
) -> None:
    (root / "docs" / name).write_text("found")
    assert f"docs/{name}" in listed(workspace)
    assert workspace.read_text(f"docs/{name}", max_bytes=LIMIT).text == "found"


def test_a_name_that_is_not_utf8_is_valid_text(workspace: Workspace, root: Path) -> None:
    folder = os.fsencode(root) + b"/caf\xe9"
    os.mkdir(folder)
    with open(folder + b"/\xff\n.txt", "w") as file:
        file.write("found")
    [name, *_] = listed(workspace)
    assert name == "caf\\xe9/\\xff\n.txt"
    text = workspace.read_text(name, max_bytes=LIMIT)
    assert (text.path, text.text) == (name, "found")
    refusal(lambda: workspace.read_text("\\xff/../../secret.txt\\x99", max_bytes=LIMIT))


def test_a_very_deep_folder(workspace: Workspace, root: Path) -> None:
    depth = 300
    folder = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("deep", dir_fd=folder)
        folder, above = os.open("deep", os.O_RDONLY, dir_fd=folder), folder
        os.close(above)
    os.close(os.open("found", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    assert listed(workspace)[0] == "deep/" * depth + "found"


def test_folders_that_cannot_be_read_and_files_that_vanish(
    workspace: Workspace, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "locked").mkdir()
    scandir = os.scandir

    @contextmanager
    def unreliable(folder: Path) -> Iterator[Iterator[os.DirEntry[str]]]:
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied")
        with scandir(folder) as entries:
            yield entries
        if folder == root:
            (root / "notes.md").unlink()

    monkeypatch.setattr(os, "scandir", unreliable)
    assert listed(workspace) == ["docs/guide.md"]


def test_stops_when_told(workspace: Workspace, root: Path) -> None:
    for number in range(100):
        (root / f"{number}.txt").touch()
    found: list[File] = []
    for file in workspace.files(lambda: len(found) >= 3):
        found.append(file)
    assert len(found) == 3
    assert list(workspace.files(lambda: True)) == []


def test_two_thousand_files(workspace: Workspace, root: Path) -> None:
    names = sorted(f"many/{number % 20:02}/{number:04}.txt" for number in range(2000))
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    assert [name for name in listed(workspace) if name.startswith("many/")] == names
