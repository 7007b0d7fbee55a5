"""From projections to Dash components. No log, no socket, no clock."""
