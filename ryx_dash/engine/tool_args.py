"""Checking the arguments that a model gave for a tool against its JSON Schema. Pure.

Only what tools' schemas use: an object with typed properties, required ones, bounds, a choice.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def parse(arguments: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as a dict; ``null`` for an optional one counts as left out.

    Raises :class:`ValueError` with what is wrong, as the end of a sentence.
    """
    try:
        args = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        raise ValueError("its arguments are not JSON") from None
    if not isinstance(args, dict):
        raise ValueError("its arguments are not an object")
    required = schema.get("required", ())
    args = {name: value for name, value in args.items() if value is not None or name in required}
    missing = [name for name in required if name not in args]
    if missing:
        raise ValueError(f"it lacks {', '.join(missing)}")
    properties = schema.get("properties", {})
    for name, value in args.items():
        if name not in properties:
            raise ValueError(f"it has no argument {name:.60}")
        problem = _problem(value, properties[name])
        if problem:
            raise ValueError(f"its {name} {problem}")
    return args


def _problem(value: Any, schema: Mapping[str, Any]) -> str | None:
    if "anyOf" in schema:
        problems = [_problem(value, branch) for branch in schema["anyOf"]]
        return None if None in problems else problems[0]
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_TYPES[kind](value) for kind in kinds):
        return f"must be of type {' or '.join(kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"must be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        return "is too short"
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        return "is too long"
    if _TYPES["number"](value):
        if value < schema.get("minimum", value):
            return f"must be at least {schema['minimum']}"
        if value > schema.get("maximum", value):
            return f"must be at most {schema['maximum']}"
    return None
