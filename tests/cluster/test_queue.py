"""Jobs reach one worker each, the most urgent first, whatever dies meanwhile."""

from __future__ import annotations

import logging
import signal
import threading
import time

import pytest

from agent.cluster.mending import mend, my_turn, tidy
from agent.cluster.migrating import migrate
from agent.cluster.queue import ClusterQueue, queue_name, queue_names
from agent.database.opening import Database
from agent.jobs.claims import Claims
from agent.jobs.job import Job
from agent.jobs.worker_name import WorkerName
from agent.policy import Severity
from evals.bench.postgres import Server
from tests.cluster.jobs import all_done, claims_of, count_of, open_at, record, states, taken, wait_until
from tests.cluster.processes import WorkerProcesses


class Working:
    """A worker in a thread of the test."""

    def __init__(self, queue: ClusterQueue, labels: frozenset[str] = frozenset(), job_s: float = 0.0) -> None:
        self.done: list[str] = []
        self.stop = threading.Event()
        self._queue, self._labels, self._job_s = queue, labels, job_s
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Working:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(timeout=20)
        assert not self._thread.is_alive(), "a worker that is asked to stop does so"

    def _work(self) -> None:
        self._queue.work(self._labels, self._carry_out, self.stop)

    def _carry_out(self, job_id: str) -> None:
        claim = self._queue.claims.claim(job_id, WorkerName.own())
        if claim is None:
            return
        time.sleep(self._job_s)
        claim.end("done", outcome="done")
        self.done.append(job_id)


def put(database: Database, **changes: object) -> Job:
    job = record(database, **changes)
    ClusterQueue(claims=claims_of(database)).put(job)
    return job


def is_listening(database: Database) -> bool:
    """Whether a worker is notified of jobs."""
    with database.reading() as connection:
        query = "select count(*) from pg_stat_activity where query like 'LISTEN%%' and datname = current_database()"
        return bool(connection.exec_driver_sql(query).scalar_one())


def test_a_job_is_handed_to_a_worker_at_once(database: Database) -> None:
    """It is notified, and doesn't wait for the next poll, which comes two seconds after the last one."""
    took_s = []
    with Working(ClusterQueue(claims=claims_of(database))) as worker:
        wait_until(lambda: is_listening(database))
        for _ in range(3):
            began = time.monotonic()
            job = put(database)
            wait_until(lambda job=job: job.id in worker.done)
            took_s.append(time.monotonic() - began)
    assert sorted(took_s)[1] < 1.0


def test_the_most_urgent_job_goes_first_and_of_those_the_oldest(database: Database) -> None:
    order: list[Severity] = ["LOW", "CRITICAL", "MEDIUM", "HIGH", "CRITICAL"]
    made = [put(database, priority=priority) for priority in order]
    with Working(ClusterQueue(claims=claims_of(database))) as worker:
        wait_until(lambda: len(worker.done) == len(made))
    assert worker.done == [made[i].id for i in (1, 4, 3, 2, 0)]


@pytest.mark.slow
def test_a_run_that_was_begun_goes_before_others_of_its_priority(database: Database) -> None:
    first, begun, urgent = put(database), record(database), put(database, priority="HIGH")
    taken(database, begun).give_back("its worker was asked to stop", counts=True)
    time.sleep(2.1)  # it isn't new any more
    queue = ClusterQueue(claims=claims_of(database))
    assert mend(queue.claims, queue.put) == 1
    with Working(queue) as worker:
        wait_until(lambda: len(worker.done) == 3)
    assert worker.done == [urgent.id, begun.id, first.id]


def test_a_worker_gets_jobs_whose_labels_it_has_and_no_others(database: Database) -> None:
    plain, go, quiet = (
        put(database),
        put(database, labels=frozenset({"go"})),
        put(database, labels=frozenset({"quiet"})),
    )
    both = put(database, labels=frozenset({"go", "cores=8"}))
    with Working(ClusterQueue(claims=claims_of(database)), frozenset({"go", "cores=8"})) as worker:
        wait_until(lambda: len(worker.done) == 3)
        time.sleep(0.5)
    assert set(worker.done) == {plain.id, go.id, both.id}
    assert states(database)[quiet.id] == "queued"


def test_six_long_labels_work_for_names_of_channels_are_short(database: Database) -> None:
    labels = frozenset(f"a-label-of-the-greatest-length-number-{i:02d}" for i in range(6))
    job = put(database, labels=labels)
    with Working(ClusterQueue(claims=claims_of(database)), labels) as worker:
        wait_until(lambda: worker.done == [job.id])
        time.sleep(0.5)
        other = put(database, labels=labels)
        took_s = wait_until(lambda: other.id in worker.done)
    assert took_s < 1.5, "the notification has the same short name"


