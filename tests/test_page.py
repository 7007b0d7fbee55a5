"""The Dash application as the server mounts it."""

import re

from ryx_dash.callbacks.history import History
from ryx_dash.log.analyst import Analyst
from ryx_dash.log.memory import MemoryLog
from ryx_dash.page import Page


class Silent:
    """Has nothing to say to somebody who is about to ask."""

    def models(self) -> list[object]:
        return []

    def examples(self) -> list[str]:
        return []


def a_page() -> Page:
    log = MemoryLog()
    return Page(log, History(log), Silent(), Analyst(log), backend="test")  # type: ignore[arg-type]


def test_it_is_set_up_before_the_first_two_requests_can_come_at_once() -> None:
    assert {"dash", "dash_cytoscape"} <= set(a_page().app.registered_paths)


def test_a_worker_serves_the_scripts_of_a_page_that_another_gave() -> None:
    given = a_page().flask.test_client().get("/").get_data(as_text=True)
    scripts = re.findall(r'<script src="(/[^"]+)"', given)
    assert len(scripts) > 10
    other = a_page().flask.test_client()
    for path in scripts:
        with other.get(path) as answer:
            assert answer.status_code == 200, path


def test_a_path_that_names_nothing_is_not_found() -> None:
    client = a_page().flask.test_client()
    assert client.get("/").status_code == 200
    assert client.get("/runs").status_code == 200
    assert client.get("/nowhere").status_code == 404
    assert client.get("/runs/none").status_code == 404
