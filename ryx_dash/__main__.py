"""``python -m ryx_dash`` is ``ryx-dash``."""

import sys

from ryx_dash.cli import main

if __name__ == "__main__":
    sys.exit(main())
