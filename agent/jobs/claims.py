"""Who has a job: one worker at a time, which loses it when it shows no sign of life.

Each worker that takes a job raises its `fence`; whatever a worker writes for the job is refused under an older one.
Source: M. Kleppmann, "How to do distributed locking" (fencing tokens).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    RowMapping,
    case,
    cast,
    delete,
    extract,
    func,
    insert,
    select,
    update,
)

from agent.database.opening import Database
from agent.database.tables import jobs, workers
from agent.errors import JobLost
from agent.jobs.job import EventKind, Job, JobState
from agent.jobs.records import add_event, end, job_of, locked
from agent.jobs.worker_name import WorkerName, host_name, is_alive

GONE_S = 3600.0
"""A worker that hasn't been heard of for so long isn't listed any more."""
Beat = Literal["go on", "cancel", "lost"]


@dataclass(frozen=True, slots=True)
class Claims:
    """Hands jobs to workers. `lost_after_s`: without a sign of life for so long, a worker has lost its job; `attempts`:
    so many workers may begin a job.
    """

    database: Database
    lost_after_s: float
    attempts: int

    def next(self, labels: frozenset[str]) -> str | None:
        """The job to be done next by a worker with these labels: by priority, then by age; None for none."""
        with self.database.reading() as connection:
            now = now_of(connection)
            worked_on = select(jobs.c.run_id).where(jobs.c.state == "running").scalar_subquery()
            found = connection.execute(
                select(jobs.c.id, jobs.c.labels)
                .where((jobs.c.state == "queued") & jobs.c.run_id.not_in(worked_on) | self._is_lost(now))
                .order_by(jobs.c.priority.desc(), jobs.c.created, jobs.c.id)
            )
            for row in found:
                if labels >= frozenset(json.loads(row.labels)):
                    return str(row.id)
        return None

    def lost(self) -> tuple[Job, ...]:
        """The jobs whose workers show no sign of life."""
        with self.database.reading() as connection:
            rows = connection.execute(select(jobs).where(self._is_lost(now_of(connection)))).mappings()
            return tuple(job_of(row) for row in rows)

    def claim(self, job_id: str, worker: WorkerName) -> Claim | None:
        """Take a job; None when there is nothing to do: it has ended, or another worker is alive on it.

        A job that was begun too often is ended as failed.
        """
        with self.database.writing() as connection:
            is_taken = self._is_taken(connection, job_id)
            row = locked(connection, job_id)
            if row is None or is_taken or not self._is_free(connection, row):
                return None
            if row["cancelling"]:
                end(connection, job_id, "cancelled", "", "it was cancelled")
                return None
            if row["attempts"] >= self.attempts:
                end(
                    connection, job_id, "failed", "",
                    f"{row['attempts']} workers began it and none ended it: ask again, or look at the workers' log",
                )  # fmt: skip
                return None
            fence, attempt, now = row["fence"] + 1, row["attempts"] + 1, now_of(connection)
            connection.execute(
                update(jobs).where(jobs.c.id == job_id).values(
                    state="running", fence=fence, attempts=attempt, worker=str(worker), heartbeat=now,
                    started=case((jobs.c.started == 0, time.time()), else_=jobs.c.started),
                )
            )  # fmt: skip
            again = f", attempt {attempt}" if attempt > 1 else ""
            add_event(
                connection, job_id, "started", f"a worker has taken it{again}",
                {"worker": worker.host, "attempt": attempt},
            )  # fmt: skip
            before = WorkerName.parse(row["worker"]) if row["state"] == "running" else None
            return Claim(
                database=self.database, job=job_of(row), fence=fence, worker=worker, before=before,
                manifest=row["manifest"],
            )  # fmt: skip

    def seen(self, worker: WorkerName, labels: frozenset[str], job_id: str) -> None:
        """Note that a worker is there, for those who look after the service."""
        values = {"labels": json.dumps(sorted(labels)), "heartbeat": time.time(), "job_id": job_id}
        with self.database.writing() as connection:
            if not connection.execute(
                update(workers).where(workers.c.name == str(worker)).values(**values)
            ).rowcount:
                connection.execute(insert(workers).values(name=str(worker), **values))
                connection.execute(delete(workers).where(workers.c.heartbeat < time.time() - GONE_S))

    def silent(self, pid: int) -> WorkerName | None:
        """The worker of this host with this process number, if it is there and has shown no sign of life."""
        with self.database.reading() as connection:
            before = time.time() - self.lost_after_s
            rows = (
                connection.execute(select(workers.c.name).where(workers.c.heartbeat < before)).scalars().all()
            )
        for worker in filter(None, map(WorkerName.parse, rows)):
            if (worker.host, worker.pid) == (host_name(), pid) and is_alive(worker):
                return worker
        return None

    def leave(self, worker: WorkerName) -> None:
        """Note that a worker is there no longer."""
        with self.database.writing() as connection:
            connection.execute(delete(workers).where(workers.c.name == str(worker)))

    def _is_lost(self, now: float) -> ColumnElement[bool]:
        return (jobs.c.state == "running") & (jobs.c.heartbeat < now - self.lost_after_s)

    def _is_taken(self, connection: Connection, job_id: str) -> bool:
        """Whether a worker is on another job about the same run: each would drop what the other adds to its files.

        All jobs of the run are locked, in the order of their ids, so that two workers don't wait for each other.
        """
        run_id = select(jobs.c.run_id).where(jobs.c.id == job_id).scalar_subquery()
        of_run = select(jobs.c.id, jobs.c.state).where(jobs.c.run_id == run_id).order_by(jobs.c.id)
        return any(
            other.state == "running" and other.id != job_id
            for other in connection.execute(of_run.with_for_update()).all()
        )

    def _is_free(self, connection: Connection, row: RowMapping) -> bool:
        if row["state"] == "running":
            return bool(row["heartbeat"] < now_of(connection) - self.lost_after_s) or _has_ended(
                row["worker"]
            )
        return bool(row["state"] == "queued")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job in a worker's hands. `before` is the worker that lost it, None for a job that waited; `manifest` names the
    run's files where they are kept elsewhere.

    Every method raises JobLost where another worker has taken the job over, or it has ended.
    """

    database: Database
    job: Job
    fence: int
    worker: WorkerName
    before: WorkerName | None = None
    manifest: str = ""

    def beat(self) -> Beat:
        """Show a sign of life; what is to be done."""
        with self.database.writing() as connection:
            found = connection.execute(
                update(jobs)
                .where(jobs.c.id == self.job.id, jobs.c.fence == self.fence, jobs.c.state == "running")
                .values(heartbeat=now_of(connection))
                .returning(jobs.c.cancelling)
            ).first()
        if found is None:
            return "lost"
        return "cancel" if found.cancelling else "go on"

    def tell(self, kind: EventKind, text: str, data: Mapping[str, JsonValue]) -> None:
        """Add an event."""
        with self.database.writing() as connection:
            self.check(connection)
            add_event(connection, self.job.id, kind, text, data)

    def end(self, state: JobState, outcome: str = "", problem: str = "") -> None:
        """End the job."""
        with self.database.writing() as connection:
            self.check(connection)
            end(connection, self.job.id, state, outcome, problem)

    def give_back(self, why: str, *, counts: bool) -> None:
        """Let another worker go on with the job; `counts` says whether this attempt counts."""
        with self.database.writing() as connection:
            row = self.check(connection)
            connection.execute(
                update(jobs).where(jobs.c.id == self.job.id).values(
                    state="queued", worker="", attempts=row["attempts"] - (0 if counts else 1)
                )
            )  # fmt: skip
            add_event(connection, self.job.id, "retry", why, {"why": why})

    def check(self, connection: Connection) -> RowMapping:
        """The job's row, locked, within a transaction that writes for it. Raises: JobLost."""
        row = locked(connection, self.job.id)
        if row is None or row["fence"] != self.fence or row["state"] != "running":
            raise JobLost(f"job {self.job.id} isn't this worker's any more: nothing more is written for it")
        return row


def now_of(connection: Connection) -> float:
    """The database's own time: hosts' clocks differ."""
    if connection.dialect.name != "postgresql":
        return time.time()
    return float(
        connection.execute(select(cast(extract("epoch", func.clock_timestamp()), Float))).scalar_one()
    )


def _has_ended(text: str) -> bool:
    """Whether a worker that had a job is known to be gone, which needs no waiting."""
    worker = WorkerName.parse(text)
    return worker is not None and is_alive(worker) is False