def test_queues_are_named_apart() -> None:
    assert queue_name(frozenset()) != queue_name(frozenset({"any"}))
    assert len(queue_names(frozenset("abcdef"))) == len(set(queue_names(frozenset("abcdef")))) == 64
    long = [frozenset({"x" * 40, f"{i:02d}"}) for i in range(50)]
    assert len({queue_name(labels) for labels in long}) == 50
    assert all(len(queue_name(labels)) <= 40 for labels in long)


def test_putting_a_job_twice_hands_it_out_once(database: Database) -> None:
    job = put(database)
    for _ in range(3):
        ClusterQueue(claims=claims_of(database)).put(job)
    with Working(ClusterQueue(claims=claims_of(database))) as worker:
        wait_until(lambda: bool(worker.done))
        time.sleep(0.5)
    assert worker.done == [job.id]
    assert count_of(database, "started") == {job.id: 1}


@pytest.mark.slow
def test_a_job_that_the_queue_never_heard_of_is_carried_out_all_the_same(database: Database) -> None:
    job = record(database)  # as if its service had died before it could put it
    with Working(ClusterQueue(claims=claims_of(database))) as worker:
        assert wait_until(lambda: worker.done == [job.id]) < 10


def test_a_cancelled_job_is_not_begun(database: Database) -> None:
    from agent.jobs.records import Records

    cancelled, other = put(database, priority="CRITICAL"), put(database)
    Records(database).cancel(cancelled.id)
    with Working(ClusterQueue(claims=claims_of(database))) as worker:
        wait_until(lambda: worker.done == [other.id])
    assert count_of(database, "started") == {other.id: 1}


