"""Which result belongs to which call, where a backend does not say so."""

from ryx_dash.protocol.events import JsonObject

MAX_OPEN = 1_000
"""Calls that may wait for their results at once; the oldest of more are forgotten."""


class Pairing:
    """Gives ids to calls that have none, and results to the oldest open call of their tool."""

    def __init__(self) -> None:
        self._open: dict[str, str | None] = {}
        self._count = 0

    def call(self, data: JsonObject, tool: str | None) -> bool:
        """Take a call; whether its ``call_id`` had to be made up."""
        given = _given(data)
        call_id = given or self._next()
        data["call_id"] = call_id
        self._open[call_id] = tool
        if len(self._open) > MAX_OPEN:
            del self._open[next(iter(self._open))]
        return given is None

    def result(self, data: JsonObject, tool: str | None) -> bool:
        """Take a result; whether its ``call_id`` was told by the order of arrival."""
        given = _given(data)
        call_id = given or self._oldest(tool) or self._next()
        data["call_id"] = call_id
        self._open.pop(call_id, None)
        return given is None

    def _oldest(self, tool: str | None) -> str | None:
        """The oldest open call that may be meant: a tool without a name may be any."""
        return next(
            (key for key, name in self._open.items() if tool is None or name in (tool, None)), None
        )

    def _next(self) -> str:
        self._count += 1
        return f"by-arrival-{self._count}"


def _given(data: JsonObject) -> str | None:
    value = data.get("call_id")
    return value if isinstance(value, str) and value else None
