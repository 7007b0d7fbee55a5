"""The answer while events are folded in: a stream of tokens, then the whole response."""

from collections.abc import Mapping
from typing import Any

from ryx_dash.projection.state import RunState


class Answer:
    """The text so far, kept in pieces, since joining them for every token would be quadratic."""

    def __init__(self, state: RunState) -> None:
        self._pieces = [state.answer]
        self._citations = state.citations
        self.tokens = state.tokens
        self.final = state.final

    def token(self, data: Mapping[str, Any]) -> bool:
        """Count a token and append its text; whether there was any."""
        self.tokens += 1
        text = data.get("text")
        if isinstance(text, str):
            self._pieces.append(text)
            return True
        return False

    def restart(self) -> None:
        """A new try streams from the beginning."""
        self._pieces = []

    def offer(self, data: Mapping[str, Any]) -> bool:
        """Take the text of a response that was not streamed; whether it was taken."""
        text = data.get("text")
        if isinstance(text, str) and not any(self._pieces):
            self._pieces = [text]
            return True
        return False

    def finish(self, data: Mapping[str, Any]) -> None:
        """The run has succeeded: its response is the answer, else what was streamed."""
        response = data.get("response")
        if isinstance(response, str):
            self._pieces = [response]
        self.final = True

    def cite(self, data: Mapping[str, Any]) -> bool:
        """Take the citations, if ``data`` has any; whether it has."""
        found = data.get("citations")
        if not isinstance(found, list):
            return False
        self._citations = tuple(citation for citation in found if isinstance(citation, dict))
        return True

    def freeze(self) -> dict[str, Any]:
        """The fields of :class:`RunState` that are the answer's."""
        return {
            "answer": "".join(self._pieces),
            "tokens": self.tokens,
            "final": self.final,
            "citations": self._citations,
        }
