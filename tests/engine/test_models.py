import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.intent import Kind
from ryx_dash.engine.models import KNOWN, PREFERRED, can_chat, catalogue, choose, resolve
from ryx_dash.protocol.executor import Model


def installed(*names: str, **sizes: int) -> list[Model]:
    return [Model(id=name, name=name, size=sizes.get(name), available=True) for name in names]


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        (Kind.SEARCH, "qwen2.5:3b"),
        (Kind.CODE, "qwen2.5-coder:14b"),
        (Kind.SHELL, "mistral:7b"),
        (Kind.UNKNOWN, "qwen2.5:3b"),
    ],
)
def test_the_intent_chooses(kind: Kind, model: str) -> None:
    choice = choose(kind, None, installed("mistral:7b", "qwen2.5-coder:14b", "qwen2.5:3b"))
    assert (choice.model, choice.chosen_by) == (model, "intent")
    assert all(link.available for link in choice.chain)


def test_chat_takes_the_largest() -> None:
    models = [
        Model(id="a", name="a", size=5, available=True),
        Model(id="b", name="b", size=9, available=True),
    ]
    choice = choose(Kind.CHAT, None, models)
    assert (choice.model, choice.chosen_by) == ("b", "intent")
    assert "largest" in choice.reason


def test_without_sizes_the_name_tells_the_largest() -> None:
    assert choose(Kind.CHAT, None, installed("m:7b", "n:0.5b", "o:14b", "p")).model == "o:14b"


def test_the_person_chooses() -> None:
    choice = choose(Kind.CODE, "llama", installed("qwen2.5-coder:14b", "llama:latest"))
    assert (choice.model, choice.chosen_by) == ("llama:latest", "person")


def test_a_choice_that_is_not_installed_falls_back_visibly() -> None:
    choice = choose(Kind.SEARCH, "gpt-9", installed("mistral:7b"))
    assert (choice.model, choice.chosen_by) == ("mistral:7b", "fallback")
    assert choice.reason == "gpt-9 is not installed; mistral:7b takes its place."
    assert [(link.id, link.available) for link in choice.chain] == [
        ("gpt-9", False),
        ("qwen2.5:3b", False),
        ("mistral:7b", True),
        ("qwen2.5-coder:14b", False),
    ]


def test_any_model_may_serve_but_one_for_embeddings() -> None:
    choice = choose(Kind.CODE, None, installed("nomic-embed-text", "phi:3b"))
    assert (choice.model, choice.chosen_by) == ("phi:3b", "fallback")
    assert choose(Kind.CODE, None, installed("nomic-embed-text")).model is None


@pytest.mark.parametrize("kind", list(Kind))
def test_without_models_nothing_is_chosen(kind: Kind) -> None:
    choice = choose(kind, None, [])
    assert (choice.model, choice.chosen_by) == (None, "none")
    assert [link.id for link in choice.chain] == list(PREFERRED.get(kind, ()))


@pytest.mark.parametrize(
    ("name", "able"),
    [
        ("nomic-embed-text", False),
        ("BAAI/bge-m3", False),
        ("e5-large", False),
        ("qwen2.5:3b", True),
        ("Qwen/Qwen2.5-7B", True),
        ("code5-chat", True),
    ],
)
def test_models_for_embeddings_do_not_answer(name: str, able: bool) -> None:
    assert can_chat(*installed(name)) is able


def test_the_catalogue_ends_with_known_models_that_are_missing() -> None:
    listed = catalogue(installed("x", "mistral:7b"))
    assert [(m.id, m.available) for m in listed] == [
        ("x", True),
        ("mistral:7b", True),
        ("qwen2.5:3b", False),
        ("qwen2.5-coder:14b", False),
    ]


NAMES = st.sampled_from([*KNOWN, "phi:3b", "llama:latest", "llama", "x/embed", "big:70b"])


@given(st.sampled_from(Kind), st.none() | NAMES, st.lists(NAMES, unique=True))
def test_choices_hold_together(kind: Kind, asked_for: str | None, names: list[str]) -> None:
    models = installed(*names)
    choice = choose(kind, asked_for, models)
    able = list(filter(can_chat, models))
    assert (choice.model is None) == (not able)
    assert len({link.id for link in choice.chain}) == len(choice.chain)
    if choice.model:
        assert choice.model in {model.id for model in able}
        assert choice.model == next(link.id for link in choice.chain if link.available)
        asked_is_there = asked_for is not None and resolve(asked_for, able) is not None
        assert (choice.chosen_by == "person") == asked_is_there
