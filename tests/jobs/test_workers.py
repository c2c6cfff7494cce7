"""Workers as real processes: killed at every step, frozen, stopped, cancelled; no run is lost, none is done twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.jobs.desk import Desk
from agent.jobs.job import Event, Job, Message
from agent.report import Report
from tests.doors.targets import living
from tests.jobs.processes import ANN, Site, ask, events_of, stages_of, stop, wait_for

pytestmark = pytest.mark.slow
TAKEN_OVER_S = 15.0
CANCELLED_S = 2.0
SLEEPS = "import time\n\nif __name__ == '__main__':\n    time.sleep(600)\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path)
    yield found
    found.end()


def answer(report: Report) -> tuple[list[tuple[str, str]], list[tuple[str, bool]]]:
    """What a report says, without its numbers, and without what they decide: other tests run beside this one."""
    return (
        [(b.function, b.file) for b in report.bottlenecks],
        [(c.candidate.title, c.candidate.patch != "") for c in report.candidates],
    )


@pytest.mark.timeout(280)
def test_a_run_whose_worker_is_killed_at_every_step_is_taken_over_and_answers_the_same(site: Site) -> None:
    """Finished steps aren't done again: what follows a kill begins at the step that was killed."""
    desk = site.desk()
    whole = ask(desk)
    site.start()
    wait_for(lambda: desk.job(ANN, whole.id).has_ended, "the undisturbed run")
    site.processes[-1].kill()
    expected = desk.report(ANN, whole.id)
    steps = stages_of(list(desk.events(ANN, whole.id)))
    assert steps[0] == "intake"
    assert steps[-1] == "conclude"

    job = ask(desk)
    seconds = [_kill_at(site, desk, job, step, steps) for step in steps]
    assert max(seconds[1:]) < TAKEN_OVER_S
    site.start()
    wait_for(lambda: desk.job(ANN, job.id).has_ended, "the disturbed run")
    ended = desk.job(ANN, job.id)
    assert (ended.state, ended.attempts) == ("done", len(steps) + (0 if ended.attempts == len(steps) else 1))
    assert answer(desk.report(ANN, job.id)) == answer(expected)
    assert len(events_of(desk, job, "ended")) == 1


def _kill_at(site: Site, desk: Desk, job: Job, step: str, steps: list[str]) -> float:
    """Start a worker and kill it at a step; how long it took to begin."""
    after = desk.events(ANN, job.id)[-1].seq

    def news() -> tuple[Event, ...]:
        return desk.events(ANN, job.id, after=after)

    process = site.start()
    seconds = wait_for(lambda: any(e.kind == "started" for e in news()), "a start")
    wait_for(lambda: any(e.kind == "ended" or e.data.get("stage") == step for e in news()), f"step {step}")
    process.kill()
    process.wait()
    begun_with = stages_of(list(news()))[0]
    assert begun_with in steps[max(0, steps.index(step) - 1) :], (step, begun_with)
    return seconds


def test_a_frozen_worker_is_ended_by_the_one_that_takes_over(site: Site) -> None:
    desk, mark = site.desk(), f"frozen-{time.monotonic_ns()}"
    job = ask(desk)
    frozen = site.start(mark)
    wait_for(lambda: bool(events_of(desk, job, "progress")), "progress")
    site.start()
    wait_for(lambda: len(desk.records.workers()) == 2, "a second worker")
    stop(frozen, signal.SIGSTOP)
    wait_for(lambda: len(events_of(desk, job, "started")) == 2, "taking over", TAKEN_OVER_S)
    assert frozen.wait(timeout=10) == -signal.SIGKILL
    wait_for(lambda: not living(mark), "what the frozen one had started", 5)
    wait_for(lambda: desk.job(ANN, job.id).has_ended, "the end")
    assert desk.job(ANN, job.id).state == "done"


def test_a_graceful_stop_finishes_the_step_and_hands_the_run_on_and_a_third_worker_answers_about_it(
    site: Site,
) -> None:
    desk = site.desk()
    job = ask(desk)
    first = site.start()
    wait_for(lambda: "baseline" in stages_of(list(desk.events(ANN, job.id))), "the baseline")
    stop(first, signal.SIGTERM)
    assert first.wait(timeout=60) == 0
    waiting = desk.job(ANN, job.id)
    assert (waiting.state, waiting.attempts) == ("queued", 0)
    seen = desk.events(ANN, job.id)
    assert seen[-1].kind == "retry"
    second = site.start()
    wait_for(lambda: desk.job(ANN, job.id).has_ended, "the end")
    assert "baseline" not in stages_of(list(desk.events(ANN, job.id, after=seen[-1].seq)))
    assert desk.job(ANN, job.id).state == "done"
    stop(second, signal.SIGTERM)
    assert second.wait(timeout=30) == 0

    message = Message(text="How was it measured?", door="test", conversation=job.conversation)
    again = desk.receive(ANN, message)
    assert isinstance(again, Job)
    site.start()
    wait_for(lambda: desk.job(ANN, again.id).has_ended, "the answer")
    assert desk.job(ANN, again.id).state == "done", desk.job(ANN, again.id).problem
    assert events_of(desk, again, "answer")[0].text


def test_cancelling_ends_what_runs_within_two_seconds_and_leaves_no_process(site: Site) -> None:
    desk, mark = site.desk(), f"cancelled-{time.monotonic_ns()}"
    (site.folder / "target" / "app.py").write_text(SLEEPS)
    job = ask(desk)
    worker = site.start(mark)
    wait_for(
        lambda: any("first run" in e.text for e in events_of(desk, job, "progress")), "the target's first run"
    )
    wait_for(
        lambda: any("app.py" in _arguments(pid) for pid in living(str(site.folder))), "the target's process"
    )
    desk.cancel(ANN, job.id, door="test")
    took_s = wait_for(lambda: desk.job(ANN, job.id).has_ended, "the cancelling", 10)
    assert took_s < CANCELLED_S
    assert desk.job(ANN, job.id).state == "cancelled"
    assert not [pid for pid in living(str(site.folder)) if "app.py" in _arguments(pid)]
    assert worker.poll() is None
    second = ask(desk)
    wait_for(lambda: desk.job(ANN, second.id).state == "running", "the next job", 10)
    desk.cancel(ANN, second.id, door="test")
    wait_for(lambda: desk.job(ANN, second.id).has_ended, "the cancelling", 10)


def _arguments(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
