"""A run's steps in PostgreSQL, written only by the worker that has the job.

langgraph has no lock for a thread: two workers that go on with one run would both write. Each write here is a
transaction that first checks the job's fence, and holds it until the write is done.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg.rows import DictRow

from agent.checkpoints import serializer
from agent.cluster.connecting import connect, until_back
from agent.errors import JobLost
from agent.jobs.claims import Claim

T = TypeVar("T")
FENCE = "select 1 from ap_jobs where id = %s and fence = %s and state = 'running' for share"
"""A worker that takes the job over must wait for this row, and one that lost it finds none."""


class FencedSaver(PostgresSaver):
    """langgraph's saver on one connection, opened again when it breaks.

    `keep_files` is called before each write: the files that a step made are kept before the step counts as done.
    Writing raises JobLost where another worker has the job, StorageFailed where the database refuses or stays away.
    """

    def __init__(self, claim: Claim, keep_files: Callable[[], None]) -> None:
        self._address, self._shown = claim.database.address, claim.database.shown
        self._job_id, self._fence = claim.job.id, claim.fence
        self._keep_files = keep_files
        self._alone = threading.RLock()
        super().__init__(until_back(lambda: connect(self._address), self._shown), serde=serializer())

    def close(self) -> None:
        """Let go of the connection."""
        with self._alone:
            self._connection().close()

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """A step of the run, None without any. Raises: StorageFailed."""
        read = super().get_tuple
        return self._do(lambda: read(config))

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """The run's steps, newest first. Raises: StorageFailed."""
        read = super().list
        return iter(self._do(lambda: tuple(read(config, filter=filter, before=before, limit=limit))))

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a step. Raises: JobLost, StorageFailed."""
        self._keep_files()
        write = super().put
        return self._do(lambda: self._fenced(lambda: write(config, checkpoint, metadata, new_versions)))

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep what one part of a step found, before the others are done. Raises: JobLost, StorageFailed."""
        self._keep_files()
        write = super().put_writes
        self._do(lambda: self._fenced(lambda: write(config, writes, task_id, task_path)))

    def _do(self, work: Callable[[], T]) -> T:
        def once() -> T:
            with self._alone:
                if self._connection().closed:
                    self.conn = connect(self._address)
                try:
                    return work()
                except psycopg.OperationalError:
                    self._connection().close()  # it may be half dead
                    raise

        return until_back(once, self._shown)

    def _fenced(self, write: Callable[[], T]) -> T:
        with self._connection().transaction():
            if self._connection().execute(FENCE, (self._job_id, self._fence)).fetchone() is None:
                raise JobLost(f"job {self._job_id} isn't this worker's any more: its step isn't kept")
            return write()

    def _connection(self) -> psycopg.Connection[DictRow]:
        if not isinstance(self.conn, psycopg.Connection):
            raise TypeError("a saver with a fence has one connection, no pool")
        return self.conn


@contextlib.contextmanager
def fenced(claim: Claim, keep_files: Callable[[], None]) -> Iterator[FencedSaver]:
    """The steps of the run that a worker has, for as long as the block lasts. Raises: StorageFailed."""
    saver = FencedSaver(claim, keep_files)
    try:
        yield saver
    finally:
        saver.close()
