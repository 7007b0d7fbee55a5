"""Dagster as a subject: its run page, fed by the source through the log of one of its own runs.

An op (``dagster_job.py``) connects to the source as the other pages do and logs each event with
``context.log.info`` when it comes. Nothing of Dagster is part of this project's environment: pip
puts what ``peers.txt`` names into ``bench/results/peers`` when it is asked for the first time.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench.figures import table
from bench.reading import numbers
from bench.source import Emission, Source
from bench.subjects import Counts, command
from bench.tab import Tab, cpu, family
from tests.servers import free_port, until

PINS = Path(__file__).with_name("peers.txt")
JOB = Path(__file__).with_name("dagster_job.py")
HOME = Path(__file__).parent / "results" / "peers"
DAGSTER = "Dagster's run page"

SETTINGS = """
telemetry: {enabled: false}
nux: {enabled: false}
run_coordinator: {module: dagster._core.run_coordinator, class: DefaultRunCoordinator}
"""
"""Of Dagster's instance: nothing is sent anywhere, and a run starts at once, without a queue."""

READ = """
const rows = document.querySelectorAll('[data-index]');
for (let i = rows.length - 1; i >= 0 && i > rows.length - 16; i--) {
  const found = /event (\\d+)$/.exec(rows[i].textContent);
  if (found) return +found[1];
}
return 0;
"""
"""The newest event in the last rows of the run's log; below it there is at most the run's end."""

STARTED = (
    "[...document.querySelectorAll('[data-index]')].some(r => /STEP_START/.test(r.textContent))"
)
OVER = {"SUCCESS", "FAILURE", "CANCELED"}
START_SECONDS, LOG_SECONDS = 180.0, 900.0

PLACE = "{repositoriesOrError {... on RepositoryConnection {nodes {name location {name}}}}}"
LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess {run {runId}} ... on PythonError {message}
  }
}
"""
STATUS = "query ($run: ID!) {runOrError(runId: $run) {... on Run {status}}}"
LOG = """
query ($run: ID!, $cursor: String) {
  logsForRun(runId: $run, afterCursor: $cursor, limit: 1000) {
    ... on EventConnection {cursor hasMore events {... on MessageEvent {message}}}
  }
}
"""


class NotInstalled(RuntimeError):
    """Dagster is not here and pip could not fetch it; says why, in one sentence."""


def installed(folder: Path = HOME) -> Path:
    """The interpreter of an environment that holds what ``peers.txt`` names; made if need be."""
    python, mark = folder / "bin" / "python", folder / PINS.name
    if mark.exists() and mark.read_bytes() == PINS.read_bytes():
        return python
    print(f"Installing {', '.join(pinned())} into {folder}", flush=True)
    pip = ("-m", "pip", "install", "-q", "--disable-pip-version-check")
    try:
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        _run(str(python), *pip, "-r", str(PINS))
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or "no output").strip().splitlines()[-1]
        raise NotInstalled(
            f"Dagster cannot be installed into {folder} ({said}): "
            "let pip reach a package index that has it, or measure without --peers."
        ) from None
    mark.write_bytes(PINS.read_bytes())
    return python


def pinned() -> list[str]:
    """The requirements in ``peers.txt``."""
    lines = PINS.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _run(*args: str) -> None:
    subprocess.run(args, check=True, capture_output=True, text=True, env=environment({}))


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what is meant for its own Python or another Dagster."""
    ours = ("PYTHON", "DAGSTER_", "RYX_", "VIRTUAL_ENV")
    return {**{k: v for k, v in os.environ.items() if not k.startswith(ours)}, **more}


