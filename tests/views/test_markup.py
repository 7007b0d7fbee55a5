"""Components as HTML text."""

from html.parser import HTMLParser

from dash import html
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.views.code import block
from ryx_dash.views.markup import markup


def test_components_become_elements():
    shown = html.Details(
        [html.Summary("a & b"), html.Br(), None, 5],
        open=True,
        hidden=False,
        className="x y",
        tabIndex="0",
        **{"data-key": '"quoted"'},
    )
    assert markup(shown) == (
        '<details class="x y" open tabindex="0" data-key="&quot;quoted&quot;">'
        "<summary>a &amp; b</summary><br>5</details>"
    )


def test_a_pattern_id_is_its_json():
    assert markup(html.P(id={"type": "t"})) == '<p id="{&quot;type&quot;: &quot;t&quot;}"></p>'


def test_buttons_are_left_out():
    assert markup([html.Button("press"), html.P("stay")]) == "<p>stay</p>"


def test_coloured_code_is_its_text():
    assert markup(block("print('```')\n<b>", "python")) == (
        '<pre class="code" tabindex="0" data-language="python">'
        "print(&#x27;```&#x27;)\n&lt;b&gt;</pre>"
    )


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\r\x00")))
def test_any_text_stays_text(text):
    reader = Reader()
    reader.feed(markup(html.P(text, title=text)))
    reader.close()
    assert reader.tags == [("p", {"title": text})]
    assert reader.text == text
