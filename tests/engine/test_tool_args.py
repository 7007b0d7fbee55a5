import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.tool_args import parse

SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "minLength": 1, "maxLength": 5},
        "start": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100},
        "how": {"enum": ["fast", "well"]},
        "any": {},
        "ratio": {"type": ["number", "boolean"]},
    },
    "required": ["path"],
}


@pytest.mark.parametrize(
    "args",
    [
        {"path": "a"},
        {"path": "a", "start": 3, "limit": 100, "how": "well", "any": [1], "ratio": 0.5},
        {"path": "a", "ratio": True},
    ],
)
def test_good_arguments_pass(args: dict[str, Any]) -> None:
    assert parse(json.dumps(args), SCHEMA) == args


def test_null_is_left_out_where_it_may_be() -> None:
    assert parse('{"path": "a", "start": null, "limit": null}', SCHEMA) == {"path": "a"}


def test_no_arguments_are_an_empty_object() -> None:
    assert parse("", {"type": "object"}) == {}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not an object"),
        ("{}", "lacks path"),
        ('{"path": null}', "path must be of type string"),
        ('{"path": 3}', "path must be of type string"),
        ('{"path": ""}', "too short"),
        ('{"path": "abcdef"}', "too long"),
        ('{"path": "a", "start": 0}', "start must be at least 1"),
        ('{"path": "a", "start": "x"}', "start must be of type integer"),
        ('{"path": "a", "limit": 101}', "limit must be at most 100"),
        ('{"path": "a", "limit": true}', "limit must be of type integer"),
        ('{"path": "a", "how": "badly"}', "how must be one of fast, well"),
        ('{"path": "a", "ratio": "x"}', "ratio must be of type number or boolean"),
        ('{"path": "a", "rm": 1}', "no argument rm"),
    ],
)
def test_bad_arguments_are_explained(arguments: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse(arguments, SCHEMA)


@given(st.text())
def test_any_text_is_parsed_or_refused(arguments: str) -> None:
    with suppress(ValueError):
        assert "path" in parse(arguments, SCHEMA)
