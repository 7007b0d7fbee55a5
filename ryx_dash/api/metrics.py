"""``/metrics`` for Prometheus.

What belongs to the log is read from it, so that every worker says the same. What belongs to one
worker carries its process id as ``worker``: a scrape is answered by one of them.
"""

import os
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from ryx_dash import __version__
from ryx_dash.errors import LogError
from ryx_dash.live.counters import BOUNDS, Counters
from ryx_dash.log.base import EventLog
from ryx_dash.protocol.steps import RunStatus

Connections = Callable[[], tuple[int, int]]
"""How many pages and how many programs are connected to this worker."""


class Metrics(Collector):
    """Everything that is measured, collected when it is asked for."""

    def __init__(self, log: EventLog, counters: Counters, connections: Connections) -> None:
        self._log = log
        self._counters = counters
        self._connections = connections
        self._process = ProcessCollector(registry=None)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self, accept: str) -> tuple[bytes, str]:
        """All metrics in the form that suits the header ``Accept``, and its media type."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type

    def describe(self) -> Iterable[Metric]:
        """Nothing: what is described is looked at, and the log may not be there yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        yield InfoMetricFamily("ryx", "The dashboard.", value={"version": __version__})
        yield from self._of_log()
        worker = {"worker": str(os.getpid())}
        for metric in (*self._of_worker(), *self._process.collect()):
            for place, sample in enumerate(metric.samples):
                metric.samples[place] = sample._replace(labels={**sample.labels, **worker})
            yield metric

    def _of_log(self) -> Iterator[Metric]:
        readable = GaugeMetricFamily("ryx_log_readable", "Whether the event log can be read.")
        try:
            counts = self._log.counts()
        except LogError:
            readable.add_metric([], 0)
            yield readable
            return
        readable.add_metric([], 1)
        yield readable
        runs = GaugeMetricFamily("ryx_runs", "Runs in the log.", labels=["status"])
        for status in RunStatus:
            runs.add_metric([status.value], counts.runs.get(status, 0))
        yield runs
        yield GaugeMetricFamily("ryx_log_events", "Events in the log.", value=counts.events)
        yield GaugeMetricFamily(
            "ryx_log_bytes", "Size of the log's files, 0 in memory.", value=counts.size
        )

    def _of_worker(self) -> Iterator[Metric]:
        counters = self._counters
        yield CounterMetricFamily(
            "ryx_events_appended", "Events appended by runs of this worker.", value=counters.events
        )
        commits = counters.commits
        ends = [*map(str, BOUNDS), "+Inf"]
        yield HistogramMetricFamily(
            "ryx_log_append_seconds",
            "How long commits of events took.",
            buckets=list(zip(ends, commits, strict=True)),
            sum_value=counters.seconds,
        )
        pages, programs = self._connections()
        connected = GaugeMetricFamily(
            "ryx_connections", "WebSocket connections to this worker.", labels=["kind"]
        )
        connected.add_metric(["page"], pages)
        connected.add_metric(["program"], programs)
        yield connected
        yield CounterMetricFamily("ryx_frames_sent", "Frames sent to pages.", value=counters.frames)
        refused = CounterMetricFamily(
            "ryx_refusals",
            "Commands and connections refused over WebSockets, by reason.",
            labels=["code"],
        )
        for code, count in sorted(counters.refusals.copy().items()):
            refused.add_metric([code], count)
        yield refused
