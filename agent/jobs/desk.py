"""The desk: what every door does with what it is told. The one place where access, targets and limits are decided.

Every method may be called from any thread; doors with a loop call them by `asyncio.to_thread`, but for `follow`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from agent.access.audit import Audit
from agent.access.caller import Caller
from agent.access.limits import Limits
from agent.access.targets import may_apply, may_reach
from agent.definition import Definition
from agent.errors import AgentError, BadRequest, Forbidden, NotThere, Refused
from agent.jobs.branching import Applied, put_on_branch
from agent.jobs.choosing import Chosen, answered, choose, named_in, request_of, urgency
from agent.jobs.files import RunFiles, is_shown
from agent.jobs.job import Choice, Event, Job, Message, Option
from agent.jobs.queue import Queue
from agent.jobs.records import Asked, Conversation, Records
from agent.jobs.watching import Watch
from agent.rendering import json as json_rendering
from agent.report import Report
from agent.settings import Settings
from agent.store import new_run_id
from tools.errors import ToolError

__all__ = ["Applied", "Desk", "Receipt"]

Receipt = Job | Choice
RANDOM_BYTES = 6
"""Of a job's id: it can't be guessed, and is unique among hosts."""
TEXT_LIMIT = 8000
"""Characters of a message; a longer one is refused."""
_APPLY = re.compile(
    r"^\s*(?:please\s+)?apply(?:\s+(?:it|this|that|the patch|the change))?\s*[.!]?\s*$", re.IGNORECASE
)
_NO = frozenset({"no", "cancel", "never mind", "nevermind", "stop"})


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

    def __post_init__(self) -> None:
        self._watch = Watch(self.records)

    def receive(self, caller: Caller, message: Message) -> Receipt:
        """A job for the message, or the choice that must be made first; the next message of the same conversation
        answers a choice. In a conversation with a finished run it is a follow-up question about that. A repeat of
        `message.key` gives the job that it gave before.

        Raises: Refused (Forbidden, NotThere, LimitReached), BadRequest, StorageFailed.
        """
        try:
            receipt = self._receive(caller, message)
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

    def cancel(self, caller: Caller, job_id: str) -> Job:
        """Cancel a job; one that runs is ended within 2 s, and its events tell when. One that has ended stays as it is.
        Raises: NotThere.
        """
        job = self.job(caller, job_id)
        self.audit.note(caller.id, job.door, "cancel", job.target, "ok", job_id)
        return self.records.cancel(job_id)

    def again(self, caller: Caller, job_id: str, *, more: float = 2.0, key: str = "") -> Job:
        """The same question once more, with `more` times the time. Raises: Refused."""
        before = self.job(caller, job_id)
        if before.kind != "run":
            raise BadRequest(f"job {job_id} is a follow-up question: ask it again in its conversation")
        self._check_reach(caller, before.target)
        was_s = before.request.time_limit_s or self.settings.budgets.run_s
        request = replace(
            before.request, time_limit_s=min(was_s * more, self.settings.access.limits.run_limit_s)
        )
        return self._queue(caller, replace(before, request=request, key=key), is_run=True)

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

    def apply(self, caller: Caller, job_id: str) -> Applied:
        """Put the run's patch on a new branch of the target's repository. Raises: Forbidden, NotThere, BadRequest when
        the target has no `apply` in agent.yaml, or the patch doesn't apply to it any more.
        """
        job = self.job(caller, job_id)
        try:
            applied = self._apply(caller, job)
        except (AgentError, ToolError) as error:
            self.audit.note(caller.id, job.door, "apply", job.target, "refused", f"{job.run_id}: {error}")
            raise
        self.audit.note(caller.id, job.door, "apply", job.target, "ok", f"{applied.branch} {applied.commit}")
        return applied

    def _receive(self, caller: Caller, message: Message) -> Receipt:
        there = self.records.by_key(caller.id, message.key)
        if there is not None:
            return there
        if not caller.may("ask"):
            raise Forbidden("you may not ask: your token lacks the scope `ask`")
        text = " ".join(message.text.split())
        if not text and message.change is None:
            raise BadRequest("the question is empty: ask something, such as 'Why is the report slow?'")
        if len(text) > TEXT_LIMIT:
            raise BadRequest(f"the question has {len(text)} characters, and at most {TEXT_LIMIT} are taken")
        message = replace(message, text=text)
        state = Conversation()
        if message.conversation:
            state = self.records.conversation(_talker(caller, message.conversation), message.conversation)
        if state.asked is not None:
            return self._answer(caller, message, state, state.asked)
        last = self.records.job(state.job_id) if state.job_id else None
        if last is not None and self._is_about(message, last, caller):
            return self._go_on(caller, message, last)
        return self._begin(caller, message, last)

    def _answer(self, caller: Caller, message: Message, state: Conversation, asked: Asked) -> Receipt:
        """Go on with the message that a choice was about."""
        meant = answered(asked.choice, message.text)
        if meant is None and message.text.casefold().rstrip(".!") not in _NO and message.target is None:
            if asked.choice.what == "apply" or "?" in message.text or len(message.text.split()) > 4:
                self.records.converse(
                    _talker(caller, message.conversation), message.conversation, replace(state, asked=None)
                )
                return self._receive(caller, message)  # they ask something else
            return asked.choice
        self.records.converse(
            _talker(caller, message.conversation), message.conversation, replace(state, asked=None)
        )
        if asked.choice.what == "apply":
            return self._confirmed(caller, message, asked, meant == "yes")
        if meant is None and message.target is None:
            raise BadRequest("nothing was begun, as you wish: ask again whenever you like")
        target = message.target or (meant if asked.choice.what == "target" else asked.message.target)
        workload = meant if asked.choice.what == "workload" else message.workload or asked.message.workload
        question = replace(asked.message, target=target, workload=workload, key=message.key)
        last = self.records.job(state.job_id) if state.job_id else None
        return self._begin(caller, question, last)

    def _is_about(self, message: Message, last: Job, caller: Caller) -> bool:
        """Whether a message goes on with the conversation's run; one that names another target begins anew."""
        if message.change is not None or last.state in ("failed", "cancelled"):
            return False
        names = [n for n, t in self.settings.targets.items() if may_reach(t, caller)]
        named = message.target or named_in(message.text, names)
        return named is None or named == last.target

    def _go_on(self, caller: Caller, message: Message, last: Job) -> Receipt:
        """A follow-up question about the conversation's run, or the wish to apply what it found."""
        run = self.records.run_of(last.run_id)
        if _APPLY.match(message.text) and run.has_ended:
            return self._ask_to_apply(caller, message, run)
        self._check_reach(caller, last.target)
        follow_up = replace(
            last,
            kind="follow-up",
            question=message.text,
            door=message.door,
            key=message.key,
            conversation=message.conversation,
        )
        return self._queue(caller, follow_up, is_run=False)

    def _ask_to_apply(self, caller: Caller, message: Message, run: Job) -> Choice:
        self._target_to_apply(caller, run)
        options = (Option(value="yes", text="put it on a new branch"), Option(value="no", text="leave it"))
        choice = Choice(
            what="apply",
            question=f"Put the patch of run {run.run_id} on a new branch of {run.target}'s repository?",
            options=options,
        )
        self._wait_for(caller, message, choice, run.id)
        return choice

    def _confirmed(self, caller: Caller, message: Message, asked: Asked, is_wanted: bool) -> Job:
        """A job that has ended already: what became of the wish to apply a patch."""
        state = self.records.conversation(_talker(caller, message.conversation), message.conversation)
        run = self.records.run_of(self.records.job(state.job_id or "").run_id)
        text = "Nothing was applied."
        if is_wanted:
            applied = self.apply(caller, run.id)
            pushed = f", pushed to {applied.pushed_to}" if applied.pushed_to else ""
            text = f"The patch is on the branch {applied.branch} ({applied.commit[:12]}){pushed}."
        job = replace(
            self._new(caller, run),
            kind="follow-up",
            question=asked.message.text,
            key=message.key,
            door=message.door,
        )
        return self.records.create_answered(job, text)

    def _begin(self, caller: Caller, message: Message, last: Job | None) -> Receipt:
        """A new run, or what must be chosen first."""
        suggested = last.target if last is not None and last.target in self.settings.targets else None
        chosen = choose(self.settings.targets, caller, message, suggested)
        if isinstance(chosen, Choice):
            self._wait_for(caller, message, chosen, last.id if last is not None else None)
            return chosen
        return self._queue(caller, self._first(caller, message, chosen), is_run=True)

    def _first(self, caller: Caller, message: Message, chosen: Chosen) -> Job:
        limit_s = message.time_limit_s
        if limit_s is not None:
            limit_s = min(limit_s, self.settings.access.limits.run_limit_s)
        request = request_of(chosen, message, limit_s, is_local=caller.is_local)
        return Job(
            id="",
            kind="run",
            run_id="",
            conversation=message.conversation,
            caller=caller.id,
            door=message.door,
            target=chosen.name,
            question=request.question,
            request=request,
            priority=urgency(request.question, chosen.target, self.definition.policy),
            labels=chosen.target.labels,
            key=message.key,
        )

    def _new(self, caller: Caller, job: Job) -> Job:
        """A job like another one, with an id of its own, that nothing has happened to."""
        job_id = new_run_id(datetime.now(UTC), RANDOM_BYTES)
        return replace(
            job,
            id=job_id,
            caller=caller.id,
            conversation=job.conversation or job_id,
            state="queued",
            attempts=0,
            created=time.time(),
            started=0.0,
            ended=0.0,
            outcome="",
            problem="",
            cancelling=False,
        )

    def _queue(self, caller: Caller, job: Job, *, is_run: bool) -> Job:
        """Record a job and make it known to workers. Raises: LimitReached."""
        self.limits.admit(caller, is_run=is_run, waiting=self.records.waiting(caller.id))
        job = self._new(caller, job)
        if is_run:
            job = replace(job, run_id=job.id)
        made = self.records.create(job, "it waits for a worker")
        if made.id == job.id:
            self.queue.put(made)
        self.records.converse(
            _talker(caller, made.conversation), made.conversation, Conversation(job_id=made.id)
        )
        return made

    def _wait_for(self, caller: Caller, message: Message, choice: Choice, job_id: str | None) -> None:
        if not message.conversation:
            return  # the door asks again with `target` or `workload` set
        asked = Asked(choice=choice, message=replace(message, key=""))
        self.records.converse(
            _talker(caller, message.conversation),
            message.conversation,
            Conversation(job_id=job_id, asked=asked),
        )

    def _is_heard(self, caller: Caller, job: Job) -> bool:
        """Whether the caller speaks in the channel that the job was asked in, and may ask about its target: who reads
        the thread reads the answer.
        """
        target = self.settings.targets.get(job.target)
        return _is_said_in(job.conversation, caller) and target is not None and may_reach(target, caller)

    def _check_reach(self, caller: Caller, name: str) -> None:
        """Raises: NotThere when the target isn't the caller's any more."""
        target = self.settings.targets.get(name)
        if not caller.is_local and (target is None or not may_reach(target, caller)):
            raise NotThere(f"there is no target {name[:64]!r} that you may ask about")

    def _target_to_apply(self, caller: Caller, job: Job) -> None:
        """Raises: Forbidden, BadRequest when the job's patch can't be put on a branch by this caller."""
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

    def _apply(self, caller: Caller, job: Job) -> Applied:
        self._target_to_apply(caller, job)
        target = self.settings.targets[job.target]
        if target.apply is None:
            raise Refused("checked before")
        patch = self.run_files.read(job.run_id, "optimization.patch").decode("utf-8")
        title = f"perf: {' '.join(job.question.split())[:60]}\n\nRun {job.run_id} of ask-profiler.\n"
        return put_on_branch(
            target.path, patch, target.apply, run_id=job.run_id, title=title, author=caller.name or caller.id
        )


def _is_said_in(conversation: str, caller: Caller) -> bool:
    """Whether a conversation goes on in the channel that the caller speaks in."""
    return bool(caller.channel) and conversation.startswith(f"{caller.channel}/")


def _talker(caller: Caller, conversation: str) -> str:
    """Whose a conversation is: the caller's, or in a channel everyone's who speaks there."""
    return f"channel:{caller.channel}" if _is_said_in(conversation, caller) else caller.id


def _why_none(job: Job) -> str:
    if not job.has_ended:
        return "wait until it has ended"
    return job.problem or "it ended before there was one"
