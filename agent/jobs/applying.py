"""Who may have which run's patch put on a branch, and doing it."""

from __future__ import annotations

from dataclasses import dataclass

from agent.access.audit import Audit
from agent.access.caller import Caller
from agent.access.targets import may_apply
from agent.errors import AgentError, BadRequest, Forbidden
from agent.jobs.branching import Applied, put_on_branch
from agent.jobs.files import RunFiles
from agent.jobs.job import Job
from agent.service_settings import ApplySettings
from agent.settings import Settings
from tools.errors import ToolError


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """Puts patches of runs on branches of the targets' repositories, as far as agent.yaml allows it."""

    settings: Settings
    run_files: RunFiles
    audit: Audit

    def where(self, caller: Caller, job: Job) -> tuple[str, ApplySettings]:
        """The target's path, and how its patches are applied.

        Raises: Forbidden, BadRequest when the job's patch can't be put on a branch by this caller.
        """
        target = self.settings.targets.get(job.target)
        if target is None or target.apply is None:
            raise BadRequest(
                f"{job.target} has no `apply` in agent.yaml: fetch optimization.patch and apply it yourself"
            )
        if not may_apply(target, caller):
            raise Forbidden(
                f"you may not apply patches to {job.target}: targets.{job.target}.apply.callers names who may"
            )
        if job.outcome != "improved":
            raise BadRequest(
                f"run {job.run_id} has no patch to apply: it ended with {job.outcome or job.state!r}"
            )
        return target.path, target.apply

    def apply(self, caller: Caller, job: Job, door: str) -> Applied:
        """Put the run's patch on a new branch, and note in the audit who did, and by which door.

        Raises: Forbidden, NotThere, BadRequest, ToolError.
        """
        try:
            applied = self._apply(caller, job)
        except (AgentError, ToolError) as error:
            self.audit.note(caller.id, door, "apply", job.target, "refused", f"{job.run_id}: {error}")
            raise
        self.audit.note(caller.id, door, "apply", job.target, "ok", f"{applied.branch} {applied.commit}")
        return applied

    def _apply(self, caller: Caller, job: Job) -> Applied:
        path, settings = self.where(caller, job)
        patch = self.run_files.read(job.run_id, "optimization.patch").decode("utf-8")
        title = f"perf: {' '.join(job.question.split())[:60]}\n\nRun {job.run_id} of ask-profiler.\n"
        return put_on_branch(
            path, patch, settings, run_id=job.run_id, title=title, author=caller.name or caller.id
        )
