"""Steps in PostgreSQL: what was put in comes out, and only the worker that has the job can put anything in."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from agent.cluster.checkpoints import FENCE, FencedSaver, fenced
from agent.cluster.connecting import connect, is_away, until_back
from agent.cluster.migrating import migrate
from agent.database.opening import Database
from agent.errors import JobLost, StorageFailed
from agent.jobs.claims import Claim
from agent.report import Candidate
from agent.request import Request
from evals.bench.postgres import Server, server
from tests.cluster.jobs import open_at, record, taken, taken_over

ROOT = Path(__file__).parents[2]


def config_of(claim: Claim) -> RunnableConfig:
    return {"configurable": {"thread_id": claim.job.run_id, "checkpoint_ns": ""}}


def put(saver: FencedSaver, claim: Claim, **values: object) -> RunnableConfig:
    checkpoint = empty_checkpoint()
    checkpoint["channel_values"] = dict(values)
    versions: dict[str, str | int | float] = {name: saver.get_next_version(None, None) for name in values}
    checkpoint["channel_versions"] = versions
    return saver.put(config_of(claim), checkpoint, {"source": "loop", "step": 1, "parents": {}}, versions)


def values(saver: FencedSaver, claim: Claim) -> dict[str, object]:
    found = saver.get_tuple(config_of(claim))
    return dict(found.checkpoint["channel_values"]) if found is not None else {}


def nothing() -> None:
    """No files."""


def test_what_was_put_in_comes_out(database: Database) -> None:
    claim = taken(database, record(database))
    request = Request(question="Why?", target="/orders", command=("run", "it"), sizes=(1, 2))
    with fenced(claim, nothing) as saver:
        put(saver, claim, request=request, found=[Candidate.__name__], count=3)
        assert values(saver, claim) == {"request": request, "found": ["Candidate"], "count": 3}
        assert len(list(saver.list(config_of(claim)))) == 1


def test_files_are_kept_before_the_step_that_made_them(database: Database) -> None:
    claim = taken(database, record(database))
    seen: list[int] = []
    with fenced(claim, lambda: seen.append(steps_of(database))) as saver:
        config = put(saver, claim, a=1)
        saver.put_writes(config, [("a", 2)], "task")
    assert seen == [0, 1]


def test_files_that_cannot_be_kept_keep_the_step_from_counting(database: Database) -> None:
    claim = taken(database, record(database))

    def refused() -> None:
        raise StorageFailed("the disk is full")

    with fenced(claim, refused) as saver, pytest.raises(StorageFailed, match="full"):
        put(saver, claim, a=1)
    assert steps_of(database) == 0


def test_a_worker_that_lost_its_job_puts_nothing_in(database: Database) -> None:
    job = record(database)
    claim = taken(database, job)
    with fenced(claim, nothing) as saver:
        config = put(saver, claim, a=1)
        taken_over(database, job)
        with pytest.raises(JobLost):
            put(saver, claim, a=2)
        with pytest.raises(JobLost):
            saver.put_writes(config, [("a", 2)], "task")
        assert values(saver, claim) == {"a": 1}, "reading does no harm"
    assert steps_of(database) == 1


@pytest.mark.parametrize("how", ["ended", "given back"])
def test_nothing_is_put_in_after_a_job_has_ended(database: Database, how: str) -> None:
    claim = taken(database, record(database))
    if how == "ended":
        claim.end("cancelled")
    else:
        claim.give_back("its worker stops", counts=False)
    with fenced(claim, nothing) as saver, pytest.raises(JobLost):
        put(saver, claim, a=1)


def test_a_take_over_waits_for_a_step_that_is_being_put_in(database: Database) -> None:
    job = record(database)
    claim = taken(database, job)
    with connect(database.address) as other, other.transaction():
        assert other.execute(FENCE, (job.id, claim.fence)).fetchone() is not None
        thread = threading.Thread(target=taken_over, args=(database, job))
        thread.start()
        thread.join(timeout=1)
        assert thread.is_alive(), "it can't be half in and half out"
    thread.join(timeout=10)
    assert not thread.is_alive()


STEP = """
import os, signal, sys
from agent.cluster.connecting import connect
from agent.cluster.checkpoints import FENCE
with connect(sys.argv[1]) as connection, connection.transaction():
    connection.execute(FENCE, (sys.argv[2], int(sys.argv[3])))
    print("frozen", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    connection.execute("update ap_jobs set outcome = 'by a zombie'")
"""
EVENT = """
import os, signal, sys
from agent.cluster.connecting import limit_sessions
from agent.jobs.records import locked
from tests.cluster.jobs import open_at
with open_at(sys.argv[1]) as database:
    limit_sessions(database.engine)
    with database.writing() as connection:
        locked(connection, sys.argv[2])
        print("frozen", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
        connection.exec_driver_sql("update ap_jobs set outcome = 'by a zombie'")
"""


@pytest.mark.slow
@pytest.mark.parametrize("script", [STEP, EVENT], ids=["a step", "an event"])
def test_a_worker_frozen_within_a_write_keeps_nobody_from_taking_over(
    database: Database, script: str
) -> None:
    job = record(database)
    claim = taken(database, job)
    words = [sys.executable, "-c", script, database.address, job.id, str(claim.fence)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as frozen:
        try:
            assert frozen.stdout is not None
            assert frozen.stdout.readline() == b"frozen\n"
            began = time.monotonic()
            thread = threading.Thread(target=taken_over, args=(database, job))
            thread.start()
            thread.join(timeout=15)
            assert not thread.is_alive()
            assert time.monotonic() - began < 8
            frozen.send_signal(signal.SIGCONT)
            assert frozen.wait(timeout=10) != 0
        finally:
            frozen.kill()
    with database.reading() as connection:
        assert connection.exec_driver_sql("select outcome from ap_jobs").scalar_one() == ""


@pytest.mark.slow
def test_a_run_waits_for_a_database_that_restarts(own_server: Server) -> None:
    with open_at(own_server.new_database()) as database:
        migrate(database)
        claim = taken(database, record(database))
        with fenced(claim, nothing) as saver:
            put(saver, claim, a=1)
            own_server.stop(signal.SIGQUIT)
            starting = threading.Timer(3.0, own_server.start)
            starting.start()
            put(saver, claim, a=2)
            starting.join()
            assert values(saver, claim) == {"a": 2}
        assert steps_of(database) == 2


@pytest.mark.slow
def test_a_full_database_is_said_and_what_is_there_stays() -> None:
    with server(small_bytes=24_000_000) as small, open_at(small.new_database(is_small=True)) as database:
        migrate(database)
        claim = taken(database, record(database))
        with fenced(claim, nothing) as saver:
            put(saver, claim, a=1)
            began = time.monotonic()
            with pytest.raises(StorageFailed, match=r"(?i)no space left|could not extend"):
                for number in range(100):
                    put(saver, claim, a=2, ballast=[bytes([number]) + noise(1_000_000)])
            assert time.monotonic() - began < 60, "it isn't waited for: nobody makes room"
        with fenced(claim, nothing) as saver:
            assert values(saver, claim)["a"] in (1, 2)
        assert claim.beat() == "go on"


def noise(count: int) -> bytes:
    """Bytes that can't be compressed."""
    import random

    return random.Random(count).randbytes(count)


def test_only_what_may_pass_by_itself_is_waited_for() -> None:
    refused = psycopg.OperationalError("connection refused")
    assert is_away(refused)
    assert is_away(StorageFailed("x").with_traceback(None)) is False
    assert is_away(psycopg.errors.AdminShutdown("terminating connection"))
    assert is_away(psycopg.errors.TooManyConnections("sorry, too many clients already"))
    assert not is_away(psycopg.errors.DiskFull("could not extend file"))
    assert not is_away(psycopg.errors.UndefinedTable("no such table"))


def test_waiting_for_a_database_has_an_end() -> None:
    tries: list[int] = []

    def gone() -> None:
        tries.append(1)
        raise psycopg.OperationalError("connection refused")

    with pytest.raises(StorageFailed, match="connection refused"):
        until_back(gone, "postgresql://x", patience_s=0.3, wait=lambda s: time.sleep(0.05))
    assert len(tries) > 2


def steps_of(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.exec_driver_sql("select count(*) from checkpoints").scalar_one())
