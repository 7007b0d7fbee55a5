"""A client of a running dashboard or backend, for scripts and notebooks.

from ryx_dash.client import Client

client = Client("http://127.0.0.1:8050")
async for event in client.execute("What is the launch code?"):
    print(event.event, event.message)
"""

from ryx_dash.client.client import Client, Execution, Refused, Unreachable

__all__ = ["Client", "Execution", "Refused", "Unreachable"]
