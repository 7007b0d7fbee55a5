import re
from itertools import product

import plotly.io as pio
import pytest

from ryx_dash.protocol.steps import NodeStatus
from ryx_dash.settings import assets_dir
from ryx_dash.views import theme

OURS = [path for path in sorted(assets_dir().glob("*.css")) if path.name != "00-bootstrap.min.css"]
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b(?!\s*[,{])|\b(?:rgb|hsl)a?\(")


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    bright, dark = sorted((luminance(theme.tokens()[a]), luminance(theme.tokens()[b])))[::-1]
    return (bright + 0.05) / (dark + 0.05)


def test_references_are_resolved(tmp_path):
    path = tmp_path / "tokens.css"
    path.write_text(":root {\n  --a: var(--b);\n  --b: #123456; /* why */\n  --c: 1px var(--a);\n}")
    assert theme.read_tokens(path) == {"a": "#123456", "b": "#123456", "c": "1px #123456"}


def test_a_reference_to_nothing_is_named(tmp_path):
    path = tmp_path / "tokens.css"
    path.write_text("  --a: var(--missing);\n")
    with pytest.raises(KeyError, match="missing"):
        theme.read_tokens(path)


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_no_style_has_a_colour_of_its_own(path):
    if path.name == "10-tokens.css":
        return
    rules = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    values = [line for line in rules.splitlines() if ":" in line and not line.endswith("{")]
    assert [line for line in values if COLOUR.search(line.partition(":")[2])] == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_every_variable_that_a_style_uses_is_defined(path):
    css = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    used = set(re.findall(r"var\(--([\w-]+)\)", css)) - {"split-x", "split-y"}
    assert used <= set(theme.tokens())


@pytest.mark.parametrize("path", sorted(assets_dir().glob("*.css")), ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path):
    addresses = re.findall(r"url\(\s*[\"']?([^\"')]+)|@import", path.read_text())
    local = [a for a in addresses if not a.startswith("data:")]
    assert all((path.parent / address).is_file() for address in local)


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        *product(("text", "text-2", "failed-text", "brand"), ("page", "panel")),
        *product(("pending", "running", "success", "warning", "quiet"), ("page", "panel")),
        *product(("text", "text-2", "success", "pending", "running"), ("raised",)),
        ("on-bright", "success"),
        ("on-bright", "failed"),
    ],
)
def test_text_can_be_read(text, surface):
    assert round(contrast(text, surface), 1) >= 4.5


def test_every_status_of_a_node_has_a_border_of_its_own():
    styles = {rule["selector"]: rule["style"] for rule in theme.graph_stylesheet()}
    for status in NodeStatus:
        assert styles[f'node[status = "{status}"]']["border-color"].startswith("#")
    assert styles['node[status = "skipped"]']["border-style"] == "dashed"


def test_charts_take_their_colours_from_the_tokens():
    before = pio.templates.default
    try:
        theme.register_template()
        template = pio.templates[theme.TEMPLATE]
        assert template.layout.paper_bgcolor == theme.tokens()["panel"]
        assert pio.templates.default == theme.TEMPLATE
    finally:
        pio.templates.default = before
