import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.views.answer import MARKDOWN_LIMIT, answer, link, safe_href, sources, verified
from tests.views.tree import find, one, text, walk

CITED = [
    {"path": "notes.md", "line": 3, "verified": True},
    {"path": "guess.md", "line": 9, "verified": False},
]


def draw(markdown, **more):
    return answer(markdown, final=True, **more)


def test_markdown_becomes_elements():
    drawn = draw("# Title\n\nSome **bold** *thin* ~~old~~ `code`.\n\n3. three\n4. four\n\n> said\n")
    kinds = [node["type"] for node in walk(drawn)]
    assert kinds == ["H3", "P", "Strong", "Em", "S", "Code", "Ol", "Li", "Li", "Blockquote", "P"]
    assert one(drawn, type="Ol")["start"] == "3"


def test_a_table_becomes_a_table():
    drawn = draw("| a | b |\n|---|---|\n| 1 | 2 |\n")
    assert [text(cell) for cell in find(drawn, type="Td")] == ["1", "2"]


def test_html_stays_text():
    drawn = draw("<script>alert(1)</script> <b>x</b>\n\n<div onclick='x'>y</div>")
    assert "<script>alert(1)</script>" in text(drawn)
    assert {node["type"] for node in walk(drawn)} == {"P"}


def test_an_image_is_a_link_and_never_fetched():
    drawn = draw("![a view](https://example.org/a.png)")
    assert find(drawn, type="Img") == []
    assert one(drawn, type="A")["href"] == "https://example.org/a.png"
    assert "a view" in text(drawn)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "/etc/passwd", "#top", "//host/x", "vbscript:x"],
)
def test_other_links_are_text(url):
    assert find(draw(f"[here](<{url}>)"), type="A") == []
    assert find(draw(f"![here](<{url}>)"), type="A") == []


def test_a_link_tells_the_other_side_nothing():
    shown = one(draw("[here](https://example.org/x?y=1)"), type="A")
    assert shown["rel"] == "noopener noreferrer"
    assert shown["target"] == "_blank"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org", True),
        (" http://example.org/a ", True),
        ("mailto:a@example.org", True),
        ("mailto:", False),
        ("https://", False),
        ("http://[broken", False),
        ("JaVaScRiPt:alert(1)", False),
        ("", False),
    ],
)
def test_safe_links(url, safe):
    assert (safe_href(url) is not None) is safe


def test_cited_places_are_marked_where_they_stand():
    drawn = draw("It is 7421 `notes.md:3` or `guess.md:9`, says `other`.", citations=CITED)
    chips = {text(chip): chip["data-verified"] for chip in find(drawn, className="chip")}
    assert chips == {"notes.md:3": "true", "guess.md:9": "false"}
    assert text(drawn) == "It is 7421 notes.md:3 or guess.md:9, says other."


def test_sources_are_listed_once():
    assert [text(chip) for chip in find(sources(CITED * 2), className="chip")] == [
        "notes.md:3",
        "guess.md:9",
    ]
    assert sources([]) == []


def test_citations_of_a_strange_shape_are_left_out():
    strange = [{"path": 3}, {"path": "a", "line": "x", "verified": "yes"}, {}]
    assert verified(strange) == {"a": False}


def test_code_is_coloured_once_the_answer_stands():
    source = "```python\nx = 1\n```"
    assert "data-language" not in one(answer(source, final=False), type="Pre")
    code = one(answer(source, final=True), type="Pre")
    assert (code["children"], code["data-language"]) == ("x = 1", "python")


def test_an_unfinished_fence_is_shown_as_code():
    assert text(one(answer("```python\nx = ", final=False), type="Pre")) == "x = "


def test_a_stream_has_a_caret_and_an_end_has_none():
    assert find(answer("so far", final=False), className="caret")
    assert find(answer("all", final=True), className="caret") == []
    assert answer("", final=False) == []


def test_a_very_long_answer_is_whole():
    long = "word\n\n" * (MARKDOWN_LIMIT // 6 + 9)
    shown = draw(long)
    assert text(shown).count("word") == long.count("word")
    assert shown[-1].to_plotly_json()["type"] == "Pre"


@given(st.text(max_size=300))
def test_no_text_breaks_it_or_leads_astray(source):
    for final in (True, False):
        drawn = answer(source, final=final, citations=CITED)
        for node in walk(drawn):
            assert node["type"] not in ("Img", "Iframe", "Script")
            if node["type"] == "A":
                assert node["props"]["href"].startswith(("http://", "https://", "mailto:"))


def test_the_text_of_an_unsafe_link_is_kept():
    assert text(link("words", "javascript:x")) == "words"
