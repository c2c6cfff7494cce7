"""Jobs handed to workers on many machines by Procrastinate: by labels, the most urgent first.

Procrastinate's entry for a job carries its id and nothing else; who has a job is decided by its record. An entry that
is lost is put again (agent.cluster.mending), one that comes twice does no harm.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import logging
import random
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from psycopg_pool import AsyncConnectionPool

from agent.cluster.connecting import LIMITED, one_line
from agent.cluster.mending import TASK, mend, my_turn, tidy
from agent.database.opening import CONNECTING
from agent.errors import StorageFailed
from agent.jobs.claims import Claims
from agent.jobs.job import PRIORITIES, Job

log = logging.getLogger(__name__)
ANY = "any"
"""The queue of jobs without labels. Others begin with a plus, so that a label may be called so, too."""
QUEUE_BYTES = 40
"""PostgreSQL's names of channels have 63 bytes, of which Procrastinate takes 23."""
POLL_S = 2.0
"""Workers are notified of jobs; a notification that gets lost costs so long."""
MEND_S, TIDY_S = 1.0, 60.0
"""How often one of all workers looks for lost jobs, and for what is left of ended ones."""
HOURLY = "17 * * * *"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
RESUMED = 5
"""What a job that was begun is raised by within its priority, of which there are ten steps to the next."""


@dataclass(slots=True, kw_only=True)
class ClusterQueue:
    """The queue of many machines. `sweep` is called about once an hour, by one of all workers."""

    claims: Claims
    sweep: Callable[[], object] = lambda: None
    _putting: App = field(default_factory=lambda: App(connector=PsycopgConnector()))

    def put(self, job: Job) -> None:
        """Make a recorded job known to workers. What doesn't succeed is done by a worker within seconds: the record is
        there.
        """
        options: dict[str, Any] = {
            "queue": queue_name(job.labels),
            "priority": 10 * PRIORITIES[job.priority] + (RESUMED if job.attempts else 0),
            "queueing_lock": job.id,
        }
        try:
            with self.claims.database.writing() as connection:
                raw = connection.connection.driver_connection
                self._putting.configure_task(TASK, connection=raw, **options).defer(job_id=job.id)
        except AlreadyEnqueued:
            return
        except (ConnectorException, StorageFailed) as error:
            log.warning(
                "job %s waits in its record until a worker puts it into the queue: %s",
                job.id,
                one_line(error),
            )

    def work(self, labels: frozenset[str], carry_out: Callable[[str], None], stop: threading.Event) -> None:
        """Hand out jobs whose labels are all among these; a database that is away is waited for."""
        asyncio.run(self._work(queue_names(labels), carry_out, stop))

    def close(self) -> None:
        """Nothing is held open but by `work`."""

    async def _work(self, queues: list[str], carry_out: Callable[[str], None], stop: threading.Event) -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.create_task(_until(stop))
        looking = asyncio.create_task(self._look_after(stop))
        pause_s = FIRST_PAUSE_S
        try:
            while not stop.is_set():
                began = loop.time()
                try:
                    await self._listen(queues, carry_out, stopped)
                except (ConnectorException, psycopg.Error) as error:
                    log.warning(
                        "the queue can't be reached (%s): trying again in %g s", one_line(error), pause_s
                    )
                await asyncio.wait({stopped}, timeout=pause_s)
                is_short = loop.time() - began < 2 * LONGEST_PAUSE_S
                pause_s = min(LONGEST_PAUSE_S, 2 * pause_s) if is_short else FIRST_PAUSE_S
        finally:
            looking.cancel()
            stopped.cancel()
            await asyncio.gather(looking, stopped, return_exceptions=True)

    async def _listen(
        self, queues: list[str], carry_out: Callable[[str], None], stopped: asyncio.Task[None]
    ) -> None:
        """Procrastinate's own worker, until it fails or is stopped; a job that is being carried out is waited for."""
        async with self._opened(carry_out) as app:
            running = asyncio.create_task(
                app.run_worker_async(
                    queues=queues,
                    concurrency=1,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    fetch_job_polling_interval=POLL_S,
                    abort_job_polling_interval=3600.0,  # cancelling is told by the record
                )
            )
            await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    @contextlib.asynccontextmanager
    async def _opened(self, carry_out: Callable[[str], None]) -> AsyncIterator[App]:
        connector = PsycopgConnector()
        app = App(connector=connector)

        @app.task(name=TASK)
        def carry(job_id: str) -> None:
            carry_out(job_id)

        # Beside its use, a periodic task keeps Procrastinate's eye on its own listener and signs of life: without any,
        # 3.10's worker doesn't notice when those fail (Worker._monitor_side_tasks ends with the first that returns).
        @app.periodic(cron=HOURLY)
        @app.task(name=f"{TASK}-sweep", queue=ANY, queueing_lock=f"{TASK}-sweep")
        def sweep_hourly(timestamp: int) -> None:
            self.sweep()

        pool = AsyncConnectionPool(
            self.claims.database.address,
            min_size=1,
            max_size=1,
            timeout=10.0,
            open=False,
            kwargs=dict(CONNECTING),
            configure=_limit,
            check=AsyncConnectionPool.check_connection,
            name="ask-profiler-queue",
        )
        try:
            await pool.open(wait=True, timeout=5.0)
            await connector.open_async(pool)
            yield app
        finally:
            await pool.close()

    async def _look_after(self, stop: threading.Event) -> None:
        """Put back what would be lost, by one of all workers each second."""
        while not stop.is_set():
            await asyncio.sleep(MEND_S * random.uniform(1.0, 1.5))  # noqa: S311 - so that not all come at once
            try:
                await asyncio.to_thread(self._mend)
            except StorageFailed as error:
                log.warning("lost jobs can't be looked for: %s", error)

    def _mend(self) -> None:
        if not my_turn(self.claims.database, "mend", MEND_S):
            return
        count = mend(self.claims, self.put)
        if count:
            log.info("%d jobs were put back into the queue", count)
        if my_turn(self.claims.database, "tidy", TIDY_S):
            tidy(self.claims.database)


def queue_name(labels: frozenset[str]) -> str:
    """The queue of jobs that ask for exactly these labels."""
    if not labels:
        return ANY
    name = "+" + "+".join(sorted(labels))
    if len(name.encode()) <= QUEUE_BYTES:
        return name
    return "+" + hashlib.sha256(name.encode()).hexdigest()[: QUEUE_BYTES - 2] + "+"


def queue_names(labels: frozenset[str]) -> list[str]:
    """The queues of all jobs that a worker with these labels can carry out: one for each subset."""
    ordered = sorted(labels)
    return [
        queue_name(frozenset(some))
        for count in range(len(ordered) + 1)
        for some in itertools.combinations(ordered, count)
    ]


async def _limit(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
    await connection.set_autocommit(True)
    await connection.execute(LIMITED)
    await connection.set_autocommit(False)


async def _until(stop: threading.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(0.1)
