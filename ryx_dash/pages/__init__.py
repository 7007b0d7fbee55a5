"""The layout of each page."""
