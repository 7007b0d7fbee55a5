"""Tests of ryx_dash.protocol."""
