"""The event log: everything that happened, whole and in order. All screens are views of it."""
