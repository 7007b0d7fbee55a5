from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.evidence import Excerpt
from ryx_dash.engine.extractive import (
    AFTER,
    MAX_LINE,
    MAX_QUOTES,
    WHOLE,
    Findings,
    Quote,
    answer,
    beginnings,
    best_quotes,
)

ZEPHYR = ("launch", "code", "project", "zephyr")


def excerpt(path: str, start: int, *lines: str, score: float = 0.0) -> Excerpt:
    return Excerpt(path=path, start=start, lines=lines, score=score)


def places(quotes: list[Quote]) -> list[str]:
    return [f"{quote.path}:{quote.line}" for quote in quotes]


def test_the_line_with_most_words_is_quoted_first() -> None:
    notes = excerpt("notes.md", 1, "# Project notes", "", "The launch code of Zephyr is 7421.")
    code = excerpt("a.py", 8, "def launch(code):")
    quotes = best_quotes(ZEPHYR, [code, notes])
    assert places(quotes)[0] == "notes.md:3"
    assert quotes[0].lines == ("The launch code of Zephyr is 7421.",)


def test_rare_words_count_more() -> None:
    lines = ["the project begins"] * 9 + ["Zephyr: 7421"]
    quotes = best_quotes(("project", "zephyr"), [excerpt("a", 1, *lines)])
    assert quotes[0].line == 10


def test_of_equal_lines_the_better_passage_is_first() -> None:
    low, high = excerpt("a", 1, "zephyr", score=0.1), excerpt("b", 1, "zephyr", score=1.0)
    assert places(best_quotes(("zephyr",), [low, high])) == ["b:1", "a:1"]


def test_a_quote_goes_on_to_the_end_of_its_paragraph() -> None:
    text = excerpt("a", 5, "zephyr is", "one thing.", "", "other")
    assert best_quotes(("zephyr",), [text])[0].lines == ("zephyr is", "one thing.")


def test_a_heading_is_quoted_with_what_stands_beneath_it() -> None:
    text = excerpt("a", 1, "# Zephyr", "", "7421", "", "more")
    [quote] = best_quotes(("zephyr",), [text])
    assert quote.lines == ("# Zephyr", "", "7421", "")


def test_a_line_is_quoted_once_and_out_of_the_whole_passage() -> None:
    snippet = excerpt("a", 2, "…zephyr…")
    whole = excerpt("a", 1, "zero", "all of zephyr here")
    [quote] = best_quotes(("zephyr",), [snippet, whole])
    assert quote.lines == ("all of zephyr here",)


def test_weak_matches_are_left_out() -> None:
    strong = excerpt("a", 1, "launch code of project zephyr")
    weak = [excerpt("b", n, "a project") for n in range(1, 9)]
    assert places(best_quotes(ZEPHYR, [strong, *weak])) == ["a:1"]


def test_nothing_matches_nothing() -> None:
    assert best_quotes(("zephyr",), [excerpt("a", 1, "soup")]) == []
    assert best_quotes((), [excerpt("a", 1, "soup")]) == []


def test_a_long_line_is_cut() -> None:
    quote = Quote("a", 1, 1, ("x" * (MAX_LINE + 9),))
    assert "x" * MAX_LINE + "…" in quote.markdown()
    assert "x" * (MAX_LINE + 1) not in quote.markdown()


def test_lines_are_numbered() -> None:
    assert Quote("a.md", 9, 9, ("x", "y")).markdown() == "`a.md:9`\n\n```text\n 9  x\n10  y\n```"


def test_beginnings() -> None:
    [quote] = beginnings([excerpt("a", 7, *map(str, range(99)))])
    assert (quote.line, quote.start, len(quote.lines)) == (7, 7, WHOLE)


def test_an_answer_with_quotes() -> None:
    first, quoted = answer(Findings(no_model="it is off", quotes=[Quote("a", 1, 1, ("x",))]))
    assert first.startswith(
        "No language model was reachable (it is off), "
        "so these are the best passages, word for word. "
    )
    assert "`ollama serve`" in first
    assert "`ollama pull qwen2.5:3b`" in first
    assert "`RYX_LLM_URL`" in first
    assert quoted.startswith("`a:1`")


def test_an_answer_with_names_pages_and_failures() -> None:
    first, *rest = answer(
        Findings(
            no_model="it is off",
            files=["zephyr.md"],
            pages=[("T", "https://x.org")],
            failures=["It is gone."],
            searched="Nothing in 2 files speaks of it.",
        )
    )
    assert "this is only what was found" in first
    assert rest == [
        "Files with a matching name: `zephyr.md`.",
        "On the web:\n\n- [T](<https://x.org>)",
        "It is gone.",
    ]


def test_an_answer_with_nothing_says_what_was_searched() -> None:
    first, searched = answer(Findings(no_model="it is off", searched="Nothing in 2 files."))
    assert "there is no written answer" in first
    assert searched == "Nothing in 2 files."


WORDS = st.sampled_from(["zephyr", "code", "launch", "soup", "", "# code", "projects"])
EXCERPTS = st.builds(
    lambda path, start, lines: excerpt(path, start, *lines),
    st.sampled_from("abc"),
    st.integers(1, 5),
    st.lists(st.lists(WORDS, max_size=4).map(" ".join), min_size=1, max_size=8),
)


@given(st.lists(EXCERPTS, max_size=5))
def test_quotes_are_real_lines_and_few(excerpts: list[Excerpt]) -> None:
    quotes = best_quotes(ZEPHYR, excerpts)
    assert len(quotes) <= MAX_QUOTES
    assert len(set(places(quotes))) == len(quotes)
    for quote in quotes:
        assert 1 <= len(quote.lines) <= AFTER + 1
        assert any(
            e.path == quote.path
            and e.start <= quote.line <= e.end
            and e.lines[quote.line - e.start] == quote.lines[0]
            for e in excerpts
        )
