"""Which language model answers: the known ones, and the choice among those installed. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ryx_dash.engine.intent import Kind
from ryx_dash.protocol.executor import Model

PREFERRED: Mapping[Kind, tuple[str, ...]] = {
    Kind.SEARCH: ("qwen2.5:3b", "mistral:7b", "qwen2.5-coder:14b"),
    Kind.CODE: ("qwen2.5-coder:14b", "mistral:7b", "qwen2.5:3b"),
    Kind.SHELL: ("mistral:7b", "qwen2.5-coder:14b", "qwen2.5:3b"),
    Kind.UNKNOWN: ("qwen2.5:3b", "mistral:7b", "qwen2.5-coder:14b"),
}
"""Models in the order in which they are taken. Chat has none: it takes the largest installed."""

KNOWN = PREFERRED[Kind.SEARCH]

ChosenBy = Literal["person", "intent", "fallback", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One model of a fallback chain."""

    id: str
    available: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The model to use, ``None`` without any; ``reason`` is a sentence for people."""

    model: str | None = None
    chosen_by: ChosenBy = "none"
    chain: tuple[Link, ...] = ()
    reason: str = ""


def choose(kind: Kind, asked_for: str | None, installed: Sequence[Model]) -> Choice:
    """The first installed model of: the person's choice, the intent's chain, any other.

    Models that only make embeddings never answer.
    """
    able = sorted(filter(can_chat, installed), key=_weight, reverse=True)
    wanted = [asked_for] if asked_for else []
    wanted += PREFERRED.get(kind, ()) or [model.id for model in able[:1]]
    chain = _chain(wanted, able)
    if not any(link.available for link in chain):
        chain = _chain([*wanted, *(model.id for model in able)], able)
    taken = next((link.id for link in chain if link.available), None)
    if taken is None:
        return Choice(chain=chain, reason="No language model is installed on the server.")
    if not chain[0].available:
        reason = f"{chain[0].id} is not installed; {taken} takes its place."
        return Choice(model=taken, chosen_by="fallback", chain=chain, reason=reason)
    if asked_for:
        return Choice(
            model=taken, chosen_by="person", chain=chain, reason=f"{taken} was asked for."
        )
    why = "the largest one installed" if kind is Kind.CHAT else f"preferred for intent {kind}"
    return Choice(model=taken, chosen_by="intent", chain=chain, reason=f"{taken} is {why}.")


def catalogue(installed: Sequence[Model]) -> list[Model]:
    """The installed models that can answer, then the known ones that are not installed."""
    able = list(filter(can_chat, installed))
    missing = [name for name in KNOWN if resolve(name, able) is None]
    return able + [Model(id=name, name=name, size=None, available=False) for name in missing]


def resolve(name: str, installed: Sequence[Model]) -> str | None:
    """The installed id that ``name`` means: itself, or with the tag that Ollama adds."""
    ids = {model.id for model in installed}
    return next((id_ for id_ in (name, f"{name}:latest") if id_ in ids), None)


def can_chat(model: Model) -> bool:
    """Whether the model writes answers; one for embeddings does not."""
    return re.search(r"embed|rerank|(^|[/-])(bge|e5|minilm)", model.id, re.IGNORECASE) is None


def _chain(wanted: Sequence[str], able: Sequence[Model]) -> tuple[Link, ...]:
    found = ((name, resolve(name, able)) for name in wanted)
    links = (Link(id=id_ or name, available=id_ is not None) for name, id_ in found)
    return tuple(dict.fromkeys(links))


def _weight(model: Model) -> float:
    """Bytes on disk, or a guess of them from a name such as ``mistral:7b``."""
    if model.size is not None:
        return float(model.size)
    named = re.search(r"(\d+(?:\.\d+)?)b\b", model.id, re.IGNORECASE)
    return float(named[1]) * _BYTES_PER_BILLION if named else 0.0


_BYTES_PER_BILLION = 6e8
"""A model with a thousand million parameters, as Ollama packs them."""
