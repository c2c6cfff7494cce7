"""A frozen worker that would keep everybody else from writing: it is ended by whoever notices.

A worker that is frozen within a transaction (SIGSTOP, a cgroup's freezer, swapping) keeps SQLite's only write lock:
its job can't be taken over then, and no question recorded. PostgreSQL ends such sessions by itself, as
agent.cluster.connecting tells it to.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from agent.database.locking import write_lock_holder
from agent.errors import StorageFailed
from agent.jobs.claims import Claims
from agent.jobs.worker_name import WorkerName, end_process

log = logging.getLogger(__name__)
LOOKS = 20
LOOK_S = 0.02
"""Before a worker is ended, it must have the lock at so many looks in a row: our transactions take milliseconds."""


@dataclass(slots=True)
class FrozenWriters:
    """Ends a worker of this host that has had the write lock for `lost_after_s`, and shown no sign of life.

    Only workers are ended, never the service or another program.
    """

    claims: Claims
    clock: Callable[[], float] = time.monotonic
    end: Callable[[WorkerName], bool] = end_process
    _holder: int | None = field(default=None, init=False)
    _since: float = field(default=0.0, init=False)

    def look(self) -> WorkerName | None:
        """Look once, to be done again and again; the worker that was ended, None for none. Raises: StorageFailed."""
        holder = self._who()
        if holder is None or holder != self._holder:
            self._holder, self._since = holder, self.clock()
            return None
        if self.clock() - self._since < self.claims.lost_after_s:
            return None
        worker = self.claims.silent(holder)
        if worker is None or not self._still_has_it(holder):
            return None
        log.warning(
            "worker %s is frozen and keeps the database from being written to: its process %d is ended",
            worker, holder,
        )  # fmt: skip
        self._holder = None
        return worker if self.end(worker) else None

    @contextlib.contextmanager
    def watching(self, every_s: float) -> Iterator[None]:
        """Look every so often in the block. With a PostgreSQL there is nothing to be looked at."""
        if self.claims.database.file is None:
            yield
            return
        over = threading.Event()

        def keep_looking() -> None:
            while not over.wait(every_s):
                try:
                    self.look()
                except StorageFailed as error:
                    log.warning("whether a worker is frozen can't be told: %s", error)

        thread = threading.Thread(target=keep_looking, name="frozen writers", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _who(self) -> int | None:
        file = self.claims.database.file
        return write_lock_holder(file) if file is not None else None

    def _still_has_it(self, holder: int) -> bool:
        for _ in range(LOOKS):
            if self._who() != holder:
                return False
            time.sleep(LOOK_S)
        return True
