"""Every error that the project raises on purpose.

A message is one plain sentence: what was wrong, where, and what to do.
"""


class RyxError(Exception):
    """Base of all errors below. ``code`` is stable and goes out to programs."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class SettingsError(RyxError):
    """A setting has a bad value, or an unknown name."""

    code = "bad_setting"


class ProtocolError(RyxError):
    """A message breaks the protocol; ``code`` says how (contract, section 4.1)."""

    code = "bad_message"


class UnknownRun(RyxError):
    """No run has this id."""

    code = "unknown_run"


class RunEnded(RyxError):
    """The run has ended, so it cannot be cancelled any more."""

    code = "run_ended"


class RunActive(RyxError):
    """The run has not ended, so it cannot be deleted."""

    code = "run_active"


class RunExists(RyxError):
    """Another run with this id is in the log already: nothing was written."""

    code = "run_exists"


class FileRefused(RyxError):
    """A file is no export of a run, or is damaged; the message names the line."""

    code = "bad_file"


class LogError(RyxError):
    """The event log cannot be opened, read or written."""

    code = "log_unavailable"


class LogFull(LogError):
    """The disk under the log is full or fails; nothing was written."""

    code = "log_full"


class LogBusy(LogError):
    """Another process held the log for longer than a commit takes; nothing was written."""

    code = "log_busy"


class LogDamaged(LogError):
    """What the log holds is not what was written to it."""

    code = "log_damaged"


class LeaseLost(LogError):
    """Somebody else owns the run now, or it has ended: nothing was written."""

    code = "lease_lost"


class SequenceConflict(LogError):
    """An append did not start right after the run's head: nothing was written."""

    code = "sequence_conflict"


class WorkspaceError(RyxError):
    """A path lies outside the workspace, or cannot be read as text."""

    code = "workspace"


class IndexUnavailable(RyxError):
    """The search index cannot be opened, read or written."""

    code = "index_unavailable"


class StepFailed(RyxError):
    """A step of a run failed for good, with the reason a person can act on."""

    code = "step_failed"


class Transient(RyxError):
    """A fault that is worth another try (a refused connection, a 503)."""

    code = "transient"
