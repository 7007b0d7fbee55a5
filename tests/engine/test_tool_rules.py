from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.intent import Intent, Kind, classify
from ryx_dash.engine.tool_rules import MAX_FILES, by_rules, named_paths

ALL = ("search_local", "read_file", "search_web")


def calls(text: str, offered: Collection[str] = ALL, there: Collection[str] = ()) -> list[str]:
    planned = by_rules(text, classify(text), offered, lambda path: path in there)
    return [f"{call.tool} {' '.join(map(str, call.args.values()))}" for call in planned]


def test_a_question_is_searched_for_everywhere() -> None:
    assert calls("What is the launch code?") == [
        "search_local launch code",
        "search_web What is the launch code?",
    ]


def test_the_web_is_asked_only_when_offered_and_only_for_facts() -> None:
    assert calls("What is the launch code?", ["search_local"]) == ["search_local launch code"]
    assert calls("git status") == ["search_local git status"]
    assert "search_web leeks" in calls("leeks")


def test_small_talk_calls_nothing() -> None:
    assert calls("hello") == []


def test_a_creative_request_is_searched_for() -> None:
    assert calls("tell me a joke about Zephyr") == ["search_local joke Zephyr"]


def test_named_files_are_read() -> None:
    assert calls("Summarize docs/plan.md and `a b.txt`", ["read_file"]) == [
        "read_file a b.txt",
        "read_file docs/plan.md",
    ]


def test_lines_are_read_as_named() -> None:
    [call] = by_rules("see src/a.py:10-20", Intent(Kind.CODE, 1), ["read_file"], lambda _: False)
    assert call.args == {"path": "src/a.py", "start": 10, "end": 20}
    [call] = by_rules("see src/a.py:7", Intent(Kind.CODE, 1), ["read_file"], lambda _: False)
    assert call.args == {"path": "src/a.py", "start": 7, "end": 7}


def test_what_may_be_no_file_is_read_only_when_it_is_there() -> None:
    assert calls("How does node.js differ?", ["read_file"]) == []
    assert calls("How does node.js differ?", ["read_file"], ["node.js"]) == ["read_file node.js"]


def test_not_too_many_files_are_read() -> None:
    text = " ".join(f"a/{n}.txt" for n in range(20))
    assert len(calls(text, ["read_file"])) == MAX_FILES


def test_a_text_without_words_is_not_searched_for() -> None:
    assert calls("?!", ["search_local"]) == []


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("read notes.md", ["notes.md"]),
        ("read notes.md.", ["notes.md"]),
        ("read ../secret.txt", ["../secret.txt"]),
        ("what is in /etc/hosts.conf?", ["/etc/hosts.conf"]),
        ("open .github/workflows/ci.yml", [".github/workflows/ci.yml"]),
        ("show 'my notes.md'", ["my notes.md"]),
        ("compare a.py with b.py, e.g. their imports", ["a.py", "b.py"]),
        ("a.py and a.py", ["a.py"]),
        ("see https://example.com/page.html", []),
        ("version 3.14 of it", []),
        ("me@example.com", []),
        ("open @types/index.d.ts", ["@types/index.d.ts"]),
        ("what's in docs/a.md and why isn't it there", ["docs/a.md"]),
        ("nothing here", []),
    ],
)
def test_named_paths(text: str, paths: list[str]) -> None:
    assert [named.path for named in named_paths(text)] == paths


@pytest.mark.parametrize(
    ("text", "certain"),
    [
        ("read notes.md", True),
        ("what does docs/notes.md say", True),
        ("what about `notes.md`", True),
        ("is node.js fast", False),
    ],
)
def test_how_certain_a_name_is_a_path(text: str, certain: bool) -> None:
    [named] = named_paths(text)
    assert named.certain is certain


@given(st.text(min_size=1, max_size=300), st.booleans())
def test_any_words_but_small_talk_are_searched_for(text: str, there: bool) -> None:
    planned = by_rules(text, classify(text), ALL, lambda _: there)
    ids = [call.call_id for call in planned]
    assert len(set(ids)) == len(ids)
    has_words = any(char.isalnum() for char in text)
    if has_words and not classify(text).small_talk:
        assert "search_local" in [call.tool for call in planned]
