"""One worker's attempt at a job: the run or the follow-up question, cancelled, paused or carried to its end."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from agent.ending import CANCELLED
from agent.errors import BadRequest, JobLost, StorageFailed
from agent.evidence import EvidenceIndex
from agent.followup import FollowUp, opened
from agent.jobs.claims import Claim
from agent.jobs.files import RunFiles
from agent.jobs.job import EventKind
from agent.jobs.telling import Telling
from agent.rendering import json as json_rendering
from agent.rendering.reply import shown
from agent.report import MODEL_USE, Report
from agent.service import Service
from agent.store import EvidenceLog, RunFolder, Store
from agent.workspace import Workspace

log = logging.getLogger(__name__)
REPORT = "report.json"


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One worker's attempt at a job. `report` is the run's where it was made; `ended_as` is the outcome for metrics,
    and `handed on` where the job isn't ended by it.
    """

    claim: Claim
    files: RunFiles
    environment: Mapping[str, str]
    report: Report | None = None
    ended_as: str = "handed on"
    is_cancelled: bool = field(default=False, init=False)
    is_lost: bool = field(default=False, init=False)
    _store: Store | None = field(default=None, init=False)
    _cost_before_usd: float = field(default=0.0, init=False)
    _running: Service | FollowUp | None = field(default=None, init=False)
    _pausing: bool = field(default=False, init=False)

    def run(self) -> str:
        """Carry the job out; its outcome. Raises: AgentError, ToolError, Paused, JobLost."""
        store = self._store = self.files.take(self.claim)
        if self.claim.job.kind == "follow-up":
            self._cost_before_usd = self._known_cost_usd()
            return self._follow_up(store)
        report = self._report(store)
        self.files.keep(self.claim, store.open(report.run_id))
        self.report = report
        return report.outcome

    def cost_usd(self) -> float:
        """What models cost for the job, as far as it is known. Of a run that is handed on nothing is told yet: its end
        tells all of it, what earlier workers spent included.
        """
        is_told = self.claim.job.kind == "follow-up" or self.ended_as != "handed on"
        return self._known_cost_usd() - self._cost_before_usd if is_told else 0.0

    def _known_cost_usd(self) -> float:
        """What models have cost by the evidence in the run's folder."""
        if self._store is None:
            return 0.0
        folder = RunFolder(self._store.runs_dir / self.claim.job.run_id)
        return cost_of(EvidenceLog.load(folder).index)

    def clear(self) -> None:
        """Remove the private copies of a run that won't be gone on with, and keep with it that it won't. What can't be
        removed is left to retention.
        """
        if self._store is None or self.claim.job.kind != "run":
            return
        folder = RunFolder(self._store.runs_dir / self.claim.job.run_id)
        if folder.path.is_dir():
            Workspace(folder.path / "work").remove()
            with contextlib.suppress(StorageFailed, BadRequest):
                ending = CANCELLED if self.is_cancelled else folder.ending
                folder.keep_ending(replace(ending, can_go_on=False) if ending is not None else None)
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
        return answered.outcome

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


def cost_of(evidence: EvidenceIndex) -> float:
    """What models cost, in US dollars, as far as it is known."""
    asked = (item for item in evidence.items if item.title.startswith(MODEL_USE))
    return sum(q.value for item in asked for q in item.quantities if q.name == "cost")
