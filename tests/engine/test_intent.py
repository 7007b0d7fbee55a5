import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.intent import Kind, classify

EXAMPLES = {
    Kind.SEARCH: [
        "What is the launch code of project Zephyr?",
        "Who wrote the budget for 2024?",
        "where is the deployment described",
        "When does the contract with Acme end?",
        "Hello, what is the launch code?",
        "find all notes about leeks",
        "Summarize README.md",
        "Please list the files in docs/",
        "Explain how billing works",
        "How are you storing the events?",
        "Which file has the joke list?",
        "Where did I write the poem about Zephyr?",
        "Is there a password in the notes?",
        "Thanks, and what does notes.md say about soup?",
        "How many lines has notes.md?",
        "who are you invoicing in March?",
        "Wie lautet der Startcode von Projekt Zephyr?",
        "Où est le code de lancement ?",
        "¿Cuál es el código de lanzamiento?",
        "发射代码是什么？",
        "/etc/hosts",
    ],
    Kind.CODE: [
        "Write a function that reverses a list",
        "implement a decorator for retries in Python",
        "Fix the bug in parser.py",
        "refactor the class EventLog",
        "def f(x): return x + ",
        "Add unit tests for the codec",
        "please debug this traceback",
    ],
    Kind.SHELL: [
        "ls -la",
        "git status",
        "sudo systemctl restart nginx",
        "run the command that frees disk space",
        "restart the server",
        "open firefox",
        "kill the process",
    ],
    Kind.CHAT: [
        "hi",
        "Hello!",
        "hey there",
        "Good morning",
        "How are you?",
        "hello, how are you doing today?",
        "thanks a lot!",
        "ok, thank you",
        "bye",
        "what's up?",
        "Who are you?",
        "Tell me a joke",
        "Can you write a short poem about the sea?",
        "Hallo",
        "Wie geht es dir?",
        "Merci",
        "你好",
    ],
    Kind.UNKNOWN: ["Zephyr 7421", "leeks", "…", "asdf qwer"],
}


@pytest.mark.parametrize(
    ("kind", "text"), [(k, text) for k, texts in EXAMPLES.items() for text in texts]
)
def test_examples(kind: Kind, text: str) -> None:
    found = classify(text)
    assert found.intent is kind, found
    assert (found.confidence == 0) is (kind is Kind.UNKNOWN)
    assert bool(found.signals) is (kind is not Kind.UNKNOWN)


@pytest.mark.parametrize(
    ("text", "small"), [("hello", True), ("tell me a joke", False), ("where is it?", False)]
)
def test_only_talk_without_a_task_is_small_talk(text: str, small: bool) -> None:
    assert classify(text).small_talk is small


def test_contradicting_signals_lower_the_confidence() -> None:
    agreed = classify("What is the launch code?")
    mixed = classify("What is the launch code of this Python function?")
    assert mixed.confidence < agreed.confidence


@given(st.text(max_size=300))
def test_confidence_is_a_share(text: str) -> None:
    found = classify(text)
    assert 0 <= found.confidence <= 1
    assert (found.intent is Kind.UNKNOWN) == (not found.signals)
