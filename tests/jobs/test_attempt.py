"""What comes of an attempt at a job, what it leaves with its run, and what it cost by the evidence that it left."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.ending import CANCELLED
from agent.errors import BadRequest
from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.jobs.attempt import Attempt, cost_of
from agent.jobs.claims import Claim, Claims
from agent.jobs.desk import Desk
from agent.jobs.files import FolderFiles
from agent.jobs.job import Job
from agent.jobs.worker_name import WorkerName
from agent.request import Request
from agent.service import Service
from agent.store import RunFolder, Store
from tests.doors.targets import python_target
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Function, ValueType

ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("ANTHROPIC")}
Take = Callable[..., Claim]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def take(desk: Desk) -> Take:
    """A job in this process's hands."""

    def take(request: Request, **more: str) -> Claim:
        job = Job(
            id="20260101-000000-cccc", kind="run", run_id="20260101-000000-cccc", conversation="c", caller="ann",
            door="test", target="orders", question=request.question, request=request, created=time.time(),
        )  # fmt: skip
        job = replace(job, **more)  # type: ignore[arg-type] # of texts alone
        desk.records.create(job, "it waits")
        claim = Claims(desk.records.database, 10.0, 3).claim(job.id, WorkerName.own())
        assert claim is not None
        return claim

    return take


def attempt_at(claim: Claim, store: Store) -> Attempt:
    return Attempt(claim=claim, files=FolderFiles(store), environment=ENVIRONMENT)


@pytest.fixture
def looked_at(tmp_path: Path, store: Store) -> tuple[Request, str]:
    """A recorded profile that was asked about, with its run's id."""
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    builder.add([(Function(name="main.slow", file=str(tmp_path / "main.go"), start_line=9), 10)], [900])
    write_pprof(builder.build(default_value="cpu"), tmp_path / "cpu.pb.gz")
    request = Request(question="what dominates?", target=str(tmp_path / "cpu.pb.gz"))
    report = Service(store=store, environment=ENVIRONMENT).run(request, lambda progress: None)
    return request, report.run_id


@pytest.mark.parametrize(
    ("question", "outcome", "said"),
    [
        ("why was C1 rejected?", "answered", "There is no candidate C1: none was tried."),
        ("evidence E999", "answered", "There is no evidence E999"),
        ("who calls main.nothing?", "answered", "No function of"),
        ("what dominates?", "answered", "main.slow"),
        ("try it without the pool", "needs a model", "This needs a model"),
    ],
)
def test_a_question_about_what_is_not_there_is_answered_and_one_that_needs_a_model_is_not(
    desk: Desk,
    store: Store,
    take: Take,
    looked_at: tuple[Request, str],
    question: str,
    outcome: str,
    said: str,
) -> None:
    request, run_id = looked_at
    claim = take(request, kind="follow-up", run_id=run_id, question=question)
    assert attempt_at(claim, store).run() == outcome
    (answer,) = [e for e in desk.records.events(claim.job.id) if e.kind == "answer"]
    assert said in answer.text


def test_an_empty_question_is_no_question(store: Store, take: Take, looked_at: tuple[Request, str]) -> None:
    claim = take(looked_at[0], kind="follow-up", run_id=looked_at[1], question=" ")
    with pytest.raises(BadRequest, match="the question is empty"):
        attempt_at(claim, store).run()


@pytest.fixture
def failing(tmp_path: Path, store: Store, take: Take) -> tuple[Attempt, RunFolder]:
    """A run whose request has no sizes for its command, after it failed."""
    target = python_target(tmp_path / "sized", test=None)
    request = Request(question="Why?", target=str(target), command=("python", "app.py", "{size}"))
    claim = take(request)
    attempt = attempt_at(claim, store)
    with pytest.raises(BadRequest, match="no sizes"):
        attempt.run()
    return attempt, RunFolder(store.runs_dir / claim.job.run_id)


def test_a_run_that_failed_keeps_why_and_is_not_gone_on_with(failing: tuple[Attempt, RunFolder]) -> None:
    """Its private copies are gone, so that there is nothing to go on with, whatever it failed for."""
    attempt, folder = failing
    assert folder.ending is not None
    folder.keep_ending(replace(folder.ending, can_go_on=True))
    attempt.clear()
    assert "no sizes" in folder.ending.problem
    assert not folder.ending.can_go_on


def test_a_run_that_was_cancelled_is_kept_as_such(failing: tuple[Attempt, RunFolder]) -> None:
    attempt, folder = failing
    folder.keep_ending(None)
    attempt.give_up(is_lost=False)
    attempt.clear()
    assert folder.ending == CANCELLED


def test_a_run_that_another_worker_has_is_left_as_it_is(failing: tuple[Attempt, RunFolder]) -> None:
    attempt, folder = failing
    folder.keep_ending(None)
    attempt.give_up(is_lost=True)
    attempt.clear()
    assert folder.ending is None


def test_all_that_models_were_asked_is_counted_and_nothing_else() -> None:
    """Of runs that failed or were cancelled, too: what was spent is in the evidence, with or without a report."""
    cost = (Quantity(name="cost", value=0.25, unit="USD"), Quantity(name="calls", value=3, unit="count"))
    items = (
        Evidence(id="E1", kind="analysis", title="model use: investigate", tool="claude", quantities=cost),
        Evidence(id="E2", kind="analysis", title="model use: follow_up", tool="claude", quantities=cost),
        Evidence(id="E3", kind="analysis", title="model use: optimise", tool="claude"),
        Evidence(id="E4", kind="pairs", title="pairs", tool="pairs", quantities=cost),
    )
    assert cost_of(EvidenceIndex(items)) == pytest.approx(0.5)
    assert cost_of(EvidenceIndex()) == 0.0
