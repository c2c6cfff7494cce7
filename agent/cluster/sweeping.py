"""Removing what nothing names any more: contents of earlier steps, and what is left of jobs whose records are gone.

Nothing that a worker is about to name is ever removed, without locks or clocks. A manifest names contents of the one
before it and such as its own worker wrote. So whatever isn't named now, and lies in the folder of a worker that doesn't
have its job now, will never be named.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from langgraph.checkpoint.postgres import PostgresSaver
from sqlalchemy import select

from agent.cluster.blobs import Blobs, fence_of
from agent.cluster.connecting import connect, until_back
from agent.cluster.fetching import fetch_manifest
from agent.database.opening import Database
from agent.database.tables import jobs
from agent.errors import NotThere

log = logging.getLogger(__name__)
FORGOTTEN = timedelta(days=7)
"""What is kept of a run without a record is removed when it is older: a restored database may lack younger ones."""
AT_ONCE = 500
"""So many runs are looked up at a time."""


def sweep_run(database: Database, blobs: Blobs, run_id: str, ours: tuple[str, int] | None = None) -> int:
    """Remove the contents of a run that nothing names any more; how many they were.

    `ours` is the job and fence under which the caller has the run, when it writes nothing meanwhile.
    Raises: NotThere when a manifest is missing, StorageFailed.
    """
    with database.reading() as connection:
        query = select(jobs.c.id, jobs.c.fence, jobs.c.state, jobs.c.manifest).where(jobs.c.run_id == run_id)
        rows = connection.execute(query).all()
    named = {row.manifest for row in rows}
    for row in rows:
        named |= fetch_manifest(blobs, run_id, row.manifest).blobs
    over = {row.id: row.fence - (1 if row.state == "running" else 0) for row in rows}
    if ours is not None:
        over[ours[0]] = ours[1]
    left = [name for name in blobs.names(run_id) - named if _is_over(name, over)]
    blobs.remove(run_id, left)
    return len(left)


def sweep(database: Database, blobs: Blobs, now: datetime) -> int:
    """Remove the files and steps of old runs that no job is recorded of any more; how many runs they were.

    Raises: StorageFailed.
    """
    old = [run_id for run_id in blobs.runs() if _is_older(run_id, now - FORGOTTEN)]
    removed = 0
    for start in range(0, len(old), AT_ONCE):
        some = old[start : start + AT_ONCE]
        with database.reading() as connection:
            known = set(connection.execute(select(jobs.c.run_id).where(jobs.c.run_id.in_(some))).scalars())
        for run_id in sorted(set(some) - known):
            log.info("run %s: no job is recorded of it any more, its files are removed", run_id)
            with contextlib.suppress(NotThere):
                blobs.remove_run(run_id)
            forget_steps(database, [run_id])
            removed += 1
    return removed


def forget_steps(database: Database, run_ids: Iterable[str]) -> None:
    """Remove the steps of runs. Raises: StorageFailed."""
    names = list(run_ids)

    def once() -> None:
        with connect(database.address) as connection:
            PostgresSaver(connection).prune(names, strategy="delete")

    until_back(once, database.shown)


def _is_over(name: str, over: Mapping[str, int]) -> bool:
    """Whether the worker that wrote a content doesn't have its job any more."""
    job_id, fence = fence_of(name.partition("/")[0])
    return fence <= over.get(job_id, -1)


def _is_older(run_id: str, than: datetime) -> bool:
    """Whether a run was begun before; False for what isn't the name of a run of the service."""
    with contextlib.suppress(ValueError):
        return datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC) < than
    return False
