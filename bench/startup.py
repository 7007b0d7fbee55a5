"""From ``python app.py`` to a page that answers, beside a bare Dash app with the same libraries.

python -m bench.startup
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from bench.tab import Tab, chromium, family, memory
from tests.servers import ROOT, free_port, until

INTERACTIVE = {
    "app.py": "document.querySelector('#connection-status[data-status=connected]')",
    "bench/bare.py": "document.querySelector('#said')?.textContent === 'ready'",
}
SETTLED = 3.0


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds until the page could be used, and MB of the process a moment later."""

    seconds: float
    memory: float


def start(tab: Tab, program: str) -> Started:
    """Start a program, open its page, and wait until it answers."""
    with tempfile.TemporaryDirectory() as name:
        port = free_port()
        folder = Path(name)
        # Byte code is kept, as on the machine of anybody who starts a program twice.
        unwanted = ("RYX_", "PYTHONDONTWRITEBYTECODE")
        env = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
        env |= {"PYTHONPATH": str(ROOT), "RYX_PORT": str(port), "RYX_DATA_DIR": str(folder)}
        env |= {"RYX_WORKSPACE": str(folder), "RYX_LLM_URL": "http://127.0.0.1:9/v1"}
        command = [sys.executable, program]
        begun = time.monotonic()
        with (folder / "output.txt").open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: _answers(url))
            tab.open(url, "return 0")
            tab.wait_for(INTERACTIVE[program])
            seconds = time.monotonic() - begun
            time.sleep(SETTLED)
            used = sum(map(memory, family(process.pid)))
        finally:
            process.terminate()
            process.wait(20)
    return Started(seconds, used)


def _answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(url, timeout=30).status_code == 200
    return False


def measured(tab: Tab, repeat: int) -> dict[str, Started]:
    """Medians of both programs, in turns; the first of each fills the disk's caches."""
    found: dict[str, list[Started]] = {program: [] for program in INTERACTIVE}
    for turn in range(repeat + 1):
        for program, all_of_them in found.items():
            one = start(tab, program)
            if turn > 0:
                all_of_them.append(one)
    return {program: _middle(some) for program, some in found.items()}


def _middle(some: Sequence[Started]) -> Started:
    return Started(median(one.seconds for one in some), median(one.memory for one in some))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    with chromium() as opened:
        for name, one in measured(opened, chosen.repeat).items():
            print(f"{name:16} interactive after {one.seconds:.2f} s, {one.memory:.0f} MB")
