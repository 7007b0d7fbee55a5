"""``python app.py`` serves the dashboard; ``gunicorn app:server`` takes the ASGI application."""

import sys

from ryx_dash.cli import main, server_from_environment

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))

server = server_from_environment()
