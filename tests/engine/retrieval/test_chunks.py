"""Cutting texts into passages."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.retrieval import chunks as module
from ryx_dash.engine.retrieval.chunks import FEWEST, MOST, chunks, is_heading

PATHS = st.sampled_from(["a.md", "a.rst", "a.py", "a.ts", "a.txt", "README", ".hidden", ""])
LINES = st.sampled_from(
    [
        "",
        "   ",
        "# Title",
        "## Sub",
        "```",
        "Title",
        "=====",
        "def f():",
        "class A:",
        "@d",
        "word",
        "    return 1",
        "export const f = () => 1",
        "日本語",
        "\x0c",
        "\u2028",
    ]
)
TEXTS = st.lists(LINES | st.text(st.characters(exclude_characters="\n")), max_size=300).map(
    "\n".join
)


def starts(path: str, text: str) -> list[int]:
    return [chunk.start for chunk in chunks(path, text)]


def filled(lines: int) -> str:
    return "".join(f"line {number}\n" for number in range(lines))


@given(path=PATHS, text=TEXTS)
def test_every_line_that_is_not_blank_is_in_exactly_one_chunk(path: str, text: str) -> None:
    lines = text.split("\n")
    covered: list[int] = []
    for chunk in chunks(path, text):
        assert 1 <= chunk.end - chunk.start + 1 <= MOST
        assert chunk.text == "\n".join(lines[chunk.start - 1 : chunk.end])
        assert lines[chunk.start - 1].strip()
        assert lines[chunk.end - 1].strip()
        covered += range(chunk.start, chunk.end + 1)
    assert covered == sorted(set(covered))
    assert {n for n, line in enumerate(lines, 1) if line.strip()} <= set(covered)


@given(path=PATHS, count=st.integers(1, 500))
def test_no_chunk_is_short_unless_the_file_is(path: str, count: int) -> None:
    lengths = [chunk.end - chunk.start + 1 for chunk in chunks(path, "\n".join(["word"] * count))]
    assert sum(lengths) == count
    assert min(lengths) >= min(FEWEST, count)


@pytest.mark.parametrize("text", ["", "\n", "\n \n\t\n"])
def test_nothing_comes_of_nothing(text: str) -> None:
    assert list(chunks("a.md", text)) == []


def test_markdown_is_cut_at_headings() -> None:
    text = "# One\n" + filled(14) + "## Two\n" + filled(20) + "# Three\n" + filled(11)
    assert starts("a.md", text) == [1, 16, 37]
    assert starts("a.txt", text) == [1]


def test_short_sections_stay_together() -> None:
    text = "".join(f"# Section {number}\n\nOne line.\n\n" for number in range(10))
    for chunk in list(chunks("a.md", text)):
        assert chunk.text.startswith("# Section")
        assert chunk.end - chunk.start + 1 >= FEWEST


def test_a_comment_in_a_code_block_is_no_heading() -> None:
    text = filled(12) + "```sh\n# install\n" + filled(11) + "```\n" + filled(12)
    assert starts("a.md", text) == [1]


@pytest.mark.parametrize("title", ["Title\n=====\n", "=====\nTitle\n=====\n"])
def test_rst_is_cut_at_underlined_titles(title: str) -> None:
    text = "Top\n===\n\n" + filled(12) + "\n" + title + "\n" + filled(12)
    assert starts("a.rst", text) == [1, 17]


@pytest.mark.parametrize(
    ("path", "opening"),
    [
        ("a.py", "def run():"),
        ("a.py", "    async def run(self):"),
        ("a.py", "class Run:"),
        ("a.py", "@cached\ndef run():"),
        ("a.py", "@cached\n@other(1)\nclass Run:"),
        ("a.js", "function run() {"),
        ("a.ts", "export default async function run() {"),
        ("a.ts", "export const run = async (x) => {"),
        ("a.go", "func (s *Server) Run() {"),
        ("a.rs", "pub(crate) async fn run() {"),
        ("a.java", "public static class Run {"),
        ("a.rb", "  def run"),
    ],
)
def test_code_is_cut_at_what_it_defines(path: str, opening: str) -> None:
    assert starts(path, filled(15) + opening + "\n" + filled(15)) == [1, 16]


@pytest.mark.parametrize(
    "line", ["default = 1", "classes = []", "# def run():", "x = function_of(y)"]
)
def test_other_lines_of_code_do_not_cut(line: str) -> None:
    assert starts("a.py", filled(15) + line + "\n" + filled(15)) == [1]


def test_long_texts_are_cut_at_paragraphs() -> None:
    text = filled(50) + "\n" + filled(50) + "\n" + filled(5)
    assert starts("a.txt", text) == [1, 52]  # the last paragraph is too short to stand alone


def test_a_text_without_any_mark_is_cut_at_the_most_lines() -> None:
    assert starts("a.txt", filled(125)) == [1, 61, 125 - FEWEST + 1]


def test_this_very_module_is_cut_at_its_functions() -> None:
    source = Path(module.__file__).read_text()
    heads = [chunk.text.split("\n")[0] for chunk in chunks("chunks.py", source)]
    assert all(head.startswith(("def ", "@", '"""', "class ")) for head in heads)


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("a.md", "## Two", True),
        ("A.MD", "#", True),
        ("a.md", "#tag", False),
        ("a.py", "# x", False),
    ],
)
def test_headings(path: str, line: str, expected: bool) -> None:
    assert is_heading(path, line) is expected
