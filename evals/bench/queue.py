"""The bigger size of the service: what handing out a job costs, how it grows with hosts, and what kills cost it."""

from __future__ import annotations

import contextlib
import os
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import func, select

from agent.cluster.queue import ClusterQueue
from agent.database.opening import Database
from agent.database.tables import events, jobs
from agent.jobs.records import Records
from evals.bench.figure import Conditions, Figure
from evals.bench.fleet import Fleet, claims_of, job_like
from evals.bench.postgres import Server, server

JOBS, WORKERS, HOSTS, KILLS = 1000, 4, 4, 50
SHORT_JOBS, SHORT_KILLS = 40, 3
MEASURED_S = 0.25
"""What one measurement takes on a simulated host; it waits and takes no processor."""
KILLED_JOB_S = 4.0
OVERHEAD_S, GROWTH_RATIO, TAKEN_OVER_S = 0.050, 3.6, 15.0


def bench_queue(conditions: Conditions) -> Iterator[Figure]:
    """Jobs over workers on a PostgreSQL of our own. Raises: ProgramMissing, TimeoutError."""
    full = conditions.trials is None
    count = JOBS if full else SHORT_JOBS
    with server(is_durable=True) as postgres:
        yield _latency(postgres, 100 if full else 10)
        yield _overhead(postgres, conditions.folder, 300 if full else 10, judged=full)
        yield _each_once(postgres, conditions.folder, count)
        yield _growth(postgres, conditions.folder, judged=full)
        yield from _kills(postgres, conditions.folder, KILLS if full else SHORT_KILLS)


def _latency(postgres: Server, rounds: int) -> Figure:
    """From putting a job to a worker that waits for it."""
    found: list[float] = []
    with contextlib.closing(Fleet(postgres, Path("/nonexistent"))) as fleet:
        queue, stop, seen = (
            ClusterQueue(claims=claims_of(fleet.database)),
            threading.Event(),
            threading.Event(),
        )
        thread = threading.Thread(
            target=queue.work, args=(frozenset(), lambda _: seen.set(), stop), daemon=True
        )
        thread.start()
        time.sleep(2.0)
        for number in range(rounds):
            job = Records(fleet.database).create(job_like(number), "it waits")
            seen.clear()
            began = time.perf_counter()
            queue.put(job)
            seen.wait(10)
            found.append(time.perf_counter() - began)
            time.sleep(0.02)
        stop.set()
        thread.join()
    found.sort()
    middle, late = statistics.median(found), found[int(0.95 * len(found))]
    return Figure(
        name="from putting a job to an idle worker",
        found=f"{1000 * middle:.1f} ms, {1000 * late:.1f} ms at p95 ({rounds} jobs)",
        data={"median_s": middle, "p95_s": late},
    )


def _overhead(postgres: Server, folder: Path, count: int, *, judged: bool) -> Figure:
    """Jobs that take no time, recorded, handed out and ended by one worker, one after the other."""
    with contextlib.closing(Fleet(postgres, folder)) as fleet:
        began = time.perf_counter()
        fleet.put(count)
        put_s = (time.perf_counter() - began) / count
        fleet.start(1)
        worker_s = fleet.wait(count, 300) / count
        sizes = _sizes(fleet.database)
    return Figure(
        name="overhead of the queue for one job",
        found=f"{1000 * (put_s + worker_s):.1f} ms: {1000 * put_s:.1f} ms to record and put it, "
        f"{1000 * worker_s:.1f} ms to fetch, claim and end it (mean of {count})",
        goal=f"under {1000 * OVERHEAD_S:.0f} ms" if judged else "",
        is_met=put_s + worker_s < OVERHEAD_S if judged else None,
        data={"put_s": put_s, "worker_s": worker_s, **sizes},
    )


