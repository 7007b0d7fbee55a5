"""What the page has drawn already, as it says itself: nothing is drawn twice.

React draws what it is given, and each component that it is given costs a round through the whole
page. So small values carry a digest with them: the page keeps the digests of what it shows, and
what has the same digest is not sent.
"""

from collections.abc import Mapping
from hashlib import blake2s
from typing import Any

SMALL = frozenset(
    {
        *("cancel", "model", "facts", "graph", "pages", "note", "reset"),
        *("tools_state", "tool_count", "answer_state"),
    }
)
"""The views that are told apart by digest. The others are big, or change with every event."""


class Drawn:
    """The digests of what a page shows, by the keys of :data:`callbacks.panels.Views`."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.digests = dict(known)

    def without_the_same(self, views: Mapping[str, Any]) -> dict[str, Any]:
        """The views that the page does not show yet; from then on they count as shown."""
        return {
            key: view for key, view in views.items() if key not in SMALL or self.is_new(key, view)
        }

    def is_new(self, key: str, view: Any) -> bool:
        """Whether the page does not show this view yet, or what it would be made of."""
        found = digest(view)
        if self.digests.get(key) == found:
            return False
        self.digests[key] = found
        return True


def digest(value: Any) -> str:
    """Equal for values, and trees of components, that are written the same."""
    return blake2s(repr(value).encode(errors="replace"), digest_size=6).hexdigest()
