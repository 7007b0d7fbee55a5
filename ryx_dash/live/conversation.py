"""One run on a backend, from the command to its end, whatever the backend does meanwhile."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from math import inf

import anyio
from anyio import to_thread
from websockets.asyncio.client import ClientConnection

from ryx_dash.backoff import RETRIES
from ryx_dash.live.link import Link
from ryx_dash.protocol.dialects.order import MAX_HELD
from ryx_dash.protocol.dialects.translator import Translator
from ryx_dash.protocol.events import REMARK, Draft, EventKind, JsonObject, outcome
from ryx_dash.protocol.executor import Emit, Request
from ryx_dash.websocket import CONTRACT_HEADER, FAILURES, final, opened, public, receive_some, why

CANCEL_SECONDS = 0.9
"""How long the backend gets to be told that nobody wants the run any more."""

TOGETHER = 256
"""Messages that are translated, and given to the log, at once."""

PAUSE_SECONDS = 0.004
"""Time from one look for messages to the next: what comes meanwhile is taken together."""

LARGE = 262_144
"""Bytes of a message from which on it is translated beside the event loop."""

HOLE_SECONDS = 1.0
"""How long an event that was overtaken by others may take to arrive."""

_LOST_THERE = frozenset({"unknown_run", "bad_cursor"})


class Silent(Exception):
    """The backend has sent nothing for as long as is allowed."""


class Stale(Exception):
    """A backend that keeps the contract has sent nothing for long, or has left a hole: asking for
    the rest on a new connection will show whether there is one.
    """


class Conversation:
    """Holds one run's connection. When it breaks, a backend that keeps the contract is asked for
    the rest; any other run is then ``interrupted``, since nobody can know how it goes on.
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        request: Request,
        emit: Emit,
        *,
        link: Link,
        silence: float,
        pauses: Callable[[], Iterator[float]],
    ) -> None:
        self._url = url
        self._token = token
        self._request = request
        self._emit = emit
        self._link = link
        self._silence = silence
        self._new_pauses = pauses
        self._pauses = pauses()
        self._address = public(url)
        self._translator = Translator()
        self._sent = False
        self._keeps_contract = False
        self._asked_again: int | None = None
        self._heard = time.monotonic()
        self._cut_off = True
        """Whether there was no connection just now: for that time nobody was silent."""
        self._looked = -inf
        self._tries = 0

    async def hold(self) -> None:
        """Emit the run's events up to a terminal one."""
        while True:
            try:
                async with opened(self._url, self._token, **self._position()) as socket:
                    await self._talk(socket)
                return
            except Stale:
                self._asked_again = self._translator.order.since
            except Silent:
                await self._end(self._silent())
                return
            except FAILURES as error:
                if not await self._again(error):
                    return

    # -- while connected ------------------------------------------------------------------------

    async def _talk(self, socket: ClientConnection) -> None:
        self._begin(socket)
        try:
            if self._translator.run_id is None or not self._keeps_contract:
                self._sent = True  # from now on it may have arrived, whatever we hear of it
                await socket.send(self._command())
            while not await self._take(await self._next(socket)):
                pass
        except (anyio.get_cancelled_exc_class(), Silent):
            with anyio.move_on_after(CANCEL_SECONDS, shield=True):
                await self._cancel(socket)
            raise

    def _begin(self, socket: ClientConnection) -> None:
        assert socket.response is not None
        self._keeps_contract = self._keeps_contract or CONTRACT_HEADER in socket.response.headers
        self._translator.order.forget()
        if self._cut_off:
            self._heard, self._cut_off = time.monotonic(), False

    async def _take(self, messages: Sequence[bytes]) -> bool:
        """Emit what messages bring, or what waited for one that has not come if there are none;
        whether it was the end of the run.
        """
        drafts = await self._translated(messages) if messages else self._translator.skip_hole()
        if not drafts:
            return False  # what is of other runs, or was there before, says nothing of this one
        self._recovered()
        place = next((n for n, draft in enumerate(drafts) if outcome(draft) is not None), None)
        if place != 0:
            await self._emit(*drafts[:place])
        if place is not None:
            await self._end(self._told(drafts[place]))
        self._heard = time.monotonic()  # however long the log took: that is not the backend's
        return place is not None

    async def _translated(self, messages: Sequence[bytes]) -> list[Draft]:
        self._link.heard()
        take = self._translator.take
        drafts: list[Draft] = []
        for raw in messages:
            found = take(raw) if len(raw) < LARGE else await to_thread.run_sync(take, raw)
            drafts += found
            if any(outcome(draft) is not None for draft in found):
                break  # nothing belongs to the run after its end
        self._keeps_contract = self._keeps_contract or self._translator.order.since > 0
        return drafts

    def _told(self, end: Draft) -> Draft:
        """The end that the backend tells, unless it only says that it does not know the run."""
        if end.event == EventKind.WORKFLOW_ERROR and end.data.get("code") in _LOST_THERE:
            return self._interrupted(f"The backend at {self._address} has lost this run")
        return end

    async def _next(self, socket: ClientConnection) -> list[bytes]:
        """The next messages; none to go on without one that is missing.

        Raises :class:`Silent` or :class:`Stale`.
        """
        await anyio.sleep(max(0.0, self._looked + PAUSE_SECONDS - time.monotonic()))
        order = self._translator.order
        if order.held:
            room = min(TOGETHER, MAX_HELD - order.held)
            found = await self._look(socket, HOLE_SECONDS, room) if room > 0 else []
            if not found and self._asked_again != order.since:
                raise Stale
            return found
        may_ask = self._may_ask_again()
        patience = self._silence / 2 if may_ask else self._silence
        found = await self._look(socket, self._heard + patience - time.monotonic(), TOGETHER)
        if not found:
            raise Stale if may_ask else Silent
        return found

    async def _look(self, socket: ClientConnection, at_most: float, most: int) -> list[bytes]:
        found = await receive_some(socket, at_most=at_most, most=most)
        self._looked = time.monotonic()
        return found

    def _may_ask_again(self) -> bool:
        return self._keeps_contract and self._asked_again != self._translator.order.since

    def _recovered(self) -> None:
        if self._tries:
            self._tries, self._pauses = 0, self._new_pauses()

    async def _cancel(self, socket: ClientConnection) -> None:
        command: JsonObject = {"action": "cancel_workflow"}
        if self._translator.run_id is not None:
            command["run_id"] = self._translator.run_id
        with suppress(*FAILURES):  # it is a courtesy: the run has ended here already
            await socket.send(json.dumps(command))

    def _command(self) -> str:
        command: JsonObject = {"action": "execute_workflow", "input": self._request.input}
        if self._request.model is not None:
            command["model"] = self._request.model
        return json.dumps({**command, "command_id": self._request.run_id})

    # -- while not ------------------------------------------------------------------------------

    def _position(self) -> JsonObject:
        """Where to go on, at a backend that counts its events."""
        if not self._keeps_contract or self._translator.run_id is None:
            return {}
        return {"run": self._translator.run_id, "since": self._translator.order.since}

    async def _again(self, error: Exception) -> bool:
        """Wait for the next try; ``False`` if there is none, and the run has been ended."""
        if self._sent and not self._keeps_contract:
            await self._end(
                self._interrupted(f"The connection to the backend at {self._address} was lost")
            )
            return False
        if final(error) or self._tries == RETRIES:
            await self._end(self._unreachable(error))
            return False
        self._tries += 1
        seconds = next(self._pauses)
        await self._emit(self._waiting(error, seconds))
        await self._link.pause(seconds)
        self._cut_off = True
        return True

    # -- what is said ---------------------------------------------------------------------------

    async def _end(self, draft: Draft) -> None:
        """Emit the end, and before it what was left out of the run."""
        left_out = self._left_out()
        if left_out is not None:
            await self._emit(left_out)
        await self._emit(draft)

    def _waiting(self, error: Exception, seconds: float) -> Draft:
        return _note(
            f"The backend at {self._address} cannot be reached: {why(error)}. "
            f"Trying again in {seconds:.0f} s ({self._tries} of {RETRIES}).",
            retry=self._tries,
            seconds=round(seconds, 1),
        )

    def _left_out(self) -> Draft | None:
        tally = self._translator.tally
        parts = [
            f"{count:,} {what}"
            for count, what in (
                (tally.duplicates, "that had come before"),
                (tally.foreign, "of other runs"),
                (tally.missing, "that never came"),
            )
            if count
        ]
        if not parts:
            return None
        return _note(
            f"Events from the backend were lost or left out: {' and '.join(parts)}.",
            duplicates=tally.duplicates,
            foreign=tally.foreign,
            missing=tally.missing,
        )

    def _unreachable(self, error: Exception) -> Draft:
        reason = f"The backend at {self._address} cannot be reached: {why(error)}"
        if self._sent:
            return self._interrupted(reason)
        return Draft(
            event=EventKind.WORKFLOW_ERROR,
            message=f"{reason}. The run has not begun.",
            data={"code": "backend_unreachable"},
        )

    def _silent(self) -> Draft:
        only = "acknowledged the command and then " if self._translator.acknowledged else ""
        return self._interrupted(
            f"The backend at {self._address} has {only}sent nothing for {self._silence:g} s"
        )

    def _interrupted(self, reason: str) -> Draft:
        step = self._translator.step
        where = f" during {step}" if step else ""
        return Draft(
            event=EventKind.WORKFLOW_ERROR,
            message=f"{reason}{where}. Nobody knows how the run went on. Run it again.",
            data={"code": "interrupted", **({"step": step} if step else {})},
        )


def _note(message: str, **data: object) -> Draft:
    """An event that is seen in the monitor and changes nothing else."""
    return Draft(
        event=EventKind.STEP_PROGRESS,
        message=message,
        data={"warning": True, REMARK: True, **data},
    )
