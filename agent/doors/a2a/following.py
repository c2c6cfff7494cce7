"""What happens to a task, as A2A's updates: statuses as they come, then the files, then the last status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from a2a.types import Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent

from agent.access.caller import Caller
from agent.doors.a2a.artefacts import Artefacts
from agent.doors.a2a.parts import struct
from agent.doors.a2a.tasks import Outcome, Tracked, answer_artefact, facts_of, status_after, task_of
from agent.doors.spelling import SETTINGS, spelled_event
from agent.jobs.desk import Desk
from agent.jobs.job import Event

Update = TaskStatusUpdateEvent | TaskArtifactUpdateEvent


@dataclass(frozen=True, slots=True)
class Following:
    """Reads what the desk knows of a task, now and as it comes."""

    desk: Desk
    artefacts: Artefacts

    async def events(self, caller: Caller, tracked: Tracked) -> Sequence[Event]:
        """What has happened to a task so far."""
        if tracked.job is None:
            return ()
        found = await asyncio.to_thread(self.desk.events, caller, tracked.job.id)
        return tuple(spelled_event(event, SETTINGS) for event in found)

    async def picture(self, caller: Caller, tracked: Tracked, events: Sequence[Event]) -> Task:
        """The task as it stands, with its files once it has ended."""
        return task_of(tracked, events, await self.outcome(caller, tracked))

    async def outcome(self, caller: Caller, tracked: Tracked) -> Outcome | None:
        """What the task came to, None before its end."""
        if tracked.job is None or not tracked.job.has_ended:
            return None
        return await asyncio.to_thread(self.artefacts.outcome, caller, tracked.job)

    async def until_end(self, caller: Caller, tracked: Tracked) -> None:
        """Returns when the task has ended; at once where it waits for a choice. Raises: NotThere."""
        if tracked.job is not None:
            async for _ in self.desk.follow(caller, tracked.job.id):
                pass

    async def updates(
        self, caller: Caller, tracked: Tracked, before: Sequence[Event] = ()
    ) -> AsyncIterator[Update]:
        """The task's updates after the events `before`, until it has ended. Raises: NotThere."""
        if tracked.job is None:
            return
        answer = next((event for event in reversed(before) if event.kind == "answer"), None)
        after = before[-1].seq if before else 0
        async for event in self.desk.follow(caller, tracked.job.id, after=after):
            if event.kind == "answer":
                answer = event
                yield _artefact(tracked, event)
            elif event.kind != "ended":
                yield status_update(tracked, event)
            else:
                last = spelled_event(event, SETTINGS)
                async for update in self._last(caller, tracked, last, answer):
                    yield update
                return

    async def _last(
        self, caller: Caller, tracked: Tracked, event: Event, answer: Event | None
    ) -> AsyncIterator[Update]:
        """The files of a task that has ended, and its last status."""
        if tracked.job is None:
            return
        job = await asyncio.to_thread(self.desk.job, caller, tracked.job.id)
        outcome = await asyncio.to_thread(self.artefacts.outcome, caller, job)
        for artefact in outcome.artefacts:
            yield TaskArtifactUpdateEvent(
                task_id=tracked.id, context_id=tracked.context, artifact=artefact, last_chunk=True
            )
        yield status_update(tracked, event, answer, outcome)


def status_update(
    tracked: Tracked, event: Event, answer: Event | None = None, outcome: Outcome | None = None
) -> TaskStatusUpdateEvent:
    """An event as an update of the task's status."""
    return TaskStatusUpdateEvent(
        task_id=tracked.id,
        context_id=tracked.context,
        status=status_after(tracked, event, answer, outcome),
        metadata=struct(facts_of(event)),
    )


def _artefact(tracked: Tracked, event: Event) -> TaskArtifactUpdateEvent:
    return TaskArtifactUpdateEvent(
        task_id=tracked.id,
        context_id=tracked.context,
        artifact=answer_artefact(event),
        last_chunk=True,
        metadata=struct({"event": event.kind, "seq": event.seq}),
    )
