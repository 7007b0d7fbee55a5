"""Tests of ryx_dash.projection."""
