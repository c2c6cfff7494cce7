"""Following jobs: one look at the records for everyone who watches, however many they are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from agent.errors import StorageFailed
from agent.jobs.job import Event
from agent.jobs.records import Records

log = logging.getLogger(__name__)
EVERY_S = 0.1


@dataclass(slots=True)
class Watch:
    """Gives every follower of this process the events of its job as they come. All of them share one loop."""

    records: Records
    every_s: float = EVERY_S
    _followers: dict[str, list[_Follower]] = field(default_factory=dict, init=False)
    _looking: asyncio.Task[None] | None = field(default=None, init=False)

    async def follow(self, job_id: str, after: int) -> AsyncIterator[Event]:
        """A job's events after number `after`, until its last one."""
        follower = _Follower(seq=after)
        self._followers.setdefault(job_id, []).append(follower)
        try:
            while True:
                found = await asyncio.to_thread(self.records.events, job_id, follower.seq)
                for event in found:
                    follower.seq = event.seq
                    yield event
                    if event.kind == "ended":
                        return
                if not found and job_id not in await asyncio.to_thread(self.records.last_events, [job_id]):
                    return  # it was removed
                self._look()
                await follower.news.wait()
                follower.news.clear()
        finally:
            self._leave(job_id, follower)

    def _look(self) -> None:
        """See to it that someone looks at the records."""
        loop = asyncio.get_running_loop()
        if self._looking is None or self._looking.done() or self._looking.get_loop() is not loop:
            self._looking = loop.create_task(self._keep_looking())

    async def _keep_looking(self) -> None:
        while self._followers:
            await asyncio.sleep(self.every_s)
            try:
                last = await asyncio.to_thread(self.records.last_events, list(self._followers))
            except StorageFailed as error:
                log.warning("jobs can't be followed for the moment: %s", error)
                continue
            for job_id, followers in list(self._followers.items()):
                for follower in followers:
                    if last.get(job_id, follower.seq + 1) > follower.seq:  # gone: to be noticed
                        follower.news.set()

    def _leave(self, job_id: str, follower: _Follower) -> None:
        followers = self._followers.get(job_id, [])
        if follower in followers:
            followers.remove(follower)
        if not followers:
            self._followers.pop(job_id, None)


@dataclass(slots=True, eq=False)
class _Follower:
    seq: int
    news: asyncio.Event = field(default_factory=asyncio.Event)
