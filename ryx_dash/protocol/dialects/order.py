"""Events that are numbered, in the order of their numbers, each of them once."""

from ryx_dash.protocol.events import JsonObject

MAX_HELD = 1_000
"""Events that may be held back while an earlier one is missing."""


class Order:
    """Holds events back while there is a hole before them."""

    def __init__(self) -> None:
        self.since = 0
        """All events up to this ``seq`` have been given out."""
        self._held: dict[int, JsonObject] = {}

    @property
    def held(self) -> int:
        """How many events wait for an earlier one."""
        return len(self._held)

    def add(self, seq: int, payload: JsonObject) -> bool:
        """Take an event; ``False`` if it was there before."""
        if seq <= self.since or seq in self._held:
            return False
        self._held[seq] = payload
        return True

    def ready(self) -> list[JsonObject]:
        """The events that now follow without a hole."""
        found = []
        while (payload := self._held.pop(self.since + 1, None)) is not None:
            self.since += 1
            found.append(payload)
        return found

    def forget(self) -> None:
        """Let go of the events behind a hole: they are going to be sent again."""
        self._held.clear()

    def skip(self) -> int:
        """Give up the hole; returns how many events were in it."""
        if not self._held:
            return 0
        before, self.since = self.since, min(self._held) - 1
        return self.since - before
