"""Where commands are taken, from the WebSocket and from REST alike."""

from anyio import to_thread

from ryx_dash.errors import ProtocolError, RyxError
from ryx_dash.live.feed import Feed
from ryx_dash.log.base import EventLog, NewRun, Run
from ryx_dash.protocol.clean import clean_text


class Desk:
    """Writes what people ask for into the log; the dispatcher of some worker takes it up."""

    def __init__(self, log: EventLog, feed: Feed) -> None:
        self._log = log
        self._feed = feed
        self._closing = False

    @property
    def closing(self) -> bool:
        """Whether no more runs are taken."""
        return self._closing

    def close(self) -> None:
        """Take no more runs: this worker is stopping."""
        self._closing = True

    async def start(
        self, text: str, *, model: str | None = None, command_id: str | None = None
    ) -> Run:
        """Put a run in the waiting line; the same ``command_id`` gives the same run again.

        Raises :class:`errors.LogError` when the log cannot be written.
        """
        if self._closing:
            raise RyxError("The dashboard is stopping. Send it again in a moment.", code="closing")
        if model is not None and len(model) > 200:
            raise ProtocolError("model: a name has at most 200 characters.", code="bad_field")
        new = NewRun(
            input=clean_text(text),
            model=clean_text(model) if model else None,
            command_id=clean_text(command_id) if command_id else None,
        )
        run, _ = await to_thread.run_sync(self._log.start, new)
        self._feed.publish(run)
        return run

    async def cancel(self, run_id: str) -> Run:
        """Ask for a run's end. Raises :class:`errors.UnknownRun`, :class:`errors.RunEnded`."""
        run = await to_thread.run_sync(self._log.cancel, clean_text(run_id))
        self._feed.publish(run)
        return run
