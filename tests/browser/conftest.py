"""The page in Chromium, served by a real process."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from dash.testing.browser import Browser
from selenium.webdriver.chrome.options import Options

from tests.browser.page import PageUnderTest
from tests.servers import Dashboard, dashboard, engine_backend

FACT = """# Project Zephyr

The launch code of project Zephyr is 7421.

It was chosen by the ground crew in Tromsø.
"""

CODE = '''"""Greets people."""


def greet(name: str) -> str:
    """Return the greeting that the station uses."""
    return f"Ahoy, {name}"
'''


def pytest_configure(config: pytest.Config) -> None:
    """A machine that runs tests has no screen."""
    config.option.headless = True


def pytest_setup_options() -> Options:
    """Chromium without its own network traffic; dash.testing asks for this hook."""
    options = Options()
    for flag in (
        "--headless=new",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1600,1000",
    ):
        options.add_argument(flag)
    return options


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


def fill_workspace(folder: Path) -> Path:
    """A small workspace with a fact and some code; gives its path."""
    workspace = folder / "workspace"
    workspace.mkdir(parents=True, exist_ok=True)
    (workspace / "notes.md").write_text(FACT)
    (workspace / "greeting.py").write_text(CODE)
    return workspace


@pytest.fixture(scope="module", params=["app.py", "gunicorn", "backend"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dashboard]:
    """A dashboard on a small workspace, without a language model: with one and two workers, and
    in front of a ``ryx-dash backend``.
    """
    folder = tmp_path_factory.mktemp("served")
    fill_workspace(folder)
    with ExitStack() as stack:
        env = {}
        if request.param == "backend":
            backend = stack.enter_context(engine_backend(folder))
            env["RYX_WS_URL"] = f"ws://127.0.0.1:{backend.port}/api/workflow/stream"
        workers = 2 if request.param == "gunicorn" else 0
        yield stack.enter_context(dashboard(folder, workers=workers, **env))


@pytest.fixture
def page(served: Dashboard, dash_br: Browser) -> PageUnderTest:
    """The page of ``served``, not yet opened."""
    return PageUnderTest(dash_br, served)


@pytest.fixture
def fresh(tmp_path: Path, dash_br: Browser) -> Iterator[PageUnderTest]:
    """The page of a dashboard of its own, for tests that stop it or need an empty log."""
    fill_workspace(tmp_path)
    with dashboard(tmp_path) as running:
        yield PageUnderTest(dash_br, running)
