"""Whether the service can take questions: its database answers and is of the right version."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool

from agent.doors.web.wire import Readiness
from agent.errors import BadSettings, StorageFailed
from agent.jobs.desk import Desk

LOG = logging.getLogger(__name__)
LOOK_S = 3.0
"""How long the database may take; while it restarts it is waited for much longer elsewhere."""


@dataclass(slots=True, kw_only=True)
class Probe:
    """Looks whether the service is ready. One look at a time: a database that hangs isn't asked by every probe anew.

    What a database says may name hosts, so it goes to the log; everyone may see the answer.
    """

    desk: Desk
    _looking: asyncio.Task[Readiness] | None = field(default=None, init=False)

    async def look(self) -> Readiness:
        """Ready or not, within LOOK_S."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(run_in_threadpool(self._look))
        done, _ = await asyncio.wait({self._looking}, timeout=LOOK_S)
        if not done:
            return _not_ready(f"the database has not answered for {LOOK_S:g} s")
        return self._looking.result()

    def _look(self) -> Readiness:
        records = self.desk.records
        try:
            records.database.check()
            within_s = self.desk.settings.queue.lost_after_s
            has_workers = bool(records.workers(within_s))
        except BadSettings as error:
            LOG.warning("not ready: %s", error)
            return _not_ready("the database's tables are of another version: run `ask-profiler migrate`")
        except StorageFailed as error:
            LOG.warning("not ready: %s", error)
            return _not_ready("the database can't be reached")
        nobody = f"no worker has shown a sign of life for {within_s:g} s: questions will wait"
        return Readiness(status="ready", problem="", warnings=() if has_workers else (nobody,))


def _not_ready(problem: str) -> Readiness:
    return Readiness(status="not ready", problem=problem, warnings=())
