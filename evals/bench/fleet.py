"""Worker processes over a fresh database, for the figures of the queue; `python -m evals.bench.fleet` is one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import func, select

from agent.cluster.migrating import migrate
from agent.cluster.queue import ClusterQueue
from agent.database.opening import Database, open_database
from agent.database.tables import events, jobs
from agent.jobs.claims import Claims
from agent.jobs.job import Job
from agent.jobs.records import Records
from agent.jobs.worker_name import WorkerName
from agent.request import Request
from agent.settings import Settings
from evals.bench.postgres import Server

LOST_AFTER_S, HEARTBEAT_S = 6.0, 1.0
ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Fleet:
    """Worker processes over one fresh database."""

    postgres: Server
    folder: Path
    job_s: float = 0.0
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _opened: list[Database] = field(default_factory=list)

    @property
    def database(self) -> Database:
        """The fleet's database, made once."""
        if not self._opened:
            made = open_database(Settings(), {"ASK_PROFILER_DATABASE": self.postgres.new_database()})
            migrate(made)
            self._opened.append(made)
        return self._opened[0]

    def put(self, count: int, first: int = 0) -> tuple[str, ...]:
        """Record so many jobs, numbered from `first`, and make them known."""
        records, queue = Records(self.database), ClusterQueue(claims=claims_of(self.database))
        made = [records.create(job_like(number), "it waits") for number in range(first, first + count)]
        for job in made:
            queue.put(job)
        return tuple(job.id for job in made)

    def start(self, count: int) -> None:
        """Start so many workers, and wait until they take jobs or could."""
        words = json.dumps({"address": self.database.address, "job_s": self.job_s})
        with (self.folder / "workers.log").open("ab") as log:
            for _ in range(count):
                self._running.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "evals.bench.fleet", words],
                        cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                    )
                )  # fmt: skip

    def kill_at_work(self) -> str | None:
        """End a worker that has a job with -9 and start another one; the job, None when no worker of ours has one."""
        query = (
            select(jobs.c.id, jobs.c.worker)
            .where(jobs.c.state == "running")
            .order_by(jobs.c.heartbeat.desc())
        )
        with self.database.reading() as connection:
            found = [(row.id, WorkerName.parse(row.worker)) for row in connection.execute(query)]
        by_pid = {process.pid: process for process in self._running}
        for job_id, worker in found:
            if worker is not None and worker.pid in by_pid:
                process = by_pid[worker.pid]
                process.kill()
                process.wait()
                self._running.remove(process)
                self.start(1)
                return str(job_id)
        return None

    def wait(self, count: int, timeout_s: float) -> float:
        """Wait until so many jobs have ended; the seconds from the first one's start to the last one's end."""
        until = time.monotonic() + timeout_s
        query = select(func.count(), func.min(jobs.c.started), func.max(jobs.c.ended)).where(
            jobs.c.state == "done"
        )
        while time.monotonic() < until:
            with self.database.reading() as connection:
                done, first, last = connection.execute(query).one()
            if done >= count:
                return float(last - first)
            time.sleep(0.1)
        raise TimeoutError(f"{count} jobs were not done in {timeout_s:g} s: {self.folder / 'workers.log'}")

    def tally(self, kind: str) -> list[int]:
        """How many events of a kind each job has that has any."""
        query = (
            select(func.count()).select_from(events).where(events.c.kind == kind).group_by(events.c.job_id)
        )
        with self.database.reading() as connection:
            return [int(n) for n in connection.execute(query).scalars()]

    def close(self) -> None:
        """End the workers."""
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
            process.kill()
            process.wait()
        for database in self._opened:
            database.engine.dispose()


def claims_of(database: Database) -> Claims:
    """Claims as they are set by default, but that a job may be begun often: it is killed on purpose."""
    return Claims(database, LOST_AFTER_S, 100)


def job_like(number: int) -> Job:
    """A job that isn't recorded yet."""
    question = "Why does the report of 1000 records take 30 seconds?"
    job_id = f"20260101-120000-{number:08x}"
    return Job(
        id=job_id, kind="run", run_id=job_id, conversation=job_id, caller="token:bench", door="bench", target="orders",
        question=question, request=Request(question=question, target="/srv/orders"), created=time.time(),
    )  # fmt: skip


def work(words: str) -> None:
    """A worker of the bench: a job waits for `job_s` and shows signs of life, until SIGTERM."""
    options = json.loads(words)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database = open_database(Settings(), {"ASK_PROFILER_DATABASE": options["address"]})
    claims, name = claims_of(database), replace(WorkerName.own(), host=f"simulated-{os.getpid()}")

    def carry_out(job_id: str) -> None:
        claim = claims.claim(job_id, name)
        if claim is None:
            return
        until = time.monotonic() + options["job_s"]
        while (left_s := until - time.monotonic()) > 0:
            time.sleep(min(left_s, HEARTBEAT_S))
            claim.beat()
        claim.end("done", outcome="done")

    ClusterQueue(claims=claims).work(frozenset(), carry_out, stop)


if __name__ == "__main__":
    work(sys.argv[1])
