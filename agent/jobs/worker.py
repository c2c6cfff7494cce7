"""A worker: takes one job after the other, carries it out, and says what happens to whoever watches.

While it works it shows signs of life. When a job is cancelled or has been taken over, every program that was started
for it is ended and nothing more is written.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from agent.errors import AgentError, JobLost, StorageFailed
from agent.followup import FollowUp, opened
from agent.jobs.claims import Claim, Claims, WorkerName, is_alive, started_of
from agent.jobs.files import RunFiles
from agent.jobs.job import EventKind
from agent.jobs.queue import Queue
from agent.jobs.telling import Telling
from agent.rendering import json as json_rendering
from agent.rendering.reply import shown
from agent.report import Report
from agent.service import Paused, Service
from agent.store import RunFolder, Store
from agent.telemetry.metrics import process_metrics
from agent.telemetry.tracing import span
from agent.workspace import Workspace
from tools.errors import Cancelled, ToolError

log = logging.getLogger(__name__)
KILL_S = 5.0
"""How long a killed process may take to end."""
REPORT = "report.json"
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
                _end_process(claim.before)
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
            self.spent(job.caller, attempt.cost_usd)
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


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One worker's attempt at a job. `cost_usd` is what models cost in it, as far as that is known; `report` is the
    run's where it was made; `ended_as` is the outcome for the metrics, where the job isn't ended by it `handed on`.
    """

    claim: Claim
    files: RunFiles
    environment: Mapping[str, str]
    cost_usd: float = 0.0
    report: Report | None = None
    ended_as: str = "handed on"
    is_cancelled: bool = field(default=False, init=False)
    is_lost: bool = field(default=False, init=False)
    _store: Store | None = field(default=None, init=False)
    _running: Service | FollowUp | None = field(default=None, init=False)
    _pausing: bool = field(default=False, init=False)

    def run(self) -> str:
        """Carry the job out; its outcome. Raises: AgentError, ToolError, Paused, JobLost."""
        store = self._store = self.files.take(self.claim)
        if self.claim.job.kind == "follow-up":
            return self._follow_up(store)
        report = self._report(store)
        self.files.keep(self.claim, store.open(report.run_id))
        self.report = report
        self.cost_usd += cost_of(report)
        return report.outcome

    def clear(self) -> None:
        """Remove the private copies of a run that won't be gone on with. What can't be removed is left to retention."""
        if self._store is None or self.claim.job.kind != "run":
            return
        folder = RunFolder(self._store.runs_dir / self.claim.job.run_id)
        if folder.path.is_dir():
            Workspace(folder.path / "work").remove()
            with contextlib.suppress(StorageFailed):
                self.files.keep(self.claim, folder)

    def give_up(self, *, is_lost: bool) -> None:
        """End what runs: the job was cancelled, or another worker has it."""
        self.is_lost, self.is_cancelled = is_lost, not is_lost
        if self._running is not None:
            self._running.cancel()

    def pause(self, *, at_once: bool) -> None:
        """Finish the step that is worked on, or not even that."""
        self._pausing = True
        if isinstance(self._running, Service) and not at_once:
            self._running.pause()
        elif self._running is not None:
            self._running.cancel()

    def _report(self, store: Store) -> Report:
        """The report of the run: made from the start, from where it was interrupted, or there already."""
        job, telling = self.claim.job, Telling(tell=self._tell)
        path = store.runs_dir / job.run_id
        if (path / REPORT).is_file():
            return json_rendering.read(path / REPORT)
        service = Service(
            store=store,
            environment=self.environment,
            checkpoints=self.files.checkpoints(self.claim),
            on_update=telling.step,
        )
        self._begin(service)
        if (path / "request.json").is_file():
            return service.resume(job.run_id, telling.progress)
        return service.run(job.request, telling.progress, job.run_id)

    def _follow_up(self, store: Store) -> str:
        job, telling = self.claim.job, Telling(tell=self._tell)
        checkpoints = self.files.checkpoints(self.claim)
        with opened(store, job.run_id, self.environment, telling.progress, checkpoints=checkpoints) as talk:
            self._begin(talk)
            answered = talk.ask(job.question)
            text = shown(answered.text, talk.evidence)
        self.files.keep(self.claim, talk.folder)
        notes = "".join(f"\n\nwarning: {warning}" for warning in answered.warnings)
        self._tell("answer", text + notes, {"evidence": list(answered.evidence), "analyst": answered.analyst})
        return "answered"

    def _begin(self, running: Service | FollowUp) -> None:
        self._running = running
        if self.is_lost or self.is_cancelled:
            running.cancel()
        elif self._pausing:
            self.pause(at_once=False)

    def _tell(self, kind: EventKind, text: str, data: Mapping[str, JsonValue]) -> None:
        """Tell whoever watches. A database that is away for the moment must not end a run for a progress line."""
        try:
            self.claim.tell(kind, text, data)
        except StorageFailed as error:
            if kind == "answer":
                raise
            log.warning("job %s: an event was not recorded: %s", self.claim.job.id, error)
        except JobLost:
            self.give_up(is_lost=True)
            raise


def cost_of(report: Report) -> float:
    """What models cost in a run, in US dollars, as far as it is known."""
    ids = [name for use in report.model_use for name in use.evidence]
    found = (q.value for name in ids for q in report.index.get(name).quantities if q.name == "cost")
    return sum(found)


def _end_process(worker: WorkerName) -> None:
    """Make sure that a worker that lost its job is gone from this host: frozen, it would go on where it was."""
    if worker.pid == os.getpid() or not is_alive(worker):
        return
    log.warning("worker %s showed no sign of life: its process %d is ended", worker, worker.pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(worker.pid, signal.SIGKILL)
    until = time.monotonic() + KILL_S
    while started_of(worker.pid) == worker.started and time.monotonic() < until:
        time.sleep(0.02)
