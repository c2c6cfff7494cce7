"""What all processes of the service share, as metrics: jobs, workers, the database; read when it is asked for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from agent.errors import StorageFailed

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric


class Counts(Protocol):
    """Numbers by name, such as a mapping of states."""

    def items(self) -> Iterable[tuple[str, int]]:
        """Each name with its number."""


class Working(Protocol):
    """A worker that shows signs of life."""

    @property
    def heartbeat(self) -> float:
        """When it last showed one, in seconds since 1970."""

    @property
    def job_id(self) -> str:
        """What it works on, "" for nothing."""


class Recorded(Protocol):
    """What is read of the service's records."""

    def counts(self) -> Counts:
        """How many jobs are in each state."""

    def waiting_s(self) -> float:
        """How long the job that has waited longest has waited."""

    def workers(self) -> Iterable[Working]:
        """The workers that show signs of life."""


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """Collects what the records say; a database that is down shows as one."""

    records: Recorded

    def describe(self) -> Iterable[Metric]:
        """Nothing: reading it would ask the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        from prometheus_client.metrics_core import GaugeMetricFamily

        up = GaugeMetricFamily("ask_profiler_database_up", "Whether the database answers.")
        try:
            counts = dict(self.records.counts().items())
            waiting_s, workers = self.records.waiting_s(), list(self.records.workers())
        except StorageFailed:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        jobs = GaugeMetricFamily("ask_profiler_jobs", "Jobs that are kept, by state.", labels=["state"])
        for state in sorted({*counts, "queued", "running", "done", "failed", "cancelled"}):
            jobs.add_metric([state], counts.get(state, 0))
        yield jobs
        yield GaugeMetricFamily(
            "ask_profiler_oldest_waiting_job_seconds",
            "How long the job that has waited longest has waited, 0 without any.",
            value=waiting_s,
        )
        listed = GaugeMetricFamily(
            "ask_profiler_workers", "Workers that show signs of life.", labels=["state"]
        )
        busy = sum(1 for worker in workers if worker.job_id)
        listed.add_metric(["busy"], busy)
        listed.add_metric(["idle"], len(workers) - busy)
        yield listed
        now = time.time()
        yield GaugeMetricFamily(
            "ask_profiler_oldest_heartbeat_seconds",
            "Time since the last sign of life of the worker that has been silent longest, 0 without workers.",
            value=max((max(0.0, now - worker.heartbeat) for worker in workers), default=0.0),
        )
