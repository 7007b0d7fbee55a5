"""Ryx Dash: a live view of AI-agent workflows."""

__version__ = "0.1.0"
