"""The desk: what every door does with what it is told. The one place where access, targets and limits are decided.

Every method may be called from any thread; doors with a loop call them by `asyncio.to_thread`, but for `follow`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

from agent.access.audit import Audit
from agent.access.caller import Caller
from agent.access.limits import Limits
from agent.access.targets import may_apply, may_reach
from agent.definition import Definition
from agent.errors import AgentError, BadRequest, NotThere
from agent.jobs.applying import Applying
from agent.jobs.branching import Applied
from agent.jobs.files import RunFiles, is_shown
from agent.jobs.job import Event, Job, Message
from agent.jobs.queue import Queue
from agent.jobs.reception import Receipt, Reception, is_said_in
from agent.jobs.records import Records
from agent.jobs.watching import Watch
from agent.rendering import json as json_rendering
from agent.report import Report
from agent.settings import Settings

__all__ = ["Applied", "Desk", "Receipt"]


@dataclass(slots=True, kw_only=True)
class Desk:
    """Takes messages, hands out what became of them."""

    settings: Settings
    definition: Definition
    records: Records
    queue: Queue
    run_files: RunFiles
    limits: Limits
    audit: Audit
    _watch: Watch = field(init=False)
    _applying: Applying = field(init=False)
    _reception: Reception = field(init=False)

    def __post_init__(self) -> None:
        self._watch = Watch(self.records)
        self._applying = Applying(settings=self.settings, run_files=self.run_files, audit=self.audit)
        self._reception = Reception(
            settings=self.settings,
            definition=self.definition,
            records=self.records,
            queue=self.queue,
            limits=self.limits,
            applying=self._applying,
        )

    def receive(self, caller: Caller, message: Message) -> Receipt:
        """A job for the message, or the choice that must be made first; the next message of the same conversation
        answers a choice. In a conversation with a finished run it is a follow-up question about that. A repeat of
        `message.key` gives the job that it gave before.

        Raises: Refused (Forbidden, NotThere, LimitReached), BadRequest, StorageFailed.
        """
        try:
            receipt = self._reception.receive(caller, message)
        except AgentError as error:
            self.audit.note(caller.id, message.door, "ask", message.target or "", "refused", str(error))
            raise
        subject, what = (receipt.target, receipt.id) if isinstance(receipt, Job) else ("", receipt.what)
        kind = "job" if isinstance(receipt, Job) else "choice"
        self.audit.note(caller.id, message.door, "ask", subject, kind, f"{what}: {message.text[:200]}")
        return receipt

    def targets(self, caller: Caller) -> Mapping[str, str]:
        """The targets that the caller may name, with their descriptions."""
        return {n: t.description for n, t in self.settings.targets.items() if may_reach(t, caller)}

    def job(self, caller: Caller, job_id: str) -> Job:
        """One job. Raises: NotThere when it isn't the caller's to see."""
        job = self.records.job(job_id)
        if job.caller != caller.id and not caller.may("admin") and not self._is_heard(caller, job):
            raise NotThere(f"there is no job {job_id[:64]!r}")
        return job

    def jobs(self, caller: Caller, *, limit: int = 50) -> tuple[Job, ...]:
        """The caller's jobs, an admin's are everyone's; newest first."""
        return self.records.jobs(
            caller=None if caller.may("admin") else caller.id, limit=min(max(limit, 1), 1000)
        )

    def events(self, caller: Caller, job_id: str, *, after: int = 0) -> tuple[Event, ...]:
        """What has happened to a job since event `after`. Raises: NotThere."""
        self.job(caller, job_id)
        return self.records.events(job_id, after)

    async def follow(self, caller: Caller, job_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """The job's events from `after` on, as they come, until it has ended. Raises: NotThere."""
        await asyncio.to_thread(self.job, caller, job_id)
        async for event in self._watch.follow(job_id, after):
            yield event

    def cancel(self, caller: Caller, job_id: str, *, door: str) -> Job:
        """Cancel a job; one that runs is ended within 2 s, and its events tell when. One that has ended stays as it is,
        and so the audit says. `door` is what this was asked by, wherever the job came from. Raises: NotThere.
        """
        job = self.job(caller, job_id)
        outcome = "ended already" if job.has_ended else "ok"
        self.audit.note(caller.id, door, "cancel", job.target, outcome, job_id)
        return job if job.has_ended else self.records.cancel(job_id)

    def again(self, caller: Caller, job_id: str, *, door: str, more: float = 2.0, key: str = "") -> Job:
        """The same question once more, with `more` times the time, as a job of this `door`. Raises: Refused."""
        before = self.job(caller, job_id)
        try:
            job = self._again(caller, before, more, key, door)
        except AgentError as error:
            self.audit.note(caller.id, door, "again", before.target, "refused", f"{job_id}: {error}")
            raise
        self.audit.note(caller.id, door, "again", job.target, "job", f"{job.id}: {job_id} once more")
        return job

    def _again(self, caller: Caller, before: Job, more: float, key: str, door: str) -> Job:
        if before.kind != "run":
            raise BadRequest(f"job {before.id} is a follow-up question: ask it again in its conversation")
        self._reception.check_reach(caller, before.target)
        was_s = before.request.time_limit_s or self.settings.budgets.run_s
        request = replace(
            before.request, time_limit_s=min(was_s * more, self.settings.access.limits.run_limit_s)
        )
        job = replace(before, request=request, key=key, door=door)
        return self._reception.enqueue(caller, job, is_run=True)

    def report(self, caller: Caller, job_id: str) -> Report:
        """The report of the job's run. Raises: NotThere, BadRequest when it hasn't ended."""
        job = self.job(caller, job_id)
        try:
            content = self.run_files.read(job.run_id, "report.json")
        except NotThere:
            raise BadRequest(f"job {job_id} is {job.state} and has no report: {_why_none(job)}") from None
        return json_rendering.parse(content, f"the report of run {job.run_id}")

    def files(self, caller: Caller, job_id: str) -> tuple[str, ...]:
        """The names of the run's files that may be fetched, sorted. Raises: NotThere."""
        return tuple(name for name in self.run_files.names(self.job(caller, job_id).run_id) if is_shown(name))

    def file(self, caller: Caller, job_id: str, name: str) -> bytes:
        """A file of the run by its name from `files`. Raises: NotThere."""
        job = self.job(caller, job_id)
        if not is_shown(name):
            raise NotThere(f"job {job_id} has no file {name[:200]!r}")
        return self.run_files.read(job.run_id, name)

    def may_apply(self, caller: Caller, job_id: str) -> bool:
        """Whether the caller may have the job's patch put on a branch, and there is one. Raises: NotThere."""
        job = self.job(caller, job_id)
        target = self.settings.targets.get(job.target)
        return job.outcome == "improved" and target is not None and may_apply(target, caller)

    def apply(self, caller: Caller, job_id: str, *, door: str) -> Applied:
        """Put the run's patch on a new branch of the target's repository; `door` is what this was asked by.

        Raises: Forbidden, NotThere, BadRequest when the target has no `apply` in agent.yaml, or the patch doesn't apply
        to it any more.
        """
        return self._applying.apply(caller, self.job(caller, job_id), door)

    def _is_heard(self, caller: Caller, job: Job) -> bool:
        """Whether the caller speaks in the channel that the job was asked in, and may ask about its target: who reads
        the thread reads the answer.
        """
        target = self.settings.targets.get(job.target)
        return is_said_in(job.conversation, caller) and target is not None and may_reach(target, caller)


def _why_none(job: Job) -> str:
    if not job.has_ended:
        return "wait until it has ended"
    return job.problem or "it ended before there was one"
