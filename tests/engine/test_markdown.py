import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.engine.markdown import close_fence, code_block, code_span, link, outside_code

LINES = st.text(st.sampled_from("`~ a\n#<[*"), max_size=60)


@given(LINES.filter(lambda text: text.strip()))
def test_nothing_in_a_code_span_ends_it(text: str) -> None:
    found = re.fullmatch(r"(`+)(?!`)(.*)(?<!`)\1", code_span(text), re.DOTALL)
    assert found
    assert found[2].strip() == text.replace("\n", " ").strip()
    assert found[1] not in re.findall("`+", found[2])


@given(LINES)
def test_nothing_in_a_code_block_ends_it(text: str) -> None:
    opening, *inside, closing = code_block(text).split("\n")
    assert opening == closing + "text"
    assert "\n".join(inside) == text
    assert closing not in text


@given(LINES)
def test_a_closed_text_leaves_what_follows_outside(text: str) -> None:
    closed = close_fence(text)
    assert close_fence(closed) == closed
    assert closed.startswith(text)
    assert outside_code(closed + "\n\nafter").endswith("after")


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("plain", "plain"),
        ("", ""),
        ("```py\nx", "```py\nx\n```"),
        ("```\nx\n```", "```\nx\n```"),
        ("~~~~\n```\n~~~", "~~~~\n```\n~~~\n~~~~"),
        ("```\na\n```\n```\nb", "```\na\n```\n```\nb\n```"),
        ("```a`b", "```a`b"),
    ],
)
def test_close_fence(text: str, closed: str) -> None:
    assert close_fence(text) == closed


def test_outside_code_leaves_out_blocks_with_their_fences() -> None:
    assert outside_code("a\n```py\nb\n```\nc `d`") == "a\nc `d`"


def test_a_link_keeps_its_text_plain_and_its_address_whole() -> None:
    assert link("[a] *b* <img> `c`\nd", "https://x.org/a b>c") == (
        r"[\[a\] \*b\* \<img\> \`c\` d](<https://x.org/abc>)"
    )
