"""The values that travel: events, commands, frames, and their JSON. No I/O, no clock."""
