"""What a page asks of a worker, without the page: the same requests, over HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

Values = Mapping[str, Any]
"""Values of components, by ``id.property``; one that is not there is ``null``."""


class Worker:
    """The dashboard at ``url``, which has to be running."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=600)
        callbacks = self._client.get("/_dash-dependencies").raise_for_status().json()
        self._callbacks = {name: one for one in callbacks for name in _outputs(one)}

    def ask(self, output: str, values: Values, *, changed: str) -> dict[str, Any]:
        """Let the callback that sets ``output`` answer to a page on which ``changed`` has just
        got its value (both are an ``id.property``); the new values by component and property."""
        callback = self._callbacks[output]
        outputs = [_split(name) for name in _outputs(callback)]
        body = {
            "output": callback["output"],
            "outputs": outputs if callback["output"].startswith("..") else outputs[0],
            "inputs": _given(callback["inputs"], values),
            "state": _given(callback["state"], values),
            "changedPropIds": [changed],
        }
        answer = self._client.post("/_dash-update-component", json=body).raise_for_status()
        if answer.status_code == httpx.codes.NO_CONTENT:  # the page stays as it is
            return {}
        return dict(answer.json()["response"])

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _outputs(callback: Mapping[str, Any]) -> list[str]:
    """Several outputs are written ``..one.children...two.data..``."""
    return str(callback["output"]).strip(".").split("...")


def _split(name: str) -> dict[str, str]:
    component, _, prop = name.rpartition(".")
    return {"id": component, "property": prop}


def _given(wanted: Sequence[Mapping[str, str]], values: Values) -> list[dict[str, Any]]:
    return [{**one, "value": values.get(f"{one['id']}.{one['property']}")} for one in wanted]
