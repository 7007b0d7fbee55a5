import pytest

from ryx_dash.settings import assets_dir
from ryx_dash.views.code import _LANGUAGES, HIGHLIGHT_LIMIT, block, known_language, language_of
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
        "typescript",
        "",
        "",
    ]


def test_what_cannot_be_coloured_is_plain():
    assert one(block("a < b"), type="Pre")["children"] == "a < b"
    assert "data-language" not in one(block("x" * (HIGHLIGHT_LIMIT + 1), "python"), type="Pre")
    assert one(block("x", "python"), type="Pre")["data-language"] == "python"


def test_every_language_is_one_that_the_library_knows():
    library = (assets_dir() / "highlight.min.js").read_text()
    names = {language_of(f"a.{suffix}") for suffixes in _LANGUAGES.values() for suffix in suffixes}
    assert names == set(_LANGUAGES)
    assert [name for name in names if f"grmr_{name}:" not in library] == []
