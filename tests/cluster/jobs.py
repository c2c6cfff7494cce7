"""Jobs as a desk records them, and workers that aren't there."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import func, select, update

from agent.database.opening import Database, open_database
from agent.database.tables import events, jobs
from agent.jobs.claims import Claim, Claims
from agent.jobs.job import Job
from agent.jobs.records import Records
from agent.jobs.worker_name import WorkerName
from agent.request import Request
from agent.settings import Settings

LOST_AFTER_S = 2.0
ELSEWHERE = WorkerName(host="elsewhere", pid=7, started=1, number="a")
ANOTHER = WorkerName(host="another", pid=8, started=2, number="b")
_numbers = itertools.count(1)


@contextlib.contextmanager
def open_at(address: str) -> Iterator[Database]:
    """The database at an address, closed after the block."""
    database = open_database(Settings(), {"ASK_PROFILER_DATABASE": address})
    try:
        yield database
    finally:
        database.engine.dispose()


def claims_of(database: Database, attempts: int = 4) -> Claims:
    """Claims under which a silent worker soon loses its job."""
    return Claims(database, LOST_AFTER_S, attempts)


def job_like(**changes: object) -> Job:
    """A job that isn't recorded yet."""
    number = next(_numbers)
    job = Job(
        id=f"20260101-120000-{number:06d}",
        kind="run",
        run_id=f"20260101-120000-{number:06d}",
        conversation="c",
        caller="token:ann",
        door="test",
        target="orders",
        question="Why is it slow?",
        request=Request(question="Why is it slow?", target="/orders"),
        created=time.time(),
    )
    return replace(job, **changes)  # type: ignore[arg-type]


def record(database: Database, **changes: object) -> Job:
    """A recorded job that waits."""
    return Records(database).create(job_like(**changes), "it waits")


def taken(database: Database, job: Job, worker: WorkerName = ELSEWHERE) -> Claim:
    """The job in the hands of a worker."""
    claim = claims_of(database).claim(job.id, worker)
    assert claim is not None
    return claim


def fall_silent(database: Database, job: Job) -> None:
    """As if the job's worker had shown no sign of life for a minute."""
    with database.writing() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(heartbeat=time.time() - 60))


def taken_over(database: Database, job: Job) -> Claim:
    """The job in the hands of another worker, after the first one fell silent."""
    fall_silent(database, job)
    return taken(database, job, ANOTHER)


def states(database: Database) -> dict[str, str]:
    """The state of each job by its id."""
    with database.reading() as connection:
        return {row.id: row.state for row in connection.execute(select(jobs.c.id, jobs.c.state))}


def count_of(database: Database, kind: str) -> dict[str, int]:
    """How many events of a kind each job has."""
    query = (
        select(events.c.job_id, func.count().label("n"))
        .where(events.c.kind == kind)
        .group_by(events.c.job_id)
    )
    with database.reading() as connection:
        return {row.job_id: row.n for row in connection.execute(query)}


def wait_until(is_so: object, timeout_s: float = 20.0) -> float:
    """Wait for something to become true; the seconds that it took."""
    assert callable(is_so)
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() < began + timeout_s, f"not so after {timeout_s} s"
        time.sleep(0.02)
    return time.monotonic() - began


def all_done(database: Database) -> bool:
    """Whether every job is done."""
    return set(states(database).values()) == {"done"}
