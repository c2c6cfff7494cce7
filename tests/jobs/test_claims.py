"""The job is the lock: one worker has it, and a worker that lost it writes nothing more."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from sqlalchemy import update

from agent.access.caller import Caller
from agent.database.tables import jobs
from agent.errors import JobLost
from agent.jobs.claims import Claim, Claims
from agent.jobs.desk import Desk
from agent.jobs.job import Job, Message
from agent.jobs.worker_name import WorkerName, is_alive
from agent.policy import Severity

ANN = Caller(id="token:ann", scopes=frozenset({"ask"}))
ONE = WorkerName(host="elsewhere", pid=7, started=1, number="a")
TWO = WorkerName(host="elsewhere", pid=8, started=2, number="b")


@pytest.fixture
def claims(desk: Desk) -> Claims:
    return Claims(desk.records.database, lost_after_s=5.0, attempts=3)


def asked(desk: Desk, question: str = "Why is it slow?", key: str = "") -> Job:
    job = desk.receive(ANN, Message(text=question, door="test", target="orders", key=key))
    assert isinstance(job, Job)
    return job


def taken(claims: Claims, job: Job, worker: WorkerName = ONE) -> Claim:
    claim = claims.claim(job.id, worker)
    assert claim is not None
    return claim


def fall_silent(claims: Claims, job: Job, seconds: float = 60.0) -> None:
    with claims.database.writing() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(heartbeat=time.time() - seconds))


def test_a_job_has_one_worker_at_a_time(desk: Desk, claims: Claims) -> None:
    job = asked(desk)
    assert claims.next(frozenset()) == job.id
    taken(claims, job)
    assert claims.claim(job.id, TWO) is None
    assert claims.next(frozenset()) is None
    assert desk.job(ANN, job.id).state == "running"


def test_a_worker_that_shows_signs_of_life_keeps_its_job(desk: Desk, claims: Claims) -> None:
    job = asked(desk)
    claim = taken(claims, job)
    fall_silent(claims, job)
    assert claim.beat() == "go on"
    assert claims.claim(job.id, TWO) is None


def test_what_a_silent_worker_writes_after_another_one_has_taken_over_is_refused(
    desk: Desk, claims: Claims
) -> None:
    job = asked(desk)
    frozen = taken(claims, job)
    fall_silent(claims, job)
    assert claims.next(frozenset()) == job.id
    assert [lost.id for lost in claims.lost()] == [job.id]
    second = taken(claims, job, TWO)
    assert second.before == ONE
    before = desk.events(ANN, job.id)
    assert frozen.beat() == "lost"
    with pytest.raises(JobLost, match="isn't this worker's any more"):
        frozen.tell("progress", "still here", {})
    with pytest.raises(JobLost, match="isn't this worker's any more"):
        frozen.end("done", "improved")
    with pytest.raises(JobLost, match="isn't this worker's any more"):
        frozen.give_back("enough", counts=True)
    assert desk.events(ANN, job.id) == before
    second.end("done", "improved")
    assert desk.job(ANN, job.id).outcome == "improved"


def test_a_job_is_begun_only_so_often_and_then_says_so(desk: Desk, claims: Claims) -> None:
    job = asked(desk)
    for _ in range(3):
        taken(claims, job)
        fall_silent(claims, job)
    assert claims.claim(job.id, TWO) is None
    ended = desk.job(ANN, job.id)
    assert ended.state == "failed"
    assert "3 workers began it" in ended.problem
    assert desk.events(ANN, job.id)[-1].kind == "ended"


def test_a_job_that_is_handed_on_gracefully_has_no_attempt_counted(desk: Desk, claims: Claims) -> None:
    job = asked(desk)
    for _ in range(10):
        taken(claims, job).give_back("asked to stop", counts=False)
    assert taken(claims, job).job.state == "queued"


def test_a_cancelled_job_that_waits_ends_at_once_and_one_that_runs_is_told(
    desk: Desk, claims: Claims
) -> None:
    waiting, running = asked(desk), asked(desk)
    assert desk.cancel(ANN, waiting.id, door="test").state == "cancelled"
    assert claims.claim(waiting.id, ONE) is None
    claim = taken(claims, running)
    assert desk.cancel(ANN, running.id, door="test").cancelling
    assert claim.beat() == "cancel"
    claim.end("cancelled")
    assert desk.cancel(ANN, running.id, door="test").state == "cancelled"


def test_a_cancelled_job_whose_worker_died_isnt_begun_again(desk: Desk, claims: Claims) -> None:
    job = asked(desk)
    taken(claims, job)
    desk.cancel(ANN, job.id, door="test")
    fall_silent(claims, job)
    assert claims.claim(job.id, TWO) is None
    assert desk.job(ANN, job.id).state == "cancelled"


def test_the_most_urgent_job_goes_first_and_of_those_the_oldest(desk: Desk, claims: Claims) -> None:
    order: list[Severity] = ["LOW", "CRITICAL", "MEDIUM", "HIGH", "CRITICAL"]
    made: list[Job] = []
    for priority in order:
        job = replace(asked(desk), id=f"{len(made)}", key="", priority=priority, created=float(len(made)))
        desk.records.create(job, "it waits")
        made.append(job)
    with claims.database.writing() as connection:  # the ones that were only asked to make these
        connection.execute(update(jobs).where(jobs.c.created > 100).values(state="done"))
    found = []
    while (job_id := claims.next(frozenset())) is not None:
        found.append(job_id)
        claims.claim(job_id, ONE)
    assert found == ["1", "4", "3", "2", "0"]


def test_a_worker_gets_only_jobs_whose_labels_it_has(desk: Desk, claims: Claims) -> None:
    job = replace(asked(desk), id="picky", run_id="picky", labels=frozenset({"go", "quiet"}))
    desk.records.create(job, "it waits")
    others = [claims.next(frozenset(labels)) for labels in ((), ("go",), ("quiet", "python"))]
    assert "picky" not in others
    claims.claim(str(others[0]), ONE)
    assert claims.next(frozenset({"go", "quiet", "cores=8"})) == "picky"


def test_a_worker_of_this_host_that_is_gone_needs_no_waiting(desk: Desk, claims: Claims) -> None:
    job = asked(desk)
    gone = replace(WorkerName.own(), pid=2**22 - 1)
    assert is_alive(gone) is False
    assert is_alive(WorkerName.own()) is True
    assert is_alive(ONE) is None
    taken(claims, job, gone)
    assert taken(claims, job, TWO).before == gone


def test_two_jobs_about_one_run_are_never_worked_on_at_the_same_time(desk: Desk, claims: Claims) -> None:
    job = asked(desk)
    taken(claims, job).end("done", "improved")
    first, second = (replace(job, id=name, kind="follow-up", key="") for name in ("one", "two"))
    for follow_up in (first, second):
        desk.records.create(follow_up, "it waits")
    claim = taken(claims, first)
    assert claims.next(frozenset()) is None
    assert claims.claim("two", TWO) is None
    claim.end("done", "answered")
    assert claims.next(frozenset()) == "two"
    assert claims.claim("two", TWO) is not None


def test_a_workers_name_can_be_read_back() -> None:
    own = WorkerName.own()
    assert WorkerName.parse(str(own)) == own
    assert WorkerName.parse("") is None
    assert WorkerName.parse("a/b/c/d") is None
