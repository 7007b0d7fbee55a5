"""``/metrics``, read by Prometheus's own parsers."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse
from websockets.sync.client import connect

from ryx_dash import factory
from ryx_dash.api.metrics import Metrics
from ryx_dash.errors import LogError
from ryx_dash.live.counters import Counters
from ryx_dash.log.base import Counts, EventLog, NewRun
from ryx_dash.log.memory import MemoryLog
from ryx_dash.log.sqlite import SqliteLog
from ryx_dash.protocol.steps import RunStatus
from ryx_dash.settings import Settings
from tests.fakes.executor import ScriptedExecutor
from tests.servers import serve, until

OPENMETRICS = {"accept": "application/openmetrics-text; version=1.0.0"}
Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


def samples(text: str, *, openmetrics: bool = False) -> Samples:
    """All samples by name and labels, those of the worker left out; each is there once."""
    found: Samples = {}
    for family in (parse_openmetrics if openmetrics else parse)(text):
        assert family.documentation
        for sample in family.samples:
            labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "worker"))
            assert labels not in found.setdefault(sample.name, {})
            found[sample.name][labels] = sample.value
    return found


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    settings = Settings(log_url=f"sqlite:///{tmp_path}/runs.db")
    with serve(factory.create(settings, executor=ScriptedExecutor())) as address:
        yield address


def scraped(address: str) -> Samples:
    answer = httpx.get(f"http://{address}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return samples(answer.text)


def test_runs_and_events_are_told(address: str) -> None:
    before = scraped(address)
    assert before["ryx_runs"][(("status", "success"),)] == 0
    assert set(before["ryx_runs"]) == {(("status", status.value),) for status in RunStatus}
    run = httpx.post(f"http://{address}/api/runs", json={"input": "hello"}).json()["run_id"]
    until(lambda: httpx.get(f"http://{address}/api/runs/{run}").json()["ended"], seconds=30)
    events = httpx.get(f"http://{address}/api/runs/{run}").json()["events"]
    after = scraped(address)
    assert after["ryx_runs"][(("status", "success"),)] == 1
    assert after["ryx_log_events"][()] == after["ryx_events_appended_total"][()] == events
    assert after["ryx_log_bytes"][()] > 0
    assert after["ryx_log_readable"][()] == 1
    buckets = after["ryx_log_append_seconds_bucket"]
    assert buckets[(("le", "+Inf"),)] == after["ryx_log_append_seconds_count"][()] > 0
    assert sorted(buckets.values()) == list(buckets.values())
    assert after["process_resident_memory_bytes"][()] > 0


def test_connections_and_refusals_are_told(address: str) -> None:
    with connect(f"ws://{address}/api/workflow/stream") as program:
        program.send("no JSON")
        assert "not_json" in str(program.recv())
        found = scraped(address)
        assert found["ryx_connections"][(("kind", "program"),)] == 1
        assert found["ryx_connections"][(("kind", "page"),)] == 0
        assert found["ryx_refusals_total"] == {(("code", "not_json"),): 1}
    until(lambda: scraped(address)["ryx_connections"][(("kind", "program"),)] == 0, seconds=10)


def test_what_belongs_to_a_worker_says_so(address: str) -> None:
    text = httpx.get(f"http://{address}/metrics").text
    for family in parse(text):
        own = family.name.startswith(("process_", "ryx_frames", "ryx_events_app", "ryx_conn"))
        for sample in family.samples:
            assert (sample.labels.get("worker") == str(os.getpid())) is own or (
                family.name in ("ryx_log_append_seconds", "ryx_refusals")
            ), sample


def test_the_stricter_form_is_given_to_who_asks_for_it(address: str) -> None:
    answer = httpx.get(f"http://{address}/metrics", headers=OPENMETRICS)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    found = samples(answer.text, openmetrics=True)
    assert found["ryx_events_appended_total"][()] == 0
    assert set(found) >= {"ryx_runs", "ryx_log_append_seconds_bucket", "ryx_info"}


def test_metrics_ask_for_the_token() -> None:
    settings = Settings(log_url="memory://", token="secret")  # type: ignore[arg-type]
    with serve(factory.create(settings, executor=ScriptedExecutor())) as address:
        assert httpx.get(f"http://{address}/metrics").status_code == 401
        headers = {"authorization": "Bearer secret"}
        assert httpx.get(f"http://{address}/metrics", headers=headers).status_code == 200


def test_a_log_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    log = MemoryLog()

    def fail() -> Counts:
        raise LogError("gone")

    monkeypatch.setattr(log, "counts", fail)
    text, _ = Metrics(log, Counters(), lambda: (0, 0)).text("")
    found = samples(text.decode())
    assert found["ryx_log_readable"][()] == 0
    assert "ryx_runs" not in found
    assert found["ryx_connections"][(("kind", "page"),)] == 0


def test_two_workers_say_the_same_of_one_log(tmp_path: Path) -> None:
    logs: list[EventLog] = [SqliteLog(tmp_path / "runs.db") for _ in range(2)]
    logs[0].start(NewRun(input="waits"))
    texts = [Metrics(log, Counters(), lambda: (0, 0)).text("")[0].decode() for log in logs]
    told = [
        {name: values for name, values in samples(text).items() if name.startswith("ryx_log_e")}
        | {"runs": samples(text)["ryx_runs"]}
        for text in texts
    ]
    assert told[0] == told[1]
    assert told[0]["runs"][(("status", "queued"),)] == 1
    for log in logs:
        log.close()
