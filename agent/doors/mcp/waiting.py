"""Waiting for a job within a call: its events become progress, giving the call up cancels the job."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import anyio
import anyio.to_thread
from mcp.server.mcpserver import Context

from agent.access.caller import Caller
from agent.doors.mcp.names import DOOR
from agent.doors.spelling import Spelling, spelled_event, spelling_for
from agent.jobs.desk import Desk
from agent.jobs.job import Event, Job
from agent.rendering.profile_answers.amounts import one_line, shortened

T = TypeVar("T")
BEAT_S = 5.0
"""Clients that hear nothing for a minute often give up."""
LONGEST = 300
"""Characters of one message."""


async def in_thread(call: Callable[[], T]) -> T:
    """What a call of the desk's gives, without keeping the loop waiting."""
    return await anyio.to_thread.run_sync(call)


@dataclass(slots=True)
class Waiting:
    """The calls of one server that wait. Once it `is_stopping` they end with the state as it is, and jobs go on. A
    client that would hear nothing for `beat_s` is told that the work goes on.
    """

    beat_s: float = BEAT_S
    is_stopping: bool = False
    _scopes: set[anyio.CancelScope] = field(default_factory=set)

    def stop(self) -> None:
        """The server stops: no job is cancelled any more, and none waited for. To be called in the server's loop."""
        self.is_stopping = True
        for scope in self._scopes:
            scope.cancel()

    async def ended(self, desk: Desk, caller: Caller, job: Job, context: Context, wait_s: float) -> Job:
        """The job when it has ended, or as it is after `wait_s`. When the call is cancelled, the job is, too."""
        with anyio.move_on_after(0.0 if self.is_stopping else wait_s) as scope:
            self._scopes.add(scope)
            try:
                await self._follow(desk, caller, job.id, Progress(context, spelling_for(caller)))
            except anyio.get_cancelled_exc_class():
                if not (self.is_stopping or scope.cancel_called):
                    with anyio.CancelScope(shield=True):
                        await in_thread(lambda: desk.cancel(caller, job.id, door=DOOR))
                raise
            finally:
                self._scopes.discard(scope)
        return await in_thread(lambda: desk.job(caller, job.id))

    async def _follow(self, desk: Desk, caller: Caller, job_id: str, progress: Progress) -> None:
        seq, has_ended = 0, False
        while not has_ended:
            with anyio.move_on_after(self.beat_s):
                async for event in desk.follow(caller, job_id, after=seq):
                    seq, has_ended = event.seq, event.kind == "ended"
                    await progress.tell(event)
                return
            await progress.beat()


@dataclass(slots=True)
class Progress:
    """What the client is told of one job, if it asked for progress; the count only rises, for no end can be told."""

    context: Context
    spelling: Spelling
    started: float = field(default_factory=time.monotonic)
    count: int = 0
    last: str = "waiting"

    async def tell(self, event: Event) -> None:
        """An event."""
        said = spelled_event(event, self.spelling).text
        self.last = shortened(one_line(said), LONGEST) or event.kind
        await self._send(self.last)

    async def beat(self) -> None:
        """That nothing new has happened."""
        await self._send(f"{self.last} ({time.monotonic() - self.started:.0f} s)")

    async def _send(self, message: str) -> None:
        self.count += 1
        await self.context.report_progress(self.count, None, message)
