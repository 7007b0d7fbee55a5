import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.views.code import HIGHLIGHT_LIMIT, block, fenced, known_language, language_of
from tests.views.tree import one


@pytest.mark.parametrize(
    ("path", "language"),
    [("src/a.py", "python"), ("A.YML", "yaml"), ("Makefile", ""), ("a.unknown", ""), ("", "")],
)
def test_language_by_name(path, language):
    assert language_of(path) == language


def test_language_by_what_people_write():
    assert [known_language(name) for name in ("Python", "py", "ts", "klingon", "")] == [
        "python",
        "python",
        "javascript",
        "",
        "",
    ]


@given(st.text(alphabet="`~ab \n", max_size=60))
def test_nothing_in_a_text_closes_its_fence(source):
    first, *inside, last = fenced(source, "python").split("\n")
    fence = first.removesuffix("python")
    assert set(fence) == {"`"}
    assert fence == last
    assert "\n".join(inside) == source
    assert not any(re.match(rf"\s*{fence}", line) for line in inside)


def test_what_cannot_be_coloured_is_plain():
    assert one(block("a < b"), type="Pre")["children"] == "a < b"
    assert one(block("x" * (HIGHLIGHT_LIMIT + 1), "python"), type="Pre")
    assert one(block("x", "python"), type="Markdown")["dedent"] is False