@pytest.mark.slow
def test_a_database_that_is_down_when_a_job_is_put_loses_nothing(
    own_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with open_at(own_server.new_database()) as database:
        migrate(database)
        job = record(database)
        own_server.stop(signal.SIGQUIT)
        starting = threading.Timer(22.0, own_server.start)  # longer than a transaction waits
        starting.start()
        with caplog.at_level(logging.WARNING):
            ClusterQueue(claims=claims_of(database)).put(job)
        assert "waits in its record" in caplog.text
        starting.join()
        with Working(ClusterQueue(claims=claims_of(database))) as worker:
            wait_until(lambda: worker.done == [job.id])


def test_one_of_all_workers_has_the_turn(database: Database) -> None:
    got: list[bool] = []
    threads = [threading.Thread(target=lambda: got.append(my_turn(database, "x", 30.0))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]
    assert not my_turn(database, "x", 30.0)
    time.sleep(0.2)
    assert my_turn(database, "x", 0.1)


def test_what_the_queue_knows_of_ended_jobs_is_removed(database: Database) -> None:
    waiting, ended = put(database), put(database)
    taken(database, ended).end("done", "done")
    assert tidy(database) == 0, "whoever ended it just now may not be through with it"
    with database.writing() as connection:
        connection.exec_driver_sql("update ap_jobs set ended = ended - 120 where state = 'done'")
    assert tidy(database) == 1
    with Working(ClusterQueue(claims=claims_of(database))) as worker:
        wait_until(lambda: worker.done == [waiting.id])


def each_done_once(database: Database, workers: WorkerProcesses, made: list[Job]) -> bool:
    done = [line.split()[2] for line in workers.said("ended")]
    return (
        all_done(database)
        and sorted(done) == sorted(job.id for job in made)
        and set(count_of(database, "started").values()) == {1}
        and set(count_of(database, "ended").values()) == {1}
    )


@pytest.mark.slow
def test_jobs_over_four_workers_are_each_done_once(database: Database, workers: WorkerProcesses) -> None:
    made = [put(database) for _ in range(60)]
    processes = [workers.start(database.address) for _ in range(4)]
    wait_until(lambda: all_done(database), 40)
    assert [workers.stop(process) for process in processes] == [0] * 4
    assert each_done_once(database, workers, made)


@pytest.mark.slow
def test_a_thousand_jobs_over_four_workers_are_each_done_once(
    database: Database, workers: WorkerProcesses
) -> None:
    made = [put(database) for _ in range(1000)]
    processes = [workers.start(database.address) for _ in range(4)]
    wait_until(lambda: all_done(database), 120)
    assert [workers.stop(process) for process in processes] == [0] * 4
    assert each_done_once(database, workers, made)
    assert len({line.split()[0] for line in workers.said("ended")}) == 4, "each worker had some"


@pytest.mark.slow
def test_a_job_of_a_killed_worker_is_taken_over(database: Database, workers: WorkerProcesses) -> None:
    job = put(database)
    doomed = workers.start(database.address, job_s=60)
    wait_until(lambda: bool(workers.said("began")))
    workers.start(database.address)
    doomed.kill()
    assert wait_until(lambda: all_done(database), 15) < 15
    assert count_of(database, "started") == {job.id: 2}
    assert count_of(database, "ended") == {job.id: 1}


@pytest.mark.slow
def test_a_frozen_worker_that_wakes_up_ends_nothing(database: Database, workers: WorkerProcesses) -> None:
    job = put(database)
    frozen = workers.start(database.address, job_s=3)
    wait_until(lambda: bool(workers.said("began")))
    frozen.send_signal(signal.SIGSTOP)
    workers.start(database.address)
    wait_until(lambda: all_done(database), 15)
    before = everything(database)
    frozen.send_signal(signal.SIGCONT)
    wait_until(lambda: bool(workers.said("lost")))
    assert workers.said("lost") == [f"{frozen.pid} lost {job.id}"]
    assert everything(database) == before
    later = put(database)
    wait_until(lambda: states(database)[later.id] == "done")


def everything(database: Database) -> list[object]:
    """All that is recorded of jobs."""
    with database.reading() as connection:
        return [
            tuple(row)
            for table in ("ap_jobs", "ap_events", "checkpoints", "checkpoint_blobs", "checkpoint_writes")
            for row in connection.exec_driver_sql(f"select * from {table} order by 1, 2, 3")
        ]


@pytest.mark.slow
def test_a_worker_that_is_asked_to_stop_ends_its_job_first(
    database: Database, workers: WorkerProcesses
) -> None:
    put(database)
    process = workers.start(database.address, job_s=2)
    wait_until(lambda: bool(workers.said("began")))
    assert workers.stop(process) == 0
    assert all_done(database)


@pytest.mark.slow
def test_a_worker_waits_for_a_database_that_is_down_at_start(
    own_server: Server, workers: WorkerProcesses
) -> None:
    address = own_server.new_database()
    with open_at(address) as database:
        migrate(database)
        put(database)
    own_server.stop()
    worker = workers.start(address)
    wait_until(lambda: "can't be reached" in workers.log, 30)
    assert worker.poll() is None
    own_server.start()
    with open_at(address) as database:
        wait_until(lambda: all_done(database), 30)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT], ids=["crash", "fast"])
def test_workers_go_on_after_the_database_restarted(
    own_server: Server, workers: WorkerProcesses, how: signal.Signals
) -> None:
    with open_at(own_server.new_database()) as database:
        migrate(database)
        made = [put(database) for _ in range(40)]
        for _ in range(2):
            workers.start(database.address, job_s=0.2)
        wait_until(lambda: len(workers.said("ended")) >= 5)
        own_server.stop(how)
        time.sleep(3)
        own_server.start()
        wait_until(lambda: all_done(database), 60)
        assert set(count_of(database, "ended").values()) == {1}
        assert len(count_of(database, "ended")) == len(made)
        wait_until(lambda: is_listening(database))
        later = put(database)
        wait_until(lambda: states(database)[later.id] == "done", 10)


def test_a_worker_whose_connections_are_all_cut_hears_of_jobs_again(database: Database) -> None:
    with Working(ClusterQueue(claims=claims_of(database))) as worker:
        wait_until(lambda: is_listening(database))
        with database.writing() as connection:
            connection.exec_driver_sql(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        wait_until(lambda: is_listening(database))
        job = put(database)
        assert wait_until(lambda: worker.done == [job.id]) < 1.5


def test_work_is_put_off_to_nobody_when_there_is_none(database: Database) -> None:
    queue = ClusterQueue(claims=claims_of(database))
    assert mend(queue.claims, queue.put) == 0
    assert mend(Claims(database, 2.0, 4), _never) == 0


def _never(job: Job) -> None:
    raise AssertionError(f"{job.id} is put back without need")


def test_jobs_that_wait_in_the_queue_are_not_put_again(database: Database) -> None:
    job = put(database, created=time.time() - 60)
    assert mend(claims_of(database), _never) == 0
    assert states(database) == {job.id: "queued"}
