"""Imports run one way (docs/architecture.md): each package knows only what lies below it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ryx_dash"

BELOW: dict[str, set[str]] = {
    "errors": set(),
    "backoff": set(),
    "web": set(),
    "websocket": set(),
    "settings": {"errors"},
    "protocol": {"errors"},
    "log": {"errors", "protocol", "settings"},
    "projection": {"errors", "protocol"},
    "engine": {"errors", "protocol", "settings", "web"},
    "views": {"errors", "protocol", "projection", "settings"},
    "live": {"errors", "protocol", "log", "backoff", "web", "websocket"},
    "client": {"errors", "protocol", "backoff", "websocket"},
    "door": {"errors", "settings"},
    "archive": {"errors", "protocol", "projection", "settings", "log", "views"},
    "api": {"errors", "protocol", "projection", "log", "live", "archive"},
    "callbacks": {"errors", "protocol", "projection", "log", "views"},
    "pages": {"errors", "protocol", "projection", "views"},
    "page": {"errors", "protocol", "settings", "log", "views", "callbacks", "pages"},
    "serving": set(),
    "factory": {
        *("errors", "settings", "protocol", "log", "engine", "live", "door", "api"),
        *("callbacks", "page", "websocket", "serving"),
    },
    "backend": {"errors", "settings", "protocol", "log", "engine", "live", "websocket"},
    "ask": {"errors", "protocol", "client"},
    "cli": {"errors", "settings", "factory", "backend", "client", "ask", "serving", "archive"},
    "worker": {"cli", "serving"},
    "__main__": {"cli"},
}
"""What each package, or module at the top, may import of the others."""

OUTSIDE: dict[str, set[str]] = {
    "apsw": {"log", "engine.retrieval"},
    "dash": {"views", "callbacks", "pages", "page"},
    "dash_bootstrap_components": {"views", "pages", "page"},
    "dash_cytoscape": {"views", "pages"},
    "dash_extensions": {"views", "pages"},
    "httpx": {"web", "engine", "live.relay"},
    "openai": {"engine"},
    "prometheus_client": {"api.metrics"},
    "rich": {"ask"},
    "websockets": {"websocket", "live.link", "live.conversation", "client", "backend"},
    "sqlite3": set(),
}
"""Who may import these libraries."""

PURE = ("protocol", "projection")
IMPURE = {
    *("os", "io", "pathlib", "socket", "subprocess", "threading", "multiprocessing"),
    *("time", "random", "uuid", "secrets", "asyncio", "anyio", "starlette", "logging"),
}


def imported(source: str, module: str) -> set[str]:
    """The full names of the modules that ``source``, the text of ``module``, imports anywhere."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def modules() -> dict[str, set[str]]:
    """Every module of the package, by its name without ``ryx_dash``, and what it imports."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found[name] = imported(path.read_text("utf-8"), f"ryx_dash.{name}")
    return found


MODULES = modules()


def part(name: str) -> str:
    return name.split(".")[0]


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def test_imports_are_found_wherever_they_stand() -> None:
    source = """
import os.path
from ryx_dash import views, log
from .base import EventLog
from . import words
def late():
    from ryx_dash.factory import build
"""
    assert imported(source, "ryx_dash.log.sqlite") == {
        "os.path",
        "ryx_dash.views",
        "ryx_dash.log",
        "ryx_dash.log.base.EventLog",
        "ryx_dash.log.words",
        "ryx_dash.factory.build",
    }


def test_the_rule_itself_has_no_circle() -> None:
    order = list(TopologicalSorter(BELOW).static_order())
    assert order.index("errors") < order.index("factory")


def test_every_part_has_its_place_in_the_rule() -> None:
    assert {part(name) for name in MODULES} - {"__init__", "__main__"} <= set(BELOW)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_run_one_way(name: str) -> None:
    own = part(name)
    used = {part(i.removeprefix("ryx_dash.")) for i in MODULES[name] if within(i, "ryx_dash")}
    assert used - {own, "__version__"} <= BELOW.get(own, set())


@pytest.mark.parametrize("library", sorted(OUTSIDE))
def test_who_may_use_a_library(library: str) -> None:
    users = {name for name, names in MODULES.items() if any(within(i, library) for i in names)}
    strangers = {n for n in users if not any(within(n, home) for home in OUTSIDE[library])}
    assert strangers == set()


@pytest.mark.parametrize("name", [n for n in sorted(MODULES) if part(n) in PURE])
def test_values_and_folds_touch_nothing(name: str) -> None:
    assert {part(imported_name) for imported_name in MODULES[name]} & IMPURE == set()


@pytest.mark.parametrize("name", [n for n in sorted(MODULES) if part(n) == "views"])
def test_views_meet_neither_the_log_nor_a_socket(name: str) -> None:
    used = {part(i.removeprefix("ryx_dash.")) for i in MODULES[name] if within(i, "ryx_dash")}
    assert used & {"log", "live", "engine", "api", "factory"} == set()
    assert {part(i) for i in MODULES[name]} & {
        "socket",
        "websockets",
        "starlette",
        "httpx",
    } == set()


def test_only_the_command_line_knows_the_factory() -> None:
    knowing = {
        n for n, names in MODULES.items() if any(within(i, "ryx_dash.factory") for i in names)
    }
    assert knowing <= {"factory", "cli"}
