"""Runs as files: out of the log as JSONL, CSV or one HTML page, and from JSONL back into it."""
