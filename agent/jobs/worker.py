"""A worker: takes one job after the other, carries it out, and says what happens to whoever watches.

While it works it shows signs of life. When a job is cancelled or has been taken over, every program that was started
for it is ended and nothing more is written.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from agent.errors import AgentError, JobLost, StorageFailed
from agent.jobs.attempt import Attempt
from agent.jobs.claims import Claim, Claims
from agent.jobs.files import RunFiles
from agent.jobs.frozen import FrozenWriters
from agent.jobs.queue import Queue
from agent.jobs.worker_name import WorkerName, end_process
from agent.service import Paused
from agent.telemetry.metrics import process_metrics
from agent.telemetry.tracing import span
from tools.errors import Cancelled, ToolError

log = logging.getLogger(__name__)
Spent = Callable[[str, float], None]


@dataclass(slots=True, kw_only=True)
class Worker:
    """One worker process. `labels` are what it offers; `spent` is told of each job's caller and cost in dollars."""

    claims: Claims
    queue: Queue
    files: RunFiles
    environment: Mapping[str, str]
    labels: frozenset[str] = frozenset()
    heartbeat_s: float = 1.0
    name: WorkerName = field(default_factory=WorkerName.own)
    spent: Spent = lambda _caller, _cost_usd: None
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _attempt: Attempt | None = field(default=None, init=False)

    def work(self) -> None:
        """Carry jobs out until `stop`."""
        beats = threading.Thread(target=self._show, name="presence", daemon=True)
        beats.start()
        try:
            with FrozenWriters(self.claims).watching(self.heartbeat_s):
                self.queue.work(self.labels, self.carry_out, self._stop)
        finally:
            self._stop.set()
            beats.join(timeout=2 * self.heartbeat_s)
            with contextlib.suppress(StorageFailed):
                self.claims.leave(self.name)

    def stop(self) -> None:
        """Finish the step that is worked on, hand the run on, and end. A second time ends the step, too."""
        is_second = self._stop.is_set()
        self._stop.set()
        attempt = self._attempt
        if attempt is not None:
            attempt.pause(at_once=is_second)

    def carry_out(self, job_id: str) -> None:
        """Carry a job out, unless it has ended or another worker is on it. What fails of it is recorded."""
        claim = self.claims.claim(job_id, self.name)
        if claim is None:
            return
        log.info("job %s: taken, attempt %d", job_id, claim.job.attempts + 1)
        self._attempt = Attempt(claim=claim, files=self.files, environment=self.environment)
        if self._stop.is_set():
            self._attempt.pause(at_once=False)
        try:
            if claim.before is not None:
                self._end_before(claim.before)
            with self._alive(claim, self._attempt):
                self._carry_out(claim, self._attempt)
        except JobLost:
            log.warning("job %s: lost to another worker; nothing more is written for it", job_id)
        finally:
            self._attempt = None

    def _carry_out(self, claim: Claim, attempt: Attempt) -> None:
        """Carry the job out and record how it ended. Raises: JobLost."""
        job = claim.job
        try:
            with span("job", job=job.id, kind=job.kind, target=job.target, attempt=job.attempts + 1):
                outcome = attempt.run()
        except JobLost:
            raise
        except Paused:
            claim.give_back("its worker was asked to stop: another one goes on with it", counts=False)
        except Cancelled:
            self._ended_early(claim, attempt)
        except StorageFailed as error:
            log.warning("job %s: %s", job.id, error)
            claim.give_back(str(error), counts=True)
            self._stop.wait(self.heartbeat_s)  # a full disk is as full right afterwards
        except (AgentError, ToolError) as error:
            attempt.ended_as = "failed"
            attempt.clear()
            claim.end("failed", problem=str(error))
        except Exception:
            log.exception("job %s: failed in a way that isn't foreseen", job.id)
            claim.give_back("it failed in a way that isn't foreseen; the worker's log has it", counts=True)
        else:
            attempt.ended_as = outcome
            claim.end("done", outcome=outcome)
        finally:
            self.spent(job.caller, attempt.cost_usd())
            process_metrics().ended(attempt.ended_as, attempt.report)

    def _ended_early(self, claim: Claim, attempt: Attempt) -> None:
        if attempt.is_lost:
            raise JobLost(f"job {claim.job.id} was taken over")
        if attempt.is_cancelled:
            attempt.ended_as = "cancelled"
            attempt.clear()
            claim.end("cancelled", problem="it was cancelled; nothing of it is running any more")
        else:
            claim.give_back("its worker was stopped: another one goes on with it", counts=False)

    @contextlib.contextmanager
    def _alive(self, claim: Claim, attempt: Attempt) -> Iterator[None]:
        """Show signs of life for a job in the block, and end it when it is cancelled or lost."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(self.heartbeat_s):
                try:
                    what = claim.beat()
                except StorageFailed as error:  # whoever takes it over needs the same database
                    log.warning("job %s: no sign of life could be shown: %s", claim.job.id, error)
                    continue
                if what != "go on":
                    attempt.give_up(is_lost=what == "lost")

        beats = threading.Thread(target=beat, name="heartbeat", daemon=True)
        beats.start()
        try:
            yield
        finally:
            over.set()
            beats.join()

    @staticmethod
    def _end_before(worker: WorkerName) -> None:
        """Make sure that a worker that lost its job is gone from this host: frozen, it would go on where it was."""
        if end_process(worker):
            log.warning("worker %s showed no sign of life: its process %d was ended", worker, worker.pid)

    def _show(self) -> None:
        """Show that the worker is there, whether it has a job or not."""
        while True:
            attempt = self._attempt
            try:
                self.claims.seen(self.name, self.labels, attempt.claim.job.id if attempt is not None else "")
            except StorageFailed as error:
                log.warning("the database can't be reached: %s", error)
            if self._stop.wait(self.heartbeat_s):
                return
