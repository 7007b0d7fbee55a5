"""The element ids of the analytics page; its controls are those of the list of runs."""

BODY = "analytics-body"
SPANS = "analytics-spans"
NOTE = "analytics-note"
CLEAR = "analytics-clear"
ZONE = "analytics-zone"
SHOWN = "analytics-shown"
TICK = "analytics-tick"

# the charts
RUNS = "chart-runs"
STEPS = "chart-steps"
SPREAD = "chart-spread"
CALLS = "chart-calls"
TOOLS = "chart-tools"
FIRST = "chart-first"
SPEED = "chart-speed"

CHARTS = (RUNS, STEPS, SPREAD, CALLS, TOOLS, FIRST, SPEED)
