"""``read_file``: lines of a file, and what it says of those that cannot be read."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.tools.read_file import MAX_TEXT, ReadFile
from ryx_dash.engine.workspace import Workspace
from ryx_dash.protocol.events import JsonObject


@pytest.fixture
def tool(tmp_path: Path) -> ReadFile:
    return ReadFile(Workspace(tmp_path))


async def output(tool: ReadFile, **args: object) -> JsonObject:
    outcome = await tool.call(args)
    assert outcome.error is None
    assert outcome.success
    assert outcome.output is not None
    return outcome.output


async def error(tool: ReadFile, **args: object) -> str:
    outcome = await tool.call(args)
    assert outcome.output is None
    assert outcome.error is not None
    assert not outcome.success
    return outcome.error


async def test_a_whole_file(tool: ReadFile, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("one\r\nzwölf\r\nthree".encode())
    assert await output(tool, path="./a.txt") == {
        "path": "a.txt",
        "text": "one\nzwölf\nthree",
        "start": 1,
        "end": 3,
        "lines": 3,
        "size": 18,
        "truncated": False,
    }


@pytest.mark.parametrize(
    ("start", "end", "text", "range_"),
    [
        (2, 3, "b\nc\n", (2, 3)),
        (3, None, "c\nd\n", (3, 4)),
        (None, 2, "a\nb\n", (1, 2)),
        (4, 4, "d\n", (4, 4)),
        (2, 99, "b\nc\nd\n", (2, 4)),
    ],
)
async def test_some_lines(
    tool: ReadFile,
    tmp_path: Path,
    start: int | None,
    end: int | None,
    text: str,
    range_: tuple[int, int],
) -> None:
    (tmp_path / "a.txt").write_text("a\nb\nc\nd\n")
    found = await output(tool, path="a.txt", start=start, end=end)
    assert (found["text"], (found["start"], found["end"])) == (text, range_)
    assert (found["lines"], found["truncated"]) == (4, False)


async def test_an_empty_file(tool: ReadFile, tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    found = await output(tool, path="a.txt")
    assert (found["text"], found["start"], found["end"], found["lines"]) == ("", 1, 0, 0)


async def test_a_start_behind_the_end_of_the_file(tool: ReadFile, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\nb\n")
    assert await error(tool, path="a.txt", start=3) == "a.txt ends at line 2; there is no line 3."


async def test_a_long_file_is_cut_between_lines(tool: ReadFile, tmp_path: Path) -> None:
    line = "é" * 500 + "\n"
    (tmp_path / "a.txt").write_text(line * 1000)
    found = await output(tool, path="a.txt", start=3)
    fitting = MAX_TEXT // len(line.encode())
    assert (found["text"], found["end"]) == (line * fitting, 2 + fitting)
    assert (found["lines"], found["truncated"]) == (1000, True)
    whole = await output(tool, path="a.txt", start=3, end=2 + fitting)
    assert (whole["text"], whole["truncated"]) == (found["text"], False)


async def test_a_long_line_is_cut_between_characters(tool: ReadFile, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" + "é" * MAX_TEXT + "\nnext\n")
    found = await output(tool, path="a.txt")
    assert found["text"] == "x" + "é" * (MAX_TEXT // 2 - 1)
    assert (found["end"], found["lines"], found["truncated"]) == (1, 2, True)
    assert await output(tool, path="a.txt", end=1) == found


@given(
    lines=st.lists(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])))
)
async def test_pieces_make_the_whole(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    root = tmp_path_factory.getbasetemp()
    text = "".join(line + "\n" for line in lines)
    (root / "a.txt").write_bytes(text.encode())
    tool = ReadFile(Workspace(root))
    pieces = [
        (await output(tool, path="a.txt", start=n, end=n))["text"] for n in range(1, len(lines) + 1)
    ]
    expected = text.removeprefix("\ufeff")
    assert "".join(pieces) == expected


async def test_ten_megabytes_and_no_more(tool: ReadFile, tmp_path: Path) -> None:
    (tmp_path / "ten.txt").write_bytes(b"0123456789abcde\n" * ((10 << 20) // 16))
    assert (await output(tool, path="ten.txt", start=600_000))["start"] == 600_000
    with (tmp_path / "ten.txt").open("ab") as file:
        file.write(b"\n")
    assert "over the limit of 10 MB" in await error(tool, path="ten.txt")


async def test_what_is_no_text_file(tool: ReadFile, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "binary").write_bytes(b"\0")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    (tmp_path / "out").symlink_to("/etc/passwd")
    assert "pipe" in await error(tool, path="pipe")
    assert "is binary" in await error(tool, path="binary")
    assert "encoding" in await error(tool, path="latin")
    for path in ("out", "../x", "/etc/passwd"):
        assert "outside the workspace" in await error(tool, path=path)
    assert "does not exist" in await error(tool, path="nothing")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({}, "read_file: path: field required."),
        ({"path": 7}, "read_file: path: input should be a valid string."),
        ({"path": ""}, "read_file: path: string should have at least 1 character."),
        (
            {"path": "a", "start": 0},
            "read_file: start: input should be greater than or equal to 1.",
        ),
        ({"path": "a", "end": "x"}, "read_file: end: "),
        ({"path": "a", "lines": 3}, "read_file: lines: extra inputs are not permitted."),
        ({"path": "a", "start": 3, "end": 2}, "end (2) must not come before start (3)."),
    ],
)
async def test_arguments_are_checked(
    tool: ReadFile, args: dict[str, object], sentence: str
) -> None:
    assert sentence in await error(tool, **args)
