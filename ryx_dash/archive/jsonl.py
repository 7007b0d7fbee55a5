"""A run as JSON lines: the run itself, then its events in order, as on the WebSocket.

{"format": "ryx-dash-run", "version": 1, "run": {"run_id", "input", "model", …}, "events": 148}
{"id": "…:1", "run_id": "…", "seq": 1, …}
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ryx_dash.errors import FileRefused, ProtocolError
from ryx_dash.log.base import Run
from ryx_dash.log.run_id import new_run_id
from ryx_dash.protocol.clean import clean_fields
from ryx_dash.protocol.codec import encode
from ryx_dash.protocol.events import Draft, Event, EventKind, outcome
from ryx_dash.protocol.reading import read_object, sentence

FORMAT = "ryx-dash-run"
VERSION = 1

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of a line that is looked at; no event is longer."""

_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"
_RUN_ID = r"^[0-9A-Za-z_-]{1,64}$"


class _Header(BaseModel):
    model_config = ConfigDict(strict=True)

    run_id: str = Field(pattern=_RUN_ID)
    input: str
    model: str | None = None
    created: str = Field(pattern=_TIME)
    started: str | None = Field(None, pattern=_TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A run out of a file. ``cut`` says why its end is missing; it then ends as interrupted, and
    under an id of its own, since it is not the run that the file began with."""

    run: Run
    events: tuple[Event, ...]
    cut: str | None = None


def header(run: Run) -> str:
    """The first line of a run's file."""
    fields = {name: getattr(run, name) for name in _Header.model_fields}
    line = {"format": FORMAT, "version": VERSION, "run": fields, "events": run.head}
    return json.dumps(line, ensure_ascii=False)


def lines(run: Run, events: Iterable[Event]) -> Iterator[str]:
    """All lines of a run's file, without their ends."""
    yield header(run)
    for event in events:
        yield encode(event)


def read(source: Iterable[bytes]) -> Taken:
    """The run in the lines of a file.

    A last line that is broken, or an end that is missing, cuts the run there. Anything else that
    is wrong raises :class:`errors.FileRefused`, which names the line and the reason. A file of
    events alone, as the REST API streams them, is taken as well.
    """
    reader = _Reader()
    broken: tuple[int, str] | None = None
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        if broken is not None:
            raise _refused(*broken)
        try:
            reader.take(number, line)
        except ProtocolError as error:
            broken = (number, error.message)
    return reader.end(broken)


class _Reader:
    """Takes a file line by line."""

    def __init__(self) -> None:
        self._header: _Header | None = None
        self._events: list[Event] = []
        self._ended = False

    def take(self, number: int, line: bytes) -> None:
        """Take a line. Raises :class:`errors.ProtocolError` if it may have been cut off."""
        if len(line) > LONGEST_LINE:
            raise _refused(number, f"it is longer than {LONGEST_LINE:,} bytes")
        payload = self._object(number, line)
        if self._first:
            if payload.get("format") == FORMAT:
                self._header = _read_header(number, payload)
                return
            if "event" not in payload or "seq" not in payload:
                raise _refused(number, "this is no export of a run, nor one of its events")
        self._take_event(number, payload)

    def end(self, broken: tuple[int, str] | None) -> Taken:
        """The run that the lines gave; ``broken`` is the last line, if it could not be read."""
        if broken is not None and (self._first or self._ended):
            raise _refused(*broken)
        if not self._events:
            raise FileRefused("The file has no events: there is nothing to import.")
        run = self._run()
        if self._ended:
            return Taken(run=run, events=tuple(self._events))
        last = self._events[-1].seq
        reason = f"line {broken[0]}: {broken[1]}" if broken else f"it ends after event {last}"
        return _cut(run, self._events, f"The file is not whole ({reason.rstrip('.')}).")

    @property
    def _first(self) -> bool:
        return self._header is None and not self._events

    def _object(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            return read_object(line)
        except ProtocolError as error:
            message = error.message.replace("The message is", "it is")
            if self._first:
                raise _refused(number, message) from None
            raise ProtocolError(message, code=error.code) from None

    def _take_event(self, number: int, payload: dict[str, Any]) -> None:
        names = {name: payload[name] for name in Event.model_fields if name in payload}
        try:
            event = Event.model_validate(clean_fields(names), strict=True)
            datetime.fromisoformat(event.ts)
        except ValidationError as error:
            raise _refused(number, sentence(error)) from None
        except ValueError:
            raise _refused(number, f'"ts" is no time ({payload["ts"]})') from None
        if self._ended:
            raise _refused(number, "there is more after the end of the run")
        run_id = self._header.run_id if self._header else (self._events or [event])[0].run_id
        if event.run_id != run_id or not re.fullmatch(_RUN_ID, run_id):
            raise _refused(number, f"it is of another run ({event.run_id[:64]})")
        if event.seq != len(self._events) + 1:
            raise _refused(number, f"event {len(self._events) + 1} is expected, not {event.seq}")
        self._events.append(event)
        self._ended = outcome(event) is not None

    def _run(self) -> Run:
        first = self._events[0]
        if self._header is not None:
            return Run(**self._header.model_dump())
        asked, model = first.data.get("input"), first.data.get("model")
        return Run(
            run_id=first.run_id,
            input=asked if isinstance(asked, str) else "",
            model=model if isinstance(model, str) else None,
            created=first.ts,
            started=first.ts,
        )


def _read_header(number: int, payload: dict[str, Any]) -> _Header:
    if payload.get("version") != VERSION:
        raise _refused(number, f"version {payload.get('version')!r} is not known, only {VERSION}")
    run = payload.get("run")
    try:
        header = _Header.model_validate(clean_fields(run) if isinstance(run, dict) else run)
        for text in (header.created, header.started or header.created):
            datetime.fromisoformat(text)
    except ValidationError as error:
        raise _refused(number, sentence(error)) from None
    except ValueError as error:
        raise _refused(number, f"a time is none ({error})") from None
    return header


def _cut(run: Run, events: list[Event], reason: str) -> Taken:
    own = replace(run, run_id=new_run_id())
    last = events[-1]
    end = Draft(event=EventKind.WORKFLOW_ERROR, message=reason, data={"code": "interrupted"}).at(
        own.run_id, last.seq + 1, last.ts
    )
    moved = [event.model_copy(update={"run_id": own.run_id}) for event in events]
    return Taken(run=own, events=(*moved, end), cut=reason)


def _refused(number: int, reason: str) -> FileRefused:
    return FileRefused(f"Line {number}: {reason.rstrip('.')}. Nothing was imported.")
