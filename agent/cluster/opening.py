"""Puts together what many machines share: the queue and the kept files, over one PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from agent.cluster.blobs import open_blobs
from agent.cluster.connecting import limit_sessions
from agent.cluster.files import ClusterFiles
from agent.cluster.migrating import check, migrate
from agent.cluster.queue import ClusterQueue
from agent.cluster.sweeping import sweep
from agent.database.opening import Database
from agent.jobs.claims import Claims
from agent.jobs.files import RunFiles
from agent.jobs.opening import runs_store
from agent.jobs.queue import Queue
from agent.settings import Settings

__all__ = ["migrate", "open_cluster"]


def open_cluster(
    settings: Settings, environment: Mapping[str, str], database: Database, claims: Claims
) -> tuple[Queue, RunFiles]:
    """The queue and the files of many machines. Without an address for files they are kept in the folder `artefacts`
    beside that of runs, which only workers of one machine share.

    Raises: BadSettings when tables are missing or the address can't be used, StorageFailed.
    """
    check(database)
    limit_sessions(database.engine)
    store = runs_store(settings, environment)
    blobs = open_blobs(settings.storage.artefacts_url or str(store.runs_dir.parent / "artefacts"))
    files = ClusterFiles(database=database, blobs=blobs, store=store)
    queue = ClusterQueue(claims=claims, sweep=lambda: sweep(database, blobs, datetime.now(UTC)))
    return queue, files
