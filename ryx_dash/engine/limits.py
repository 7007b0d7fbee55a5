"""How long a run may take, and how often its parts are tried. All times are seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one run. A tool's is below a step's: a slow tool fails, its step goes on."""

    run: float = 300.0
    step: float = 60.0
    tool: float = 45.0
    indexing: float = 40.0
    tries: int = 3
    backoff: float = 0.5
    """Wait before the second try; it doubles with each further one."""
    gather: float = 0.05
    """How long the model's text is gathered into one ``llm_token``."""
