"""Retrieval: passages of the workspace's text files that speak of a question."""
