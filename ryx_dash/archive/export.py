"""A run of the log as a file, in each of the formats."""

from collections.abc import Callable, Iterator, Mapping

from ryx_dash.archive import jsonl, table
from ryx_dash.errors import ProtocolError
from ryx_dash.log.base import EventLog, Run
from ryx_dash.projection.text import one_line
from ryx_dash.protocol.events import Event
from ryx_dash.views.document import document

MEDIA_TYPES: Mapping[str, str] = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv",
    "html": "text/html",
}
"""The formats, and what each is on the web."""


LONGEST_PAGE = 100_000
"""Events in an HTML file, the newest: some 65 MB, which a browser opens in seconds."""

TOGETHER = 65_536
"""Characters that are handed on together, at least."""


def export(log: EventLog, run: Run, form: str) -> Iterator[str]:
    """The text of a run's file in parts, up to where ``run`` stands.

    ``form`` is one of :data:`MEDIA_TYPES`. Raises :class:`errors.ProtocolError` with code
    ``bad_parameter`` for another, at once.
    """
    maker = _MAKERS.get(form)
    if maker is None:
        known = ", ".join(MEDIA_TYPES)
        raise ProtocolError(f"format: {form[:40]!r} is none of {known}.", code="bad_parameter")
    return _joined(maker(run, _events(log, run)))


def file_name(run: Run, form: str) -> str:
    """What the file is called."""
    return f"ryx-run-{run.run_id}.{form}"


def _events(log: EventLog, run: Run) -> Iterator[Event]:
    after = 0
    while events := log.page(run.run_id, after=after, upto=run.head):
        yield from events
        after += len(events)


def _jsonl(run: Run, events: Iterator[Event]) -> Iterator[str]:
    return (line + "\n" for line in jsonl.lines(run, events))


def _csv(_: Run, events: Iterator[Event]) -> Iterator[str]:
    return table.lines(events)


def _html(run: Run, events: Iterator[Event]) -> Iterator[str]:
    model = one_line(run.model_used or run.model or "no model", 80)
    about = model if run.status.ended else f"{model} · had not ended when this file was made"
    skip = max(0, run.head - LONGEST_PAGE)
    return document(run.run_id, run.input, events, about=about, skip=skip)


def _joined(parts: Iterator[str]) -> Iterator[str]:
    """The same text in parts of at least :data:`TOGETHER`, but for the last: handing on a part
    costs a server as much as making a hundred lines."""
    some, size = [], 0
    for part in parts:
        some.append(part)
        size += len(part)
        if size >= TOGETHER:
            yield "".join(some)
            some, size = [], 0
    if some:
        yield "".join(some)


_MAKERS: Mapping[str, Callable[[Run, Iterator[Event]], Iterator[str]]] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "html": _html,
}
