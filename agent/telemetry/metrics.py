"""What the service counts of itself, as Prometheus reads it.

What many processes share is read from the records when it is asked for; the rest is counted in this process. No label
takes more values than MOST_VALUES: what comes after them is counted under `other`.
Source: Prometheus, "Metric and label naming", "Exposition formats" (text format 0.0.4).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from agent.errors import BadSettings
from agent.report import Report, StageTime
from agent.telemetry.recorded import Recorded, Shared

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

MOST_VALUES = 100
OTHER = "other"
REQUEST_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
STAGE_BUCKETS_S = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
TOKEN_KINDS: Mapping[str, str] = {
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read_tokens": "cache_read",
    "cache_write_tokens": "cache_write",
}


class Watched(Protocol):
    """What holds the records, such as the desk."""

    @property
    def records(self) -> Recorded:
        """The service's records."""


def render(desk: Watched) -> tuple[bytes, str]:
    """The page of metrics and its content type: what the records say, and what this process has counted."""
    return process_metrics().render(desk.records)


def serve_own(port: int | None) -> None:
    """Offer this process's metrics on a port of its own, for a worker, which has no door; None offers nothing.

    Raises: BadSettings when the port is taken.
    """
    if port is None:
        return
    from prometheus_client import start_http_server

    try:
        start_http_server(port, registry=process_metrics().registry)
    except OSError as error:
        raise BadSettings(
            f"telemetry.worker_metrics_port {port} can't be listened on: {error.strerror}: give each worker of a host "
            "another agent.yaml, or none a port"
        ) from error


@functools.cache
def process_metrics() -> Metrics:
    """The metrics of this process, made when they are first asked for."""
    return Metrics.create()


@dataclass(slots=True, kw_only=True)
class Metrics:
    """Counters of one process. Safe to use from several threads."""

    registry: CollectorRegistry
    requests: Counter
    request_s: Histogram
    jobs_ended: Counter
    stage_s: Histogram
    tokens: Counter
    cost_usd: Counter
    streams: Gauge
    _values: dict[str, set[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def create(cls) -> Metrics:
        """Metrics with a registry of their own, everything at zero."""
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            ProcessCollector,
            disable_created_metrics,
        )

        disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each, of no use here
        own = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=own)
        return cls(
            registry=own,
            requests=Counter(
                "ask_profiler_http_requests_total",
                "HTTP requests that were answered.",
                ["method", "route", "status"],
                registry=own,
            ),
            request_s=Histogram(
                "ask_profiler_http_request_duration_seconds",
                "Time from an HTTP request to the end of its answer, streams left out.",
                ["route"],
                buckets=REQUEST_BUCKETS_S,
                registry=own,
            ),
            jobs_ended=Counter(
                "ask_profiler_jobs_ended_total",
                "Jobs that ended in this process, by what came out.",
                ["outcome"],
                registry=own,
            ),
            stage_s=Histogram(
                "ask_profiler_stage_duration_seconds",
                "Time that a stage of a run took.",
                ["stage"],
                buckets=STAGE_BUCKETS_S,
                registry=own,
            ),
            tokens=Counter(
                "ask_profiler_model_tokens_total",
                "Tokens sent to models and received from them.",
                ["model", "kind"],
                registry=own,
            ),
            cost_usd=Counter(
                "ask_profiler_model_cost_usd_total",
                "What models cost by the prices of agent.yaml, in US dollars.",
                ["model"],
                registry=own,
            ),
            streams=Gauge(
                "ask_profiler_open_streams",
                "Streams of events that are open now.",
                ["door"],
                registry=own,
            ),
        )

    def answered(self, method: str, route: str, status: int, duration_s: float | None = None) -> None:
        """Count an HTTP request. `route` is the path's pattern, never the path itself; a stream has no duration."""
        route = self._value("route", route)
        self.requests.labels(self._value("method", method), route, self._value("status", str(status))).inc()
        if duration_s is not None:
            self.request_s.labels(route).observe(duration_s)

    @contextmanager
    def streaming(self, door: str) -> Iterator[None]:
        """Count a stream as open for the time of the block."""
        gauge = self.streams.labels(self._value("door", door))
        gauge.inc()
        try:
            yield
        finally:
            gauge.dec()

    def ended(self, outcome: str, report: Report | None = None) -> None:
        """Count a job that ended, with the stages and the models of its report, if there is one."""
        self.jobs_ended.labels(self._value("outcome", outcome)).inc()
        if report is not None:
            self.took(report.stages)
            self._count_models(report)

    def took(self, stages: Iterable[StageTime]) -> None:
        """Count what stages took."""
        for stage in stages:
            self.stage_s.labels(self._value("stage", stage.stage)).observe(max(0.0, stage.duration_s))

    def asked(self, model: str, tokens: Mapping[str, float], cost_usd: float | None) -> None:
        """Count what a model was asked: tokens by kind (input, output, cache_read, cache_write), and cost if known."""
        model = self._value("model", model)
        for kind, count in tokens.items():
            self.tokens.labels(model, self._value("kind", kind)).inc(max(0.0, count))
        if cost_usd is not None:
            self.cost_usd.labels(model).inc(max(0.0, cost_usd))

    def render(self, records: Recorded) -> tuple[bytes, str]:
        """The page of metrics and its content type. A database that is down shows as one, and hides nothing else."""
        from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest

        shared = CollectorRegistry(auto_describe=False)
        shared.register(Shared(records))
        return generate_latest(shared) + generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4

    def _count_models(self, report: Report) -> None:
        used = {evidence.id: evidence for evidence in report.evidence}
        for use in report.model_use:
            found = [used[one] for one in use.evidence if one in used]
            totals: dict[str, float] = {}
            for quantity in (q for evidence in found for q in evidence.quantities):
                totals[quantity.name] = totals.get(quantity.name, 0.0) + float(quantity.value)
            tokens = {kind: totals[name] for name, kind in TOKEN_KINDS.items() if name in totals}
            self.asked(use.model, tokens, totals.get("cost"))

    def _value(self, label: str, value: str) -> str:
        """A label's value, or OTHER when the label has had too many."""
        with self._lock:
            seen = self._values.setdefault(label, set())
            if value not in seen:
                if len(seen) >= MOST_VALUES:
                    return OTHER
                seen.add(value)
        return value
