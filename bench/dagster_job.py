"""The job that Dagster runs: one op that logs the source's events, each when it comes.

Dagster's own interpreter loads this file, so it imports nothing of this project.
"""

import json
import time
from pathlib import Path

from dagster import OpExecutionContext, in_process_executor, job, op
from websockets.sync.client import connect


@op(config_schema={"start": str})
def emit(context: OpExecutionContext) -> None:
    """Wait for the file ``start``, which names the source and the command for it, then log."""
    start = Path(context.op_config["start"])
    while not start.exists():
        time.sleep(0.01)
    order = json.loads(start.read_text())
    # The source does not wait for a log that cannot keep up: its events are kept here meanwhile.
    with connect(order["source"], max_queue=None) as socket:
        socket.send(json.dumps(order["command"]))
        for text in socket:
            event = json.loads(text)
            if event["event"] == "workflow_complete":
                return
            context.log.info(event["message"])


@job(executor_def=in_process_executor)
def emission() -> None:
    """One emission of the source."""
    emit()
