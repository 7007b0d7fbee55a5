"""What the dashboard costs and how late it is, measured. See ``bench/README.md``."""
