"""A worker that is frozen while it has the write lock of SQLite keeps nobody from working for long."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.database.locking import write_lock_holder
from agent.jobs.claims import Claims
from agent.jobs.desk import Desk
from agent.jobs.frozen import FrozenWriters
from agent.jobs.job import Job, Message
from agent.jobs.worker_name import WorkerName, started_of
from tests.jobs.processes import ANN, Site, ask, events_of, wait_for

Freeze = Callable[[Desk, str], subprocess.Popen[bytes]]
SILENT_S = 1.5


@pytest.fixture
def freeze() -> Iterator[Freeze]:
    """Has a process take a job ("-" for none: it is no worker then), and freeze while it writes."""
    started: list[subprocess.Popen[bytes]] = []

    def freeze(desk: Desk, job_id: str) -> subprocess.Popen[bytes]:
        file = desk.records.database.file
        assert file is not None
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.frozen_writer", str(file), job_id],
            cwd=Path(__file__).parents[2],
        )
        started.append(process)
        wait_for(lambda: _state(process.pid) == "T", "its freezing", 30)
        return process

    yield freeze
    for process in started:
        process.kill()
        process.wait()


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def claims_of(desk: Desk) -> Claims:
    return Claims(desk.records.database, lost_after_s=SILENT_S, attempts=4)


def asked(desk: Desk) -> Job:
    job = desk.receive(ANN, Message(text="Why is it slow?", door="test", target="orders"))
    assert isinstance(job, Job)
    return job


def test_who_may_write_can_be_told_without_touching_the_file(tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE some (one)")
    assert write_lock_holder(path) is None
    connection.execute("BEGIN IMMEDIATE")
    assert write_lock_holder(path) == os.getpid()
    connection.execute("COMMIT")
    assert write_lock_holder(path) is None
    connection.execute("BEGIN")
    connection.execute("SELECT * FROM some").fetchall()
    assert write_lock_holder(path) is None
    connection.close()
    assert write_lock_holder(path) is None


def test_locks_of_others_and_those_that_are_waited_for_are_nobodys(tmp_path: Path) -> None:
    file = tmp_path / "some.sqlite-shm"
    file.touch()
    number = file.stat().st_ino
    locks = tmp_path / "locks"

    def holder(*lines: str) -> int | None:
        locks.write_text("\n".join(lines))
        return write_lock_holder(tmp_path / "some.sqlite", locks)

    assert holder(f"1: POSIX  ADVISORY  WRITE 77 fe:00:{number} 120 120") == 77
    assert holder(f"1: POSIX  ADVISORY  WRITE 77 fe:00:{number} 0 EOF") == 77
    assert holder(f"1: POSIX  ADVISORY  WRITE 77 fe:00:{number} 121 121") is None
    assert holder(f"1: POSIX  ADVISORY  READ 77 fe:00:{number} 120 120") is None
    assert holder(f"1: FLOCK  ADVISORY  WRITE 77 fe:00:{number} 0 EOF") is None
    assert holder(f"1: POSIX  ADVISORY  WRITE 77 fe:00:1{number} 120 120") is None
    assert holder(f"1: POSIX  ADVISORY  WRITE 0 fe:00:{number} 120 120") is None
    assert holder(f"1: -> POSIX  ADVISORY  WRITE 77 fe:00:{number} 120 120") is None
    locks.unlink()
    assert write_lock_holder(tmp_path / "some.sqlite", locks) is None


def test_a_worker_that_is_frozen_while_it_writes_is_ended_once_it_has_been_silent(
    desk: Desk, freeze: Freeze
) -> None:
    now = [100.0]
    frozen = FrozenWriters(claims_of(desk), clock=lambda: now[0])
    assert frozen.look() is None
    process = freeze(desk, asked(desk).id)
    assert frozen.look() is None, "it may be writing"
    now[0] += SILENT_S
    assert frozen.look() is None, "it has shown a sign of life"
    time.sleep(SILENT_S)
    now[0] -= SILENT_S
    assert frozen.look() is None, "it hasn't been seen to have the lock for long"
    now[0] += SILENT_S
    ended = frozen.look()
    assert ended is not None
    assert ended.pid == process.pid
    assert process.wait(timeout=5) == -signal.SIGKILL
    asked(desk)


def test_what_is_no_worker_is_never_ended(desk: Desk, freeze: Freeze) -> None:
    now = [100.0]
    frozen = FrozenWriters(claims_of(desk), clock=lambda: now[0])
    claims_of(desk).seen(WorkerName.own(), frozenset(), "")
    time.sleep(SILENT_S)
    process = freeze(desk, "-")
    for _ in range(3):
        assert frozen.look() is None
        now[0] += 60.0
    assert started_of(process.pid) is not None


def test_a_worker_that_writes_now_and_then_is_never_ended(desk: Desk) -> None:
    """Waiting for the lock has made it silent, and it has the lock at many looks, yet not without a break."""
    now, ended = [100.0], list[int]()

    def end(worker: WorkerName) -> bool:
        ended.append(worker.pid)
        return True

    claims = claims_of(desk)
    frozen = FrozenWriters(claims, clock=lambda: now[0], end=end)
    claims.seen(WorkerName.own(), frozenset(), "")
    time.sleep(SILENT_S)
    for _ in range(2):
        with claims.database.writing():
            frozen.look()
        now[0] += SILENT_S
        frozen.look()
    assert not ended, "it was seen without the lock"

    with claims.database.writing():
        frozen.look()
    now[0] += SILENT_S
    begun = threading.Event()

    def write_shortly() -> None:
        with claims.database.writing():
            begun.set()
            time.sleep(0.1)

    writes = threading.Thread(target=write_shortly)
    writes.start()
    begun.wait()
    frozen.look()
    writes.join()
    assert not ended, "it let go of the lock while it was looked at closely"

    with claims.database.writing():
        frozen.look()
        now[0] += SILENT_S
        frozen.look()
    assert ended == [os.getpid()]


@pytest.mark.slow
def test_a_job_whose_worker_froze_while_it_wrote_is_taken_over(tmp_path: Path, freeze: Freeze) -> None:
    site = Site(tmp_path)
    try:
        desk = site.desk()
        job = ask(desk)
        frozen = freeze(desk, job.id)
        site.start()
        wait_for(lambda: len(events_of(desk, job, "started")) == 2, "taking over", 15)
        assert frozen.wait(timeout=5) == -signal.SIGKILL
        desk.cancel(ANN, job.id, door="test")
        wait_for(lambda: desk.job(ANN, job.id).has_ended, "the cancelling", 10)
    finally:
        site.end()
