"""Sound messages of both dialects, to be damaged."""

import json

COMMANDS = (
    {"action": "execute_workflow", "input": "hello", "model": "m", "command_id": "c1"},
    {"action": "cancel_workflow", "run_id": "r"},
)
ENVELOPES = (
    {"c": "1", "m": [{"type": "shown", "n": 1, "run": "r", "seq": 7}]},
    {"c": "2", "m": [{"type": "again", "n": 1}, {"type": "ping"}]},
    {"c": "3", "m": [{"type": "execute", "command_id": "c", "input": "hello", "model": None}]},
    {"c": "4", "m": [{"type": "cancel", "command_id": "c", "run_id": "r"}]},
    {"c": "5", "m": [{"type": "watch", "run": None}]},
)
EVENTS = (
    {
        "id": "r:1",
        "run_id": "r",
        "seq": 1,
        "ts": "2026-01-01T00:00:00.000000Z",
        "event": "tool_result",
        "step": "tool_execution",
        "node": "execute",
        "message": "Read notes.md",
        "latency": 12.5,
        "data": {"call_id": "c", "success": True, "output": "text", "error": None},
    },
)


def texts(*groups: tuple[object, ...]) -> list[bytes]:
    """The messages as they travel."""
    return [json.dumps(message).encode() for group in groups for message in group]
