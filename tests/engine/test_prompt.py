from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.evidence import Excerpt
from ryx_dash.engine.intent import Intent, Kind
from ryx_dash.engine.prompt import (
    MAX_LINE,
    MAX_MATERIAL,
    Turn,
    as_functions,
    for_answer,
    for_answer_after,
    for_tools,
)

SEARCH, CHAT = Intent(Kind.SEARCH, 1.0), Intent(Kind.CHAT, 1.0)


def excerpt(path: str, start: int, *lines: str) -> Excerpt:
    return Excerpt(path=path, start=start, lines=lines)


def test_lines_are_numbered_and_the_question_comes_last() -> None:
    system, user = for_answer("Why?", SEARCH, passages=[excerpt("a.md", 7, "x", "y")])
    assert "`path:line`" in system["content"]
    assert "a.md\n7: x\n8: y" in user["content"]
    assert user["content"].endswith("Question: Why?")


def test_what_was_asked_for_comes_first() -> None:
    _, user = for_answer(
        "Why?",
        SEARCH,
        read=[excerpt("read.md", 1, "r")],
        passages=[excerpt("found.md", 1, "f")],
        others=[{"results": [{"title": "Web"}]}],
    )
    order = [user["content"].index(text) for text in ("read.md", "Web", "found.md")]
    assert order == sorted(order)


def test_without_material_a_question_says_so_and_a_chat_is_free() -> None:
    assert "Nothing was found." in for_answer("Why?", SEARCH)[1]["content"]
    assert for_answer("hello", CHAT)[1]["content"] == "hello"


def test_a_creative_request_gets_its_material() -> None:
    _, user = for_answer("a poem", CHAT, passages=[excerpt("a", 1, "x")])
    assert "1: x" in user["content"]


def test_the_same_block_is_told_once() -> None:
    _, user = for_answer("Why?", SEARCH, passages=[excerpt("a", 1, "x")] * 3)
    assert user["content"].count("1: x") == 1


def test_the_tools_are_chosen_by_the_question() -> None:
    assert for_tools("Why?")[-1] == {"role": "user", "content": "Why?"}


def test_functions_have_the_servers_shape() -> None:
    schema = {"type": "object"}
    assert as_functions([("n", "d", schema)]) == [
        {"type": "function", "function": {"name": "n", "description": "d", "parameters": schema}}
    ]


EXCERPTS = st.lists(
    st.builds(
        lambda path, count, width: excerpt(path, 1, *["x" * width] * count),
        st.text(min_size=1, max_size=9),
        st.integers(1, 200),
        st.integers(0, 3 * MAX_LINE),
    ),
    max_size=12,
)


@given(EXCERPTS, EXCERPTS)
def test_the_material_is_bounded(read: list[Excerpt], passages: list[Excerpt]) -> None:
    _, user = for_answer("Why?", SEARCH, read=read, passages=passages)
    assert len(user["content"]) < MAX_MATERIAL + 200


def test_the_models_own_calls_come_back_in_its_form() -> None:
    turns = [
        Turn(call_id="c1", tool="find", args={"q": "é"}, excerpts=[excerpt("a.md", 3, "hit")]),
        Turn(call_id="c2", tool="read", args={}, rest="a.md is binary."),
        Turn(call_id="c3", tool="web", args={}),
    ]
    messages = for_answer_after(turns, "Why?", [excerpt("b.md", 1, "passage")])
    assert [m["role"] for m in messages] == ["system", "user", "assistant", "tool", "tool", "tool"]
    assert "b.md\n1: passage" in messages[1]["content"]
    first = messages[2]["tool_calls"][0]
    assert first["id"] == messages[3]["tool_call_id"] == "c1"
    assert first["function"] == {"name": "find", "arguments": '{"q": "é"}'}
    assert messages[3]["content"] == "a.md\n3: hit"
    assert messages[4]["content"] == "a.md is binary."
    assert messages[5]["content"] == "Nothing was found."


def test_without_passages_the_question_stands_alone() -> None:
    turn = Turn(call_id="c1", tool="find", args={})
    assert for_answer_after([turn], "Why?")[1]["content"] == "Question: Why?"


@given(st.integers(1, 8), st.integers(0, 30_000))
def test_results_are_bounded_together(count: int, size: int) -> None:
    long = excerpt("a.md", 1, *["x" * 100] * (size // 100))
    turns = [
        Turn(call_id=str(n), tool="t", args={}, excerpts=[long] * (n % 2), rest="y" * size)
        for n in range(count)
    ]
    messages = for_answer_after(turns, "Why?", [long] * 5)
    said = sum(len(message["content"]) for message in messages[1:])
    assert said <= MAX_MATERIAL + 100