class Dagster:
    """Dagster's webserver, and one run of the job for each emission."""

    name, read = DAGSTER, READ

    def __init__(self, url: str, process: psutil.Process, folder: Path, source: Source) -> None:
        self._url = url
        self._process = process
        self._folder = folder
        self._source = source
        self._run = ""

    def open(self, tab: Tab) -> None:
        self.launch()
        tab.open(self.page, self.read)
        tab.wait_for(STARTED, seconds=START_SECONDS)

    def begin(self, tab: Tab, emission: Emission) -> None:
        self.start(emission)

    def counts(self, tab: Tab, emission: Emission) -> Counts:
        self.wait_until_over()
        logged = numbers(self.messages())
        return Counts(
            lost=len(set(range(emission.first, emission.last + 1)) - set(logged)),
            out_of_order=sum(b <= a for a, b in pairwise(logged)),
        )

    def cpu(self) -> float | None:
        return cpu(self._process)  # not of the run's process, which ends with it

    @property
    def page(self) -> str:
        """Where the last run is shown."""
        return f"{self._url}/runs/{self._run}"

    def launch(self) -> None:
        """Launch a run of the job, which then waits for its emission."""
        self._order = Path(tempfile.mkdtemp(dir=self._folder)) / "order.json"
        params = {"selector": self._place(), "runConfigData": run_config(self._order)}
        launched = self.ask(LAUNCH, params=params)["launchRun"]
        if "run" not in launched:
            raise RuntimeError(f"Dagster launched no run: {launched}")
        self._run = launched["run"]["runId"]

    def start(self, emission: Emission) -> None:
        """Tell the run that waits which emission is its own, and wait for the first event."""
        order = {"source": self._source.url, "command": command(self._source, emission)}
        draft = self._order.with_suffix(".draft")
        draft.write_text(json.dumps(order))
        draft.rename(self._order)
        until(lambda: emission.created, seconds=START_SECONDS)

    def wait_until_over(self) -> None:
        """Return when the last run has ended, and with it its log."""
        over = lambda: self.ask(STATUS, run=self._run)["runOrError"]["status"] in OVER  # noqa: E731
        until(over, seconds=LOG_SECONDS, pause=0.5)

    def messages(self) -> Iterator[str]:
        """What the last run's log says, in its order."""
        cursor, more = None, True
        while more:
            page = self.ask(LOG, run=self._run, cursor=cursor)["logsForRun"]
            yield from (event["message"] for event in page["events"])
            cursor, more = page["cursor"], page["hasMore"]

    def ask(self, query: str, **variables: Any) -> Any:
        """What GraphQL answers; raises what it says if it has an error."""
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self._url}/graphql", json=body, timeout=60).raise_for_status().json()
        if answer.get("errors"):
            raise RuntimeError(f"Dagster: {answer['errors'][0]['message']}")
        return answer["data"]

    def _place(self) -> dict[str, str]:
        (found,) = self.ask(PLACE)["repositoriesOrError"]["nodes"]
        return {
            "repositoryLocationName": found["location"]["name"],
            "repositoryName": found["name"],
            "jobName": "emission",
        }


def run_config(order: Path) -> dict[str, Any]:
    """The configuration of a run that waits for the file ``order``."""
    return {"ops": {"emit": {"config": {"start": str(order)}}}}


@contextmanager
def dagster(source: Source) -> Iterator[Dagster]:
    """Dagster's webserver with its own folder on a free port; all that it starts ends with it."""
    python = installed()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder, port = Path(name), free_port()
        (folder / "dagster.yaml").write_text(SETTINGS)
        args = ["-m", "dagster_webserver", "-h", "127.0.0.1", "-p", str(port), "-f", str(JOB)]
        with (folder / "output.txt").open("wb") as output:
            server = subprocess.Popen(
                [python, *args],
                cwd=folder,
                env=environment({"DAGSTER_HOME": name}),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: _answers(url, server, folder), seconds=START_SECONDS, pause=0.2)
            yield Dagster(url, psutil.Process(server.pid), folder, source)
        finally:
            _end(server)


def _answers(url: str, server: subprocess.Popen[bytes], folder: Path) -> bool:
    if server.poll() is not None:
        raise RuntimeError(f"Dagster ended:\n{(folder / 'output.txt').read_text()}")
    try:
        return httpx.get(f"{url}/server_info").status_code == 200
    except httpx.TransportError:
        return False


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the webserver as a person would, then for certain all that it had started."""
    started: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):  # it may have ended by itself
        started = family(server.pid)
    server.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.wait(10)
    for process in started:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    server.wait()


def opening(tab: Tab, peer: Dagster, size: int) -> tuple[float, float]:
    """Milliseconds from asking for a finished run of ``size`` events to its first and last row."""
    emission = Emission(size, 1)
    peer.launch()
    peer.start(emission)
    peer.wait_until_over()
    tab.open(peer.page, peer.read)
    tab.wait_for(f"(bench.seen.at(-1) || [0, 0])[1] >= {emission.last}", seconds=600)
    first, last = tab.script(
        "return [bench.seen[0], bench.seen.at(-1)].map(([at]) => at - performance.timeOrigin)"
    )
    return first, last


def opened(size: int, times: Sequence[float]) -> str:
    """The same as a table."""
    shown = [f"{ms:,.0f} ms" for ms in times]
    return table([DAGSTER, "first rows", "all"], [[f"a finished run of {size:,} events", *shown]])