def _each_once(postgres: Server, folder: Path, count: int) -> Figure:
    """Jobs that take no time, over some workers."""
    with contextlib.closing(Fleet(postgres, folder)) as fleet:
        fleet.put(count)
        fleet.start(WORKERS)
        wall_s = fleet.wait(count, 300)
        begun, ended = fleet.tally("started"), fleet.tally("ended")
    once = len(begun) == len(ended) == count and set(begun) == set(ended) == {1}
    return Figure(
        name=f"{count:,} jobs over {WORKERS} workers",
        found=f"{'each done once' if once else 'NOT each done once'}, in {wall_s:.1f} s "
        f"on {os.cpu_count()} processors with the database",
        goal="each done once",
        is_met=once,
        data={"wall_s": wall_s},
    )


def _growth(postgres: Server, folder: Path, *, judged: bool) -> Figure:
    """The same work for one host and for some: hosts are simulated, a measurement only waits."""
    rates: dict[int, float] = {}
    for hosts in (1, HOSTS):
        count = (40 if judged else 8) * hosts
        with contextlib.closing(Fleet(postgres, folder, MEASURED_S)) as fleet:
            fleet.start(hosts)
            time.sleep(3.0 if judged else 2.0)  # all of them listen
            fleet.put(count)
            rates[hosts] = count / fleet.wait(count, 300)
    ratio = rates[HOSTS] / rates[1]
    return Figure(
        name=f"throughput of {HOSTS} simulated hosts",
        found=f"{ratio:.2f} times that of one ({rates[HOSTS]:.1f} and {rates[1]:.1f} jobs/s of {MEASURED_S:g} s each)",
        goal=f"at least {GROWTH_RATIO}" if judged else "",
        is_met=ratio >= GROWTH_RATIO if judged else None,
        data={"ratio": ratio},
    )


def _kills(postgres: Server, folder: Path, kills: int) -> Iterator[Figure]:
    """Workers that are killed with -9 while they have a job, one after the other; others are free to take it over."""
    killed: list[tuple[str, float]] = []
    count = 0
    with contextlib.closing(Fleet(postgres, folder, KILLED_JOB_S)) as fleet:
        fleet.start(2 * WORKERS)
        until = time.monotonic() + 20 * kills
        while len(killed) < kills and time.monotonic() < until:
            fleet.put(2, first=count)
            count += 2
            time.sleep(KILLED_JOB_S / 2)
            job_id = fleet.kill_at_work()
            if job_id is not None:
                killed.append((job_id, time.time()))
            time.sleep(KILLED_JOB_S / 2)
        fleet.wait(count, 600)
        ended = fleet.tally("ended")
        gaps = _gaps(fleet.database, killed)
    lost, doubled = count - len(ended), sum(n - 1 for n in ended)
    yield Figure(
        name=f"{len(killed)} workers killed with -9 while they had a job",
        found=f"{lost} of {count} jobs lost, {doubled} ended twice",
        goal="nothing lost, nothing doubled",
        is_met=lost == doubled == 0,
    )
    yield Figure(
        name="from a kill to the next worker's start of the job",
        found=f"{statistics.median(gaps):.1f} s, {max(gaps):.1f} s at most ({len(gaps)} jobs)",
        goal=f"under {TAKEN_OVER_S:.0f} s",
        is_met=max(gaps) < TAKEN_OVER_S,
        data={"gaps_s": gaps},
    )


def _gaps(database: Database, killed: Sequence[tuple[str, float]]) -> list[float]:
    """How long each job of a killed worker waited for the next one."""
    query = select(events.c.job_id, events.c.time).where(events.c.kind == "started")
    with database.reading() as connection:
        begun = [(row.job_id, row.time) for row in connection.execute(query)]
    return [
        min(time_s for name, time_s in begun if name == job_id and time_s > at) - at for job_id, at in killed
    ]


def _sizes(database: Database) -> dict[str, float]:
    """Bytes that each job takes in the tables of jobs and events."""
    with database.reading() as connection:
        count = connection.execute(select(func.count()).select_from(jobs)).scalar_one()
        return {
            f"{name}_bytes": connection.exec_driver_sql(
                f"select pg_total_relation_size('{name}')"
            ).scalar_one()
            / count
            for name in ("ap_jobs", "ap_events")
        }
