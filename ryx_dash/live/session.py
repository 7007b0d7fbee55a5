"""One viewer of the dashboard's page, without I/O: messages in, frames out.

A frame tells the page how far its run has grown; the page answers ``shown`` when the views up to
there are drawn. Only then may the next frame go out (the closed loop): so a slow page gets later
positions instead of a queue, and a lost, merged or repeated frame costs nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ryx_dash.log.base import Run
from ryx_dash.protocol.frames import (
    Again,
    Cancel,
    Execute,
    PageMessage,
    Ping,
    Shown,
    Watch,
)
from ryx_dash.protocol.steps import RunStatus

BEAT_SECONDS = 15
"""The page hears something at least this often; contract: at most 20 s."""


MOST_ACKS = 64
"""Answers to commands kept for a page that shows no frame. Its own queue holds 20 commands."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Show another run from now on; ``None``: whichever is the newest."""

    run_id: str | None


Request = Execute | Cancel | Follow
"""What a page's message asks the gateway to do."""


class Session:
    """The state of one connection. Call :meth:`receive` and :meth:`observe` with what happens,
    then send :meth:`frame` while it gives one. ``link`` says how the link to the backend stands, if
    there is a backend.
    """

    def __init__(
        self,
        *,
        identity: str,
        run: str | None,
        seen: int = 0,
        known_log: str | None = None,
        link: Callable[[], Mapping[str, Any]] | None = None,
    ) -> None:
        self.wanted = run
        self.elsewhere = False
        """Whether the run that was observed last is not the one that is wanted now."""
        self._identity = identity
        self._foreign = known_log is not None and known_log != identity
        self._seen = seen
        self._run: Run | None = None
        self._n = 0
        self._waiting = False
        self._due = True
        self._drawn = -1
        self._told = 0
        self._acks: dict[str, tuple[int, Mapping[str, Any]]] = {}
        self._error: Mapping[str, Any] | None = None
        self._link = link

    def link_changed(self) -> None:
        """The link to the backend stands differently now."""
        self._due = True

    def observe(self, run: Run | None) -> None:
        """The run shown stands like this now; ``None``: there is no such run (yet)."""
        if _standing(run) != _standing(self._run) or _head(run) < _head(self._run):
            self._due = True  # less than before: an older copy of the log has taken its place
        self._run = run
        self.elsewhere = False

    def beat(self) -> None:
        """Nothing was sent for :data:`BEAT_SECONDS`: a frame goes out even without news."""
        self._due = True
        self._waiting = False

    def acknowledge(self, command_id: str, result: Mapping[str, Any]) -> None:
        """A command was carried out or refused; said in each frame until one is shown."""
        self._acks[command_id] = (self._n + 1, {"command_id": command_id, **result})
        if len(self._acks) > MOST_ACKS:  # the page asks again for what it was not told
            del self._acks[next(iter(self._acks))]
        self._due = True

    def refuse(self, code: str, message: str) -> None:
        """Say in the next frame what was wrong with this connection's wish."""
        self._error = {"code": code, "message": message}
        self._due = True

    def follow(self, run: str | None) -> None:
        """Show this run from now on, ``None``: the newest. No frame goes out until it is seen."""
        self.wanted, self._error = run, None
        self.elsewhere = True
        self._drawn = -1
        self._due = True

    def receive(self, message: PageMessage) -> Request | None:
        """Take a message of the page. Returns what it asks for, if anything."""
        match message:
            case Shown(n=n, seq=seq):
                self._shown(n, seq)
            case Again(n=n):
                if n == self._n:
                    self.beat()
            case Ping():
                self.beat()
            case Watch(run=run):
                self.follow(run)
                return Follow(run)
            case Execute() | Cancel():
                return message
        return None

    def frame(self) -> dict[str, Any] | None:
        """The next frame to send, or ``None`` while there is no news or one is under way."""
        if self._waiting or self.elsewhere or not (self._due or self._grown):
            return None
        run = self._run
        self._n += 1
        self._waiting, self._due, self._told = True, False, _head(run)
        frame: dict[str, Any] = {
            "n": self._n,
            "log": self._identity,
            "run": run.run_id if run else self.wanted,
            "head": run.head if run else 0,
            "status": run.status if run else None,
            "position": run.position if run else 0,
            "acks": [ack for _, ack in self._acks.values()],
            "beat": BEAT_SECONDS,
        }
        if self._link is not None:
            frame["link"] = self._link()
        if self._n == 1:
            frame["hello"] = True
            if self._foreign or (run is not None and self._seen > run.head):
                frame["reset"] = True
        if self._error is not None:
            frame["error"], self._error = self._error, None
        return frame

    @property
    def _grown(self) -> bool:
        """Whether there are events that the page neither shows nor was told of. It shows what the
        log had when it drew, which may be more than it was told.
        """
        return _head(self._run) > max(self._told, self._drawn)

    def _shown(self, n: int, seq: int) -> None:
        if n != self._n:
            return  # the answer to a frame that a newer one has overtaken
        self._waiting = False
        self._acks = {key: ack for key, ack in self._acks.items() if ack[0] > n}
        # A long way to catch up is drawn in stages: go on until the page stands at the head.
        # The same place twice means that the page stands still on purpose (it is paused).
        if self._run is not None and self._drawn < seq < self._run.head:
            self._due = True
        self._drawn = seq

    @property
    def ended(self) -> bool:
        """Whether the run shown can bring no more news."""
        return self._run is not None and RunStatus(self._run.status).ended


def _head(run: Run | None) -> int:
    return 0 if run is None else run.head


def _standing(run: Run | None) -> tuple[Any, ...] | None:
    """What a page is told of a run beside how far it has grown."""
    if run is None:
        return None
    return run.run_id, run.status, run.position, run.cancel_requested
