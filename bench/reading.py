"""Reads a run back over HTTP: out of the log, and out of the page's own server callback."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from ryx_dash.views.monitor import PAGE_SIZE

INPUTS: Mapping[str, Any] = {"pause": None, "zone": "UTC", "follow": {"on": True}}
"""What a page that nobody touched sends along, by the component's id."""


class Callback:
    """The server callback of the live page, asked as a page asks it.

    ``inputs`` are values by the component's id that differ from those of an untouched page.
    """

    def __init__(self, http: httpx.Client, run: str | None, **inputs: Any) -> None:
        self._http = http
        self.body = callback_body(http.get("/_dash-dependencies").json(), run, inputs)

    def ask(self) -> dict[str, Any]:
        """Ask once, and keep what the page is told it shows; gives the properties by id."""
        answer = self._http.post("/_dash-update-component", json=self.body)
        views: dict[str, Any] = answer.raise_for_status().json()["response"]
        if "shown" in views:
            self.put("shown", views["shown"]["data"])
        return views

    def put(self, key: str, value: Any) -> None:
        """Set the value of the component ``key`` for the next time."""
        for one in (*self.body["inputs"], *self.body["state"]):
            if one["id"] == key:
                one["value"] = value


def callback_body(
    dependencies: list[dict[str, Any]], run: str | None, inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """The request that a page sends for a frame."""
    frame = json.dumps({"n": 7, "run": run})
    drawing = next(
        found
        for found in dependencies
        if any((one["id"], one["property"]) == ("ws", "message") for one in found["inputs"])
        and not found["clientside_function"]
    )
    outputs = [name.rpartition(".") for name in drawing["output"].strip(".").split("...")]
    values = {**INPUTS, "ws": {"data": frame}, **inputs}
    given = {
        kind: [{**one, "value": values.get(one["id"])} for one in drawing[kind]]
        for kind in ("inputs", "state")
    }
    return {
        "output": drawing["output"],
        "outputs": [{"id": name, "property": prop} for name, _, prop in outputs],
        "changedPropIds": ["ws.message"],
        **given,
    }


def numbers_in_log(url: str, run: str) -> list[int]:
    """The numbers of the source's events in the log, as they stand there."""
    headers = {"accept": "application/x-ndjson"}
    with httpx.stream(
        "GET", f"{url}/api/runs/{run}/events", headers=headers, timeout=120
    ) as answer:
        return numbers(json.loads(line)["message"] for line in answer.iter_lines())


def numbers_in_monitor(url: str, run: str) -> list[int]:
    """The numbers of the source's events on all pages of the monitor, one after the other."""
    found: list[int] = []
    with httpx.Client(base_url=url, timeout=60) as http:
        callback = Callback(http, run, follow={"on": False, "seq": 0})
        views = callback.ask()
        while views["shown"]["data"]["seq"] < views["shown"]["data"]["head"]:
            views = callback.ask()
        for page in range(views["shown"]["data"]["pages"]):
            callback.put("event-table", page)
            callback.put("shown", None)  # so that the rows are sent whatever was shown
            rows = callback.ask()["event-table"]["data"]
            assert len(rows) <= PAGE_SIZE
            found += numbers(row["message"] for row in rows)
    return found


def numbers(messages: Any) -> list[int]:
    """The numbers in the source's messages; others are left out."""
    return [int(text[6:]) for text in messages if text.startswith("event ")]
