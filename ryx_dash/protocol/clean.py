"""Make any value safe to send: what JSON lacks, or browsers choke on, is replaced.

Each replacement is said in a note with its place, for example ``data.hits[3].score: NaN became
null.`` Values that are safe already are given back as they are, without a copy.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from ryx_dash.protocol.events import Draft, JsonObject

MAX_DEPTH = 64
"""Objects and lists within each other; what lies deeper becomes a text that says so."""

MAX_INT = 2**53 - 1
"""The largest integer that a browser keeps exactly; larger ones become text."""

MAX_NOTES = 20
NOTES = "_notes"
"""The key in an event's ``data`` that holds the notes."""


class LongNumber(str):
    """The digits of an integer that was too long to be read as one."""

    __slots__ = ()


def encodable(text: str) -> bool:
    """Whether UTF-8 can carry the text: it holds no half of a character."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def clean_text(text: str) -> str:
    """The text with every lone surrogate replaced by U+FFFD, so that UTF-8 can carry it."""
    if encodable(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def clean(data: Any) -> tuple[JsonObject, list[str]]:
    """A safe object and the notes on what was replaced in it; never raises.

    A value that is no object at all comes back as ``{"value": …}``.
    """
    if type(data) is dict and _safe(data, 0):
        return data, []
    cleaner = _Cleaner()
    value = cleaner.value(data, "data", 0)
    if not isinstance(value, dict):
        cleaner.note("data", "was no object and became one")
        value = {"value": value}
    return value, cleaner.notes()


def clean_draft(draft: Draft) -> Draft:
    """The draft, safe to log and send; the same object if nothing was wrong with it."""
    fields = draft.__dict__
    if _safe(fields, -1):
        return draft
    return draft.model_copy(update=clean_fields(fields))


def clean_fields(fields: Mapping[str, Any]) -> JsonObject:
    """The fields of an event, each of them safe, with the notes in ``data["_notes"]``.

    ``data`` that is no object is left for a validator to refuse.
    """
    cleaner = _Cleaner()
    # The depth counts from `data`, as it does when `data` is cleaned alone.
    fixed = {name: cleaner.value(value, name, 0) for name, value in fields.items()}
    notes = cleaner.notes()
    data = fixed.get("data", {})
    if notes and isinstance(data, dict):
        earlier = data.get(NOTES)
        kept = earlier if isinstance(earlier, list) else []
        fixed["data"] = {**data, NOTES: [*kept, *notes][:MAX_NOTES]}
    return fixed


def _safe(value: Any, depth: int) -> bool:
    """Whether nothing in ``value`` needs to be replaced. ``depth`` containers lie around it."""
    kind = type(value)
    if kind is str:
        return encodable(value)
    if kind is int:
        return bool(-MAX_INT <= value <= MAX_INT)
    if kind is float:
        return isfinite(value)
    if value is None or kind is bool:
        return True
    if depth >= MAX_DEPTH:
        return False
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or not encodable(key) or not _safe(item, depth + 1):
                return False
        return True
    return kind is list and all(_safe(item, depth + 1) for item in value)


class _Cleaner:
    """Copies a value, replacing what is not safe. Recursion ends at ``MAX_DEPTH``."""

    def __init__(self) -> None:
        self._notes: list[str] = []
        self._count = 0
        self._around: set[int] = set()

    def note(self, path: str, what: str) -> None:
        self._count += 1
        if self._count <= MAX_NOTES:
            self._notes.append(f"{path}: {what}.")

    def notes(self) -> list[str]:
        if self._count > MAX_NOTES:
            more = self._count - MAX_NOTES + 1
            return [*self._notes[: MAX_NOTES - 1], f"{more} more values were replaced."]
        return self._notes

    def value(self, value: Any, path: str, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, int):
            return self._int(int.__int__(value), path)
        if isinstance(value, float):
            return self._float(float.__float__(value), path)
        if isinstance(value, dict | list | tuple):
            return self._container(value, path, depth)
        self.note(path, f"{type(value).__name__} is not JSON and became text")
        return clean_text(_repr(value))

    def _text(self, value: str, path: str) -> str:
        if isinstance(value, LongNumber):
            self.note(path, "an integer of more than 53 bits became text")
        text = str.__str__(value)
        cleaned = clean_text(text)
        if cleaned != text:
            self.note(path, "half a character became U+FFFD")
        return cleaned

    def _int(self, value: int, path: str) -> int | str:
        if -MAX_INT <= value <= MAX_INT:
            return value
        self.note(path, "an integer of more than 53 bits became text")
        try:
            return str(value)
        except ValueError:  # Python refuses thousands of decimal digits
            return hex(value)

    def _float(self, value: float, path: str) -> float | None:
        if isfinite(value):
            return value
        self.note(path, f"{'NaN' if value != value else 'an infinite number'} became null")
        return None

    def _container(
        self, value: dict[Any, Any] | list[Any] | tuple[Any, ...], path: str, depth: int
    ) -> Any:
        if id(value) in self._around:
            self.note(path, "a value within itself was cut")
            return "(refers to itself)"
        if depth >= MAX_DEPTH:
            self.note(path, f"more than {MAX_DEPTH} levels were cut")
            return f"(nested deeper than {MAX_DEPTH} levels)"
        self._around.add(id(value))
        try:
            if isinstance(value, dict):
                return self._object(value, path, depth)
            return [
                self.value(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)
            ]
        finally:
            self._around.discard(id(value))

    def _object(self, value: dict[Any, Any], path: str, depth: int) -> JsonObject:
        result: JsonObject = {}
        for key, item in value.items():
            name = self._key(key, path)
            while name in result:  # 1 and "1" are two keys
                name += "'"
            result[name] = self.value(item, f"{path}.{name:.40}", depth + 1)
        return result

    def _key(self, key: Any, path: str) -> str:
        if isinstance(key, str):
            return self._text(key, f"a key of {path}")
        name = clean_text(_repr(key))
        self.note(path, f"the key {name:.40} became text")
        return name


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # a foreign object's own code
        return f"<{type(value).__name__}>"
