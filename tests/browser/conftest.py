"""The page in Chromium, served by a real process."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from dash.testing.browser import Browser
from selenium.webdriver.chrome.options import Options

from tests.browser.chromium import SIZE, SharedChromium
from tests.browser.page import PageUnderTest
from tests.servers import PORTS, Dashboard, dashboard, engine_backend, known_port

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
        f"--window-size={SIZE[0]},{SIZE[1]}",
    ):
        options.add_argument(flag)
    return options


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> Iterator[SharedChromium]:
    """The Chromium of this process, set up as dash.testing's ``dash_br`` sets up one for a test."""
    option = request.config.getoption

    def start() -> Browser:
        return Browser(
            browser=option("webdriver"),
            remote=option("remote"),
            remote_url=option("remote_url"),
            headless=option("headless"),
            options=request.config.hook.pytest_setup_options(),
            percy_run=False,
            pause=option("pause"),
        )

    shared = SharedChromium(start)
    yield shared
    shared.quit()


@pytest.fixture
def dash_br(chromium: SharedChromium, tmp_path: Path) -> Iterator[Browser]:
    """dash.testing's browser in the state of a new one; pictures of failures are taken of it.

    Only the ports of dashboards are used again, so nothing that is stored elsewhere is seen.
    """
    downloads = tmp_path / "download"
    downloads.mkdir()
    yield chromium.lend(str(downloads))
    chromium.clean(f"http://127.0.0.1:{port}" for port in PORTS)


@pytest.fixture
def port() -> Iterator[int]:
    """A port for a dashboard that is stopped and comes back."""
    with known_port() as port:
        yield port


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
