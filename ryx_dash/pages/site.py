"""Which page is at which address."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import has_request_context, request

from ryx_dash.pages import analytics, compare, live, missing, runs
from ryx_dash.views.drawing import with_views

PAGES = (
    (re.compile(r"/(runs/[^/]+/?)?"), live.page),
    (re.compile(r"/runs/?"), runs.page),
    (re.compile(r"/analytics/?"), analytics.page),
    (re.compile(r"/compare/?"), compare.page),
)


def layout(backend: str = "embedded engine") -> Any:
    """The page for the request that asks for it; ``backend`` says who runs the workflows."""
    path = _path()
    for pattern, page in PAGES:
        if pattern.fullmatch(path):
            return with_views(page(backend))
    return missing.layout(path)


def _path() -> str:
    """The path that the browser shows.

    Dash fetches the layout from an address of its own, so the page's address is the referrer;
    without one the live page is the best guess.
    """
    if not has_request_context() or not request.referrer:
        return "/"
    return urlsplit(request.referrer).path or "/"
