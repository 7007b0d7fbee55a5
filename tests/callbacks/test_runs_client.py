"""The clientside callbacks of the list and the functions that they name belong together."""

import re

import dash
import pytest

from ryx_dash.callbacks import runs_client
from ryx_dash.callbacks.runs_query import PARAMETERS
from ryx_dash.settings import assets_dir
from ryx_dash.views import list_ids

SCRIPT = (assets_dir() / "ryx-86-runs.js").read_text(encoding="utf-8")


@pytest.fixture
def callbacks() -> list[dict]:
    app = dash.Dash("test", assets_folder=str(assets_dir()))
    runs_client.register(app)
    return app._callback_list


def test_each_callback_calls_a_function_that_there_is(callbacks):
    block = re.search(r"function callbacks.*?return \{\n(.*?)\n    \};", SCRIPT, re.DOTALL)[1]
    found = set(re.findall(r"^      (\w+)[:(]", block, re.MULTILINE))
    assert {c["clientside_function"]["function_name"] for c in callbacks} == found


def test_the_script_knows_the_parameters_of_the_address():
    said = re.search(r"const PARAMETERS = (\[.*?\]);", SCRIPT)[1]
    assert tuple(re.findall(r'"(\w+)"', said)) == PARAMETERS
    assert len(runs_client.CONTROLS) == len(PARAMETERS)


def test_the_script_names_only_ids_of_the_page(callbacks):
    known = {value for name, value in vars(list_ids).items() if name.isupper()}
    assert set(re.findall(r'"#?(runs-[\w-]+)', SCRIPT)) <= known
