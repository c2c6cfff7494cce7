"""What the door finds again: jobs of a process that is gone have one new teller, and those never begun are found."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from agent.access.caller import Caller
from agent.doors.slack.memory import Memory, Told
from agent.jobs.desk import Desk
from agent.jobs.job import Job, Message
from agent.jobs.opening import open_desk
from tests.doors.slack.fake_slack import FakeSlack
from tests.doors.slack.served import Setting

TOLD = Told(
    job_id="j1",
    channel="C1",
    thread="1.1",
    user="U1",
    caller_id="slack:T1/U1",
    caller_channel="T1/C1",
    message="1.2",
)


@pytest.fixture
def desk(setting: Setting) -> Desk:
    return open_desk(setting.settings(FakeSlack(url="http://127.0.0.1:1/")), {})


def test_many_processes_that_look_at_once_take_each_job_over_once(desk: Desk) -> None:
    gone = Memory(desk.records)
    for n in range(6):
        assert gone.begin(replace(TOLD, job_id=f"j{n}"))
    found: list[str] = []
    barrier = threading.Barrier(8)

    def look() -> None:
        memory = Memory(desk.records)
        memory.beat()
        barrier.wait(10)
        found.extend(told.job_id for told in memory.orphans())

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(found) == [f"j{n}" for n in range(6)]


def test_a_process_that_lives_keeps_its_jobs_and_one_that_leaves_hands_them_on(desk: Desk) -> None:
    now = [1000.0]
    one, other = (Memory(desk.records, clock=lambda: now[0]) for _ in range(2))
    one.beat()
    assert one.begin(TOLD) and not one.begin(TOLD) and not other.begin(TOLD)
    now[0] += one.lost_after_s - 1
    assert other.orphans() == [] and one.is_mine("j1")
    now[0] += 2
    assert other.orphans() == [TOLD] and other.is_mine("j1") and not one.is_mine("j1")
    other.beat()
    assert one.orphans() == []
    other.leave()
    assert one.orphans() == [TOLD]
    one.close("j1")
    assert other.orphans() == [] and one.told("j1") == TOLD


def test_a_job_whose_process_was_killed_before_it_was_followed_is_found(desk: Desk) -> None:
    ann = Caller(id="slack:T1/U1", scopes=frozenset({"ask"}), channel="T1/C1")
    job = desk.receive(ann, Message(text="why?", door="slack", conversation="T1/C1/100.5"))
    desk.receive(
        replace(ann, id="token:a", channel=""), Message(text="why?", door="http", conversation="a/b/c")
    )
    assert isinstance(job, Job)
    memory = Memory(desk.records)
    assert memory.forgotten() == []  # it may be about to be followed
    later = Memory(desk.records, clock=lambda: time.time() + 60)
    (told,) = later.forgotten()
    assert (told.job_id, told.channel, told.thread, told.user) == (job.id, "C1", "100.5", "U1")
    assert told.caller.id == ann.id and later.forgotten() == [] and later.is_mine(job.id)


def test_a_note_of_another_version_is_left_alone(desk: Desk) -> None:
    memory = Memory(desk.records)
    desk.records.note("slack/job/j9", '{"version": 2}')
    desk.records.note("slack/open/j9", "somebody")
    assert memory.told("j9") is None and memory.orphans() == []
