"""The decoders, under atheris where it runs and under damaged messages everywhere."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from ryx_dash.errors import ProtocolError
from ryx_dash.protocol.codec import decode_command, decode_event
from ryx_dash.protocol.frames import decode_envelope
from tests.faults.checker import tally
from tests.faults.seeds import FIGURES
from tests.fuzz.damage import damaged
from tests.fuzz.samples import COMMANDS, ENVELOPES, EVENTS, texts
from tests.servers import ROOT

RUNS = 2_000_000 if FIGURES else 20_000


def test_atheris(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no build for this Python")
    for n, text in enumerate(texts(COMMANDS, ENVELOPES, EVENTS)):
        (tmp_path / str(n)).write_bytes(text)
    found = subprocess.run(
        [sys.executable, "tests/fuzz/decoder.py", f"-runs={RUNS}", "-max_len=4096", str(tmp_path)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-3000:]
    assert f"Done {RUNS} runs" in found.stderr
    tally.tried = RUNS


@pytest.mark.parametrize("decode", [decode_command, decode_event, decode_envelope])
def test_damaged_messages(decode: object, seeds: list[int]) -> None:
    samples = texts(COMMANDS, ENVELOPES, EVENTS)
    for seed in seeds:
        random = Random(seed)
        for _ in range(500):
            message = damaged(random.choice(samples), random)
            tally.tried += 1
            with suppress(ProtocolError):
                decode(message)  # type: ignore[operator]
