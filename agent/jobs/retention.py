"""What is old is removed: ended jobs, their events, and their files, once an hour."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType

from agent.errors import StorageFailed
from agent.jobs.desk import Desk

log = logging.getLogger(__name__)
EVERY_S = 3600.0
DAY_S = 86400.0


@dataclass(slots=True, kw_only=True)
class Retention:
    """Removes what is older than `storage.retention_days` for as long as the block lasts; nothing without that."""

    desk: Desk
    _over: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def __enter__(self) -> Retention:
        if self.desk.settings.storage.retention_days is not None:
            self._thread = threading.Thread(target=self._keep_removing, name="retention", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _keep_removing(self) -> None:
        while True:
            try:
                removed = remove_old(self.desk, time.time())
                if removed:
                    log.info("%d ended jobs were removed, older than the retention", removed)
            except StorageFailed as error:
                log.warning("what is old could not be removed: %s", error)
            if self._over.wait(EVERY_S):
                return


def remove_old(desk: Desk, now: float) -> int:
    """Remove the jobs that ended longer ago than the retention; how many. A run's files go with its last job.

    Raises: StorageFailed.
    """
    days = desk.settings.storage.retention_days
    if days is None:
        return 0
    removed = desk.records.prune(now - days * DAY_S)
    kept = desk.records.runs_among({job.run_id for job in removed})
    for run_id in sorted({job.run_id for job in removed} - kept):
        desk.run_files.remove(run_id)
    return len(removed)
