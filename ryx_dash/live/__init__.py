"""Runs, viewers and the sockets between them."""
