"""Tasks that began with a choice: there is no job before it is made. Kept among the service's notes.

Every other task is a job, and nothing about it is kept here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from agent.doors.a2a.incoming import Incoming, digest
from agent.jobs.job import Choice
from agent.jobs.records import Conversation, Records

TASK, CONTEXT = "a2a:task:", "a2a:context:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a task, the agent's or the caller's."""

    id: str
    by_agent: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A task that waits for a choice, or waited for one: then `job_id` is the job that came of it. `choice` is what
    was asked last; `time` is when. One that was withdrawn ended without a job: cancelled, or for the `problem` that
    the answer met.
    """

    id: str
    caller: str
    context: str
    said: tuple[Said, ...]
    choice: Choice
    time: float
    job_id: str = ""
    withdrawn: bool = False
    problem: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether the choice is still to be made."""
        return not self.job_id and not self.withdrawn

    def heard(self, message_id: str) -> bool:
        """Whether this message of the caller's has been taken already."""
        return any(said.id == message_id and not said.by_agent for said in self.said)

    def decided(self, incoming: Incoming, job_id: str) -> Undecided:
        """With the message that decided it, and the job that came of it."""
        return replace(self, said=(*self.said, _heard(incoming)), job_id=job_id)

    def refused(self, incoming: Incoming, problem: str) -> Undecided:
        """With the message that was to decide it, and why nothing came of it."""
        said = (*self.said, _heard(incoming))
        return replace(self, said=said, withdrawn=True, problem=problem, time=time.time())

    def asking(self, incoming: Incoming, choice: Choice) -> Undecided:
        """With a message, and the choice that is asked for after it."""
        asked = Said(id=f"{self.id}-{len(self.said) + 1}", by_agent=True, text=question_of(choice))
        return replace(self, said=(*self.said, _heard(incoming), asked), choice=choice, time=time.time())


def question_of(choice: Choice) -> str:
    """The question with its numbered answers, for people and models."""
    lines = [choice.question, *(f"{n}. {o.value}: {o.text}" for n, o in enumerate(choice.options, 1))]
    return "\n".join(lines)


def _heard(incoming: Incoming) -> Said:
    return Said(id=incoming.id, by_agent=False, text=incoming.text)


_UNDECIDED: TypeAdapter[Undecided] = TypeAdapter(Undecided)


@dataclass(frozen=True, slots=True)
class UndecidedTasks:
    """All of them, of all callers; every id names its caller, too."""

    records: Records

    def begin(self, caller: str, incoming: Incoming, choice: Choice) -> Undecided:
        """A new one, not kept yet."""
        empty = Undecided(
            id=task_id_of(caller, incoming.id),
            caller=caller,
            context=incoming.context,
            said=(),
            choice=choice,
            time=time.time(),
        )
        return empty.asking(incoming, choice)

    def keep(self, task: Undecided) -> None:
        """Keep it as it stands, as the last one of its context."""
        self.records.note(TASK + task.id, _UNDECIDED.dump_json(task).decode())
        self.records.note(_context_key(task.caller, task.context), task.id)

    def get(self, task_id: str) -> Undecided | None:
        """One by its id, None where that is no such task."""
        found = self.records.noted(TASK + task_id)
        return _UNDECIDED.validate_json(found) if found is not None else None

    def of_context(self, caller: str, context: str) -> Undecided | None:
        """The last one of a context."""
        task_id = self.records.noted(_context_key(caller, context))
        return self.get(task_id) if task_id is not None else None

    def of_caller(self, caller: str) -> Mapping[str, Undecided]:
        """A caller's, by the id of each."""
        found = self.records.notes(TASK + _prefix(caller)).values()
        tasks = (_UNDECIDED.validate_json(text) for text in found)
        return {task.id: task for task in tasks if task.caller == caller}

    def is_asked(self, task: Undecided) -> bool:
        """Whether the desk still waits for the choice."""
        return self.records.conversation(task.caller, task.context).asked is not None

    def withdraw(self, task: Undecided) -> Undecided:
        """Wait for the choice no longer: the next message of the context is a question of its own."""
        conversation = self.records.conversation(task.caller, task.context)
        if conversation.asked is not None:
            self.records.converse(task.caller, task.context, Conversation(job_id=conversation.job_id))
        withdrawn = replace(task, withdrawn=True, time=time.time())
        self.keep(withdrawn)
        return withdrawn


def task_id_of(caller: str, message_id: str) -> str:
    """The id that a task gets where its first message needs a choice: the same for a repeat of that message."""
    return _prefix(caller) + digest(message_id, 24)


def _prefix(caller: str) -> str:
    return "q" + digest(caller, 16)


def _context_key(caller: str, context: str) -> str:
    return CONTEXT + digest(f"{caller}\n{context}", 40)
