"""The registered clientside callbacks and the functions that they name belong together."""

import re
from pathlib import Path

import dash
import pytest

from ryx_dash.callbacks import client
from ryx_dash.settings import assets_dir
from ryx_dash.views import ids

GLUE = (assets_dir() / "ryx-90-dash.js").read_text(encoding="utf-8")


@pytest.fixture
def callbacks() -> list[dict]:
    app = dash.Dash("test", assets_folder=str(assets_dir()))
    client.register(app)
    return app._callback_list


def functions() -> dict[str, int]:
    """Name and number of parameters of each function in ``dash_clientside.ryx``."""
    block = re.search(r"dash\.ryx = \{\n(.*?)\n  \};", GLUE, re.DOTALL)[1]
    found = re.findall(r"^    (\w+)(?:: )?\(([^)]*)\)", block, re.MULTILINE)
    found += re.findall(r"^    (\w+): (\w+) =>", block, re.MULTILINE)
    return {name: len([p for p in parameters.split(",") if p]) for name, parameters in found}


def test_each_callback_calls_a_function_that_takes_its_properties(callbacks):
    called = {
        callback["clientside_function"]["function_name"]: len(callback["inputs"])
        + len(callback["state"])
        for callback in callbacks
    }
    assert called == functions()


def test_all_are_of_one_namespace(callbacks):
    namespaces = {callback["clientside_function"]["namespace"] for callback in callbacks}
    assert namespaces == {client.NAMESPACE}


def test_every_id_is_one_of_the_page(callbacks):
    known = {value for name, value in vars(ids).items() if name.isupper()}
    used = {prop["id"] for c in callbacks for prop in (*c["inputs"], *c["state"])}
    used |= {c["output"].rpartition(".")[0] for c in callbacks if c["output"].count(".") == 1}
    assert used
    assert {key.strip(".") for key in used} <= known


def test_the_socket_is_written_by_no_callback_of_this_layer(callbacks):
    """Its ``url`` and ``send`` are set as effects: as outputs they would wait for their turn."""
    assert not [c for c in callbacks if f"{ids.SOCKET}." in c["output"]]


@pytest.mark.parametrize("name", sorted(path.name for path in assets_dir().glob("ryx-*.js")))
def test_scripts_fetch_nothing_from_elsewhere(name):
    text = Path(assets_dir() / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|\bimport\b\s*[({'\"]|eval\(|innerHTML", text)
