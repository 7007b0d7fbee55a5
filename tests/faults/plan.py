"""How a test says what a run should do: the run's input is its plan."""

import re

PLAN = re.compile(r"(?P<seed>\d+): (?P<events>\d+) events in (?P<seconds>[\d.]+) s\b")
NOTHING = {"seed": "0", "events": "0", "seconds": "0"}
"""What any other input asks for."""


def plan(seed: int, *, events: int = 60, seconds: float = 2.0, note: str = "") -> str:
    """The input of a run of ``events`` events of one step, in uneven bursts."""
    return f"{seed}: {events} events in {seconds} s{note}"
