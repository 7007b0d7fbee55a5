"""The peer of the bench, without the peer: nothing here is installed or started."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench import peers
from bench.live import measure
from bench.peers import Dagster, NotInstalled
from bench.source import Emission, Source, served_source
from bench.subjects import Counts

PIP = (
    "import sys; print('Looking'); print('No matching distribution', file=sys.stderr); sys.exit(1)"
)


@pytest.fixture
def source() -> Iterator[Source]:
    with served_source() as source:
        yield source


class Answering(Dagster):
    """A peer whose webserver has said all that it will."""

    def __init__(self, source: Source, *answers: Any) -> None:
        super().__init__("http://127.0.0.1:9", psutil.Process(), Path(), source)
        self.asked: list[dict[str, Any]] = []
        self._answers = iter(answers)

    def ask(self, query: str, **variables: Any) -> Any:
        self.asked.append(variables)
        return next(self._answers)


def page(*messages: str, cursor: str, more: bool) -> dict[str, Any]:
    events = [{"message": message} for message in messages]
    return {"logsForRun": {"cursor": cursor, "hasMore": more, "events": events}}


def over(status: str) -> dict[str, Any]:
    return {"runOrError": {"status": status}}


def test_what_is_pinned_names_versions_and_no_index() -> None:
    assert all("==" in one and "//" not in one for one in peers.pinned())
    assert {one.partition("==")[0] for one in peers.pinned()} == {"dagster", "dagster-webserver"}


def test_the_peer_gets_no_settings_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "RYX_LOG", "DAGSTER_HOME"):
        monkeypatch.setenv(name, "ours")
    found = peers.environment({"DAGSTER_HOME": "theirs"})
    assert found["DAGSTER_HOME"] == "theirs"
    assert "ours" not in found.values()
    assert found["PATH"] == os.environ["PATH"]


def test_it_is_installed_once_for_each_list_of_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[str, ...]] = []

    def run(*args: str) -> None:
        commands.append(args)
        tmp_path.joinpath("home").mkdir(exist_ok=True)

    monkeypatch.setattr(peers, "_run", run)
    home = tmp_path / "home"
    assert peers.installed(home) == peers.installed(home) == home / "bin" / "python"
    assert [one[2] for one in commands] == ["venv", "pip"]
    (home / peers.PINS.name).write_text("dagster==1.0.0\n")
    peers.installed(home)
    assert len(commands) == 4


def test_an_installation_that_fails_says_why_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: str) -> None:
        subprocess.run([sys.executable, "-c", PIP], check=True, capture_output=True, text=True)

    monkeypatch.setattr(peers, "_run", fail)
    with pytest.raises(NotInstalled, match=r"No matching distribution.*without --peers"):
        peers.installed(tmp_path / "home")


def test_a_log_is_read_to_its_end(source: Source) -> None:
    one = Answering(
        source,
        page("event 1", "other", cursor="a", more=True),
        page(cursor="b", more=True),
        page("event 2", cursor="c", more=False),
    )
    assert list(one.messages()) == ["event 1", "other", "event 2"]
    assert [asked["cursor"] for asked in one.asked] == [None, "a", "b"]


def test_what_its_log_lacks_or_has_out_of_order_is_counted(source: Source) -> None:
    messages = ["event 5", "event 7", "event 6", "STEP_START", "event 9"]
    one = Answering(
        source, over("STARTED"), over("SUCCESS"), page(*messages, cursor="a", more=False)
    )
    emission = Emission(5, 1, first=5)
    assert (emission.first, emission.last) == (5, 9)
    assert one.counts(None, emission) == Counts(lost=1, out_of_order=1)  # type: ignore[arg-type]


def test_a_run_that_is_not_launched_is_said(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = [{"name": "r", "location": {"name": "l"}}]
    place = {"repositoriesOrError": {"nodes": nodes}}
    one = Answering(source, place, {"launchRun": {"message": "no such job"}})
    monkeypatch.setattr(one, "_folder", tmp_path)
    with pytest.raises(RuntimeError, match="no such job"):
        one.launch()
    assert one.asked[1]["params"]["selector"]["jobName"] == "emission"


def test_a_run_waits_for_its_order() -> None:
    config = peers.run_config(Path("/x/order.json"))
    assert config == {"ops": {"emit": {"config": {"start": "/x/order.json"}}}}


def test_opening_is_a_table() -> None:
    shown = peers.opened(50_000, (2_800.4, 14_600.0))
    assert "| a finished run of 50,000 events | 2,800 ms | 14,600 ms |" in shown


def test_a_webserver_that_has_ended_already_is_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], start_new_session=True) as process:
        process.wait()
        peers._end(process)


def test_a_subject_that_takes_no_events_ends_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dead:
        name = "A dead page"

        def __getattr__(self, name: str) -> Any:
            return lambda *_: 0.0

    monkeypatch.setattr("bench.live.LONGEST", -0.9)
    with pytest.raises(RuntimeError, match=r"A dead page .* whether its server is alive"):
        measure(Dead(), Dead(), Emission(10, 1))  # type: ignore[arg-type]
