"""How jobs reach workers: on one machine from the records themselves, between machines by agent.cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agent.jobs.claims import Claims
from agent.jobs.job import Job


class Queue(Protocol):
    """Hands the ids of jobs to workers. That a job is handed out twice does no harm: who claims it, has it."""

    def put(self, job: Job) -> None:
        """Make a recorded job known to workers."""

    def work(self, labels: frozenset[str], carry_out: Callable[[str], None], stop: threading.Event) -> None:
        """Hand jobs to a worker with these labels, one after the other, until `stop` is set."""

    def close(self) -> None:
        """Let go of what it holds open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsQueue:
    """The queue of one machine: its workers look for jobs in the records, `poll_s` apart."""

    claims: Claims
    poll_s: float

    def put(self, job: Job) -> None:
        """Nothing is left to do: the record is there."""

    def work(self, labels: frozenset[str], carry_out: Callable[[str], None], stop: threading.Event) -> None:
        """Hand out the most urgent job, the oldest of them first."""
        while not stop.is_set():
            job_id = self.claims.next(labels)
            if job_id is not None:
                carry_out(job_id)
            else:
                stop.wait(self.poll_s)

    def close(self) -> None:
        """Nothing is held open."""
