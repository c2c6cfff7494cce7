"""A run whose worker dies or sleeps goes on with another one: no step is repeated, the answer is the same."""

from __future__ import annotations

import signal
import time

import pytest

from agent.cluster.migrating import migrate
from agent.database.opening import Database
from agent.jobs.records import Records
from evals.bench.postgres import Server
from tests.cluster.jobs import all_done, count_of, open_at, wait_until
from tests.cluster.processes import WorkerProcesses
from tests.cluster.steps import ANSWER, NODES
from tests.cluster.test_queue import everything, put


def done_in(workers: WorkerProcesses) -> list[str]:
    return [line.split()[2] for line in workers.said("did")]


@pytest.mark.slow
@pytest.mark.parametrize("node", NODES)
def test_a_worker_killed_at_any_step_is_taken_over(
    database: Database, workers: WorkerProcesses, node: str
) -> None:
    job = put(database)
    doomed = workers.start(database.address, steps={"die_at": node})
    assert doomed.wait(timeout=30) == -signal.SIGKILL
    finished = [] if node == "plan" else ["plan"] if node == "left" else ["plan", "left"]
    if node == "sum":
        finished.append("right")
    assert [name for name in done_in(workers) if name != "right" or node == "sum"] == finished
    workers.start(database.address, steps={})
    assert wait_until(lambda: all_done(database), 15) < 15
    assert sorted(done_in(workers)) == sorted(NODES) or node == "left", "finished work isn't repeated"
    assert Records(database).job(job.id).outcome == ANSWER
    assert count_of(database, "started") == {job.id: 2}
    assert count_of(database, "ended") == {job.id: 1}


@pytest.mark.slow
def test_a_frozen_worker_that_wakes_up_writes_nothing_over_the_run(
    database: Database, workers: WorkerProcesses
) -> None:
    job = put(database)
    frozen = workers.start(database.address, steps={"wait_at": "sum"})
    wait_until(lambda: bool(workers.said("waiting")))
    frozen.send_signal(signal.SIGSTOP)
    workers.start(database.address, steps={})
    wait_until(lambda: all_done(database), 15)
    before, kept = everything(database), kept_files(workers)
    (workers.folder / "go").touch()
    frozen.send_signal(signal.SIGCONT)
    wait_until(lambda: bool(workers.said("lost")))
    assert workers.said("lost") == [f"{frozen.pid} lost {job.id}"]
    assert everything(database) == before, "no step, no list of files, no event"
    assert kept <= kept_files(workers), "nothing that was kept is gone"
    assert Records(database).job(job.id).outcome == ANSWER


def kept_files(workers: WorkerProcesses) -> set[str]:
    return {str(path) for path in (workers.folder / "artefacts").rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_run_survives_a_restart_of_the_database(own_server: Server, workers: WorkerProcesses) -> None:
    with open_at(own_server.new_database()) as database:
        migrate(database)
        job = put(database)
        workers.start(database.address, steps={"wait_at": "left"})
        wait_until(lambda: bool(workers.said("waiting")))
        own_server.stop(signal.SIGQUIT)
        (workers.folder / "go").touch()
        time.sleep(3)
        own_server.start()
        wait_until(lambda: all_done(database), 40)
        assert Records(database).job(job.id).outcome == ANSWER
        assert count_of(database, "ended") == {job.id: 1}


@pytest.mark.slow
def test_the_answer_without_any_mishap(database: Database, workers: WorkerProcesses) -> None:
    job = put(database)
    workers.start(database.address, steps={})
    wait_until(lambda: all_done(database), 20)
    assert Records(database).job(job.id).outcome == ANSWER
    assert sorted(done_in(workers)) == sorted(NODES)
