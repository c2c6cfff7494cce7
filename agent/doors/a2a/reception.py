"""Takes messages to the desk and finds tasks again: which task a message belongs to, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass

from a2a.utils.errors import InvalidParamsError, UnsupportedOperationError

from agent.access.caller import Caller
from agent.doors.a2a.incoming import DOOR, Incoming, can_be_id
from agent.doors.a2a.tasks import Tracked
from agent.doors.a2a.undecided import Undecided, UndecidedTasks, task_id_of
from agent.errors import BadRequest, NotThere, Refused
from agent.jobs.desk import Desk
from agent.jobs.job import Job

LISTED = 1000
"""So many of a caller's latest tasks can be listed."""


@dataclass(frozen=True, slots=True)
class Reception:
    """Blocking, for a thread. One message of a context at a time."""

    desk: Desk
    undecided: UndecidedTasks

    def take(self, caller: Caller, incoming: Incoming) -> Tracked:
        """The task that a message begins or goes on with; a repeat of a message gives the same task again.

        Raises: Refused, BadRequest, StorageFailed, and A2A's errors for a task that takes no message now.
        """
        if incoming.task_id:
            found = self._addressed(caller, incoming)
            if not found.waits_for_choice:
                return found  # a repeat
            open_task = found.undecided
        else:
            open_task = self._begun(caller, incoming)
        if open_task is not None and (open_task.heard(incoming.id) or not open_task.is_waiting):
            return self._tracked(caller, open_task)
        return self._told(caller, incoming, open_task)

    def find(self, caller: Caller, task_id: str) -> Tracked:
        """A task by its id. Raises: NotThere, also where it is another caller's."""
        missing = NotThere(f"there is no task {task_id[:64]!r}")
        if not can_be_id(task_id):
            raise missing
        undecided = self.undecided.get(task_id)
        try:
            if undecided is None:
                return self._of_job(self.desk.job(caller, task_id), None)
            if undecided.caller == caller.id or caller.may("admin"):
                return self._tracked(caller, undecided)
        except NotThere as error:
            raise missing from error
        raise missing

    def all(self, caller: Caller) -> list[Tracked]:
        """The caller's tasks, newest first."""
        jobs = self.desk.jobs(caller, limit=LISTED)
        undecided: dict[str, Undecided] = {}
        for owner in {caller.id, *(job.caller for job in jobs)}:
            undecided.update(self.undecided.of_caller(owner))
        began = {task.job_id: task for task in undecided.values() if task.job_id}
        tracked = [self._of_job(job, began.get(job.id)) for job in jobs]
        tracked += [
            Tracked(id=t.id, context=t.context, undecided=t) for t in undecided.values() if not t.job_id
        ]
        return sorted(tracked, key=lambda t: t.place, reverse=True)

    def cancel(self, caller: Caller, task_id: str) -> Tracked:
        """Cancel a task that has not ended; a job that runs ends soon after. Raises: NotThere."""
        found = self.find(caller, task_id)
        if found.job is not None:
            job = self.desk.cancel(caller, found.job.id, door=DOOR)
            return self._of_job(job, found.undecided)
        if found.undecided is not None and found.waits_for_choice:
            return self._tracked(caller, self.undecided.withdraw(found.undecided))
        return found

    def _told(self, caller: Caller, incoming: Incoming, open_task: Undecided | None) -> Tracked:
        """What the desk makes of a message."""
        context = open_task.context if open_task else incoming.context
        try:
            receipt = self.desk.receive(caller, incoming.for_desk(context))
        except (Refused, BadRequest) as error:
            if open_task is not None and not self.undecided.is_asked(open_task):
                refused = open_task.refused(incoming, str(error))
                self.undecided.keep(refused)
                return self._tracked(caller, refused)
            if isinstance(error, NotThere):  # what the message names, not a task
                raise InvalidParamsError(str(error)) from error
            raise
        if isinstance(receipt, Job):
            if open_task is None:
                return self._of_job(receipt, None)
            decided = open_task.decided(incoming, receipt.id)
            self.undecided.keep(decided)
            return self._of_job(receipt, decided)
        if open_task is None:
            asking = self.undecided.begin(caller.id, incoming, receipt)
        else:
            asking = open_task.asking(incoming, receipt)
        self.undecided.keep(asking)
        return Tracked(id=asking.id, context=asking.context, undecided=asking)

    def _addressed(self, caller: Caller, incoming: Incoming) -> Tracked:
        """The task that a message names, if it may go on with it. Raises: NotThere, A2A's errors."""
        found = self.find(caller, incoming.task_id)
        named = incoming.context if not incoming.is_new_context else found.context
        if named != found.context:
            raise InvalidParamsError(f"task {found.id} isn't of context {named}: leave contextId out")
        undecided, job = found.undecided, found.job
        repeats = (undecided is not None and undecided.heard(incoming.id)) or (
            job is not None and job.key == incoming.key
        )
        if found.waits_for_choice or repeats:
            return found
        follow_up = f"to follow up, send a message with contextId {found.context} and without taskId"
        if found.has_ended:
            raise UnsupportedOperationError(f"task {found.id} has ended: {follow_up}")
        raise UnsupportedOperationError(
            f"task {found.id} is being worked on and takes no message now: wait for its end, or cancel it; {follow_up}"
        )

    def _begun(self, caller: Caller, incoming: Incoming) -> Undecided | None:
        """The task that a message without a task's id goes on with: its own from before, or the one of its context that
        waits.
        """
        before = self.undecided.get(task_id_of(caller.id, incoming.id))
        if before is not None or incoming.is_new_context:
            return before
        last = self.undecided.of_context(caller.id, incoming.context)
        return last if last is not None and (last.is_waiting or last.heard(incoming.id)) else None

    def _tracked(self, caller: Caller, undecided: Undecided) -> Tracked:
        job = self.desk.job(caller, undecided.job_id) if undecided.job_id else None
        return Tracked(id=undecided.id, context=undecided.context, job=job, undecided=undecided)

    def _of_job(self, job: Job, undecided: Undecided | None) -> Tracked:
        if undecided is None:
            return Tracked(id=job.id, context=job.conversation, job=job)
        return Tracked(id=undecided.id, context=undecided.context, job=job, undecided=undecided)
