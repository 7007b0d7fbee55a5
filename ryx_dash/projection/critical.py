"""The critical path: what the end of a run had to wait for. Pure."""

from collections.abc import Iterable, Sequence
from math import inf

from ryx_dash.projection.state import Span
from ryx_dash.projection.text import between


def critical(spans: Sequence[Span], last: str) -> frozenset[int]:
    """Which spans, by the ``seq`` that opened them, the newest moment had to wait for.

    From the step that ended last, back to whichever ended last before that began, and so on; in
    each of these steps the same with its calls. What still runs is taken to end at ``last``, the
    time of the newest event.
    """
    tries = [span for span in spans if span.parent is None]
    calls = {id(one): [s for s in spans if _made_in(s, one)] for one in tries}
    known = {call.opened for made in calls.values() for call in made}
    loose = [s for s in spans if s.parent is not None and s.opened not in known]
    path = _chain([*tries, *loose], last)
    within = [call for one in path for call in _chain(calls.get(id(one), []), last)]
    return frozenset(span.opened for span in [*path, *within])


def _made_in(call: Span, one: Span) -> bool:
    """Whether ``call`` was made in this try of its step."""
    return call.parent == one.node and one.opened < call.opened <= (one.closed or inf)


def _chain(spans: Iterable[Span], last: str) -> list[Span]:
    """The span that ended last, the one that ended last before that, …"""
    # Of those that ended together, the longest comes first.
    longest_last = sorted(spans, key=lambda span: span.start, reverse=True)
    by_end = sorted(longest_last, key=lambda span: (span.end or last, span.closed or inf))
    path: list[Span] = []
    for span in reversed(by_end):
        if not path or _before(span, path[-1], last):
            path.append(span)
    return path


def _before(span: Span, other: Span, last: str) -> bool:
    """Whether ``other`` may have waited for ``span``: it had ended, or most of it was over. A
    backend may tell of a step's beginning before it tells of the end of the one before."""
    if span.closed is not None and span.closed <= other.opened:
        return True
    lead = between(span.start, other.start) or 0.0
    overlap = between(other.start, span.end or last) or 0.0
    return lead > overlap
