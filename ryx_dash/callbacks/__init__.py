"""Dash callbacks: bodies of a few lines that join projections, views and the page."""
