"""The reception: what a message means in its conversation, and which job comes of it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from agent.access.caller import Caller
from agent.access.limits import Limits
from agent.access.targets import may_reach
from agent.definition import Definition
from agent.errors import BadRequest, Forbidden, NotThere
from agent.jobs.applying import Applying
from agent.jobs.choosing import Chosen, answered, choose, named_in, request_of, urgency
from agent.jobs.job import Choice, Job, Message, Option
from agent.jobs.queue import Queue
from agent.jobs.records import Asked, Conversation, Records
from agent.rendering.profile_answers.amounts import shortened
from agent.settings import Settings
from agent.store import new_run_id

Receipt = Job | Choice
RANDOM_BYTES = 6
"""Of a job's id: it can't be guessed, and is unique among hosts."""
SHOWN = 64
"""Characters of an answer that is none of the options, where the choice is put once more."""
TEXT_LIMIT = 8000
"""Characters of a message; a longer one is refused."""
_APPLY = re.compile(
    r"^\s*(?:please\s+)?apply(?:\s+(?:it|this|that|the patch|the change))?\s*[.!]?\s*$", re.IGNORECASE
)
_NO = frozenset({"no", "cancel", "never mind", "nevermind", "stop"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """Turns messages into jobs, or into the choices that must be made first."""

    settings: Settings
    definition: Definition
    records: Records
    queue: Queue
    limits: Limits
    applying: Applying

    def receive(self, caller: Caller, message: Message) -> Receipt:
        """As `Desk.receive`, without the audit. Raises: Refused, BadRequest, StorageFailed."""
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
                return self.receive(caller, message)  # they ask something else
            return _once_more(asked.choice, message.text)
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
        self.check_reach(caller, last.target)
        follow_up = replace(
            last,
            kind="follow-up",
            question=message.text,
            door=message.door,
            key=message.key,
            conversation=message.conversation,
        )
        return self.enqueue(caller, follow_up, is_run=False)

    def _ask_to_apply(self, caller: Caller, message: Message, run: Job) -> Choice:
        self.applying.where(caller, run)
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
            applied = self.applying.apply(caller, run, message.door)
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
        return self.enqueue(caller, self._first(caller, message, chosen), is_run=True)

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

    def enqueue(self, caller: Caller, job: Job, *, is_run: bool) -> Job:
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

    def check_reach(self, caller: Caller, name: str) -> None:
        """Raises: NotThere when the target isn't the caller's any more."""
        target = self.settings.targets.get(name)
        if not caller.is_local and (target is None or not may_reach(target, caller)):
            raise NotThere(f"there is no target {name[:64]!r} that you may ask about")


def _once_more(choice: Choice, said: str) -> Choice:
    """The choice again, after an answer that makes none."""
    return replace(choice, question=f"{shortened(said, SHOWN)!r} is none of the options. {choice.question}")


def is_said_in(conversation: str, caller: Caller) -> bool:
    """Whether a conversation goes on in the channel that the caller speaks in."""
    return bool(caller.channel) and conversation.startswith(f"{caller.channel}/")


def _talker(caller: Caller, conversation: str) -> str:
    """Whose a conversation is: the caller's, or in a channel everyone's who speaks there."""
    return f"channel:{caller.channel}" if is_said_in(conversation, caller) else caller.id
