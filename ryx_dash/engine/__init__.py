"""The embedded engine: the eight steps, doing real work on the person's own files."""
