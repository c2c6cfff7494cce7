"""What is sent over HTTP: the service's own words for jobs, choices and lists, apart from how they are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel

from agent.doors.spelling import SETTINGS, spelled
from agent.jobs.job import Choice, Event, Job, JobKind, JobState
from agent.policy import Severity


class Links(BaseModel):
    """Where a job is, with what belongs to it."""

    job: str
    events: str
    report: str
    files: str


class JobShown(BaseModel):
    """A question that waits for a worker, is carried out, or has ended.

    `run_id` is the run that it made, of a follow-up the run that it is about. `conversation` is what later questions
    about it name. `outcome` is the report's, "" before its end; `problem` says why it failed, else "". `cancelling`
    says that it was cancelled and is being ended. `links` are its addresses below the service's own.
    """

    id: str
    kind: JobKind
    state: JobState
    run_id: str
    conversation: str
    caller: str
    target: str
    question: str
    priority: Severity
    attempts: int
    created: AwareDatetime
    started: AwareDatetime | None
    ended: AwareDatetime | None
    outcome: str
    problem: str
    cancelling: bool
    links: Links


class JobsShown(BaseModel):
    """Jobs, newest first."""

    jobs: tuple[JobShown, ...]


class EventsShown(BaseModel):
    """What has happened to a job, in order."""

    events: tuple[Event, ...]


class ChoiceShown(BaseModel):
    """What must be decided first. The answer is the next question with this `conversation`: an option's value, or its
    number in the list.
    """

    conversation: str
    choice: Choice


class FilesShown(BaseModel):
    """The names of a run's files, sorted."""

    files: tuple[str, ...]


class WorkloadShown(BaseModel):
    """A way in which a target is exercised."""

    name: str
    description: str


class TargetShown(BaseModel):
    """A target that may be named, with the workloads that it has in the settings."""

    name: str
    description: str
    workloads: tuple[WorkloadShown, ...]


class TargetsShown(BaseModel):
    """The targets that the caller may name."""

    targets: tuple[TargetShown, ...]


class Health(BaseModel):
    """The process is alive."""

    status: Literal["alive"]


class Readiness(BaseModel):
    """Whether questions can be taken. `problem` says why not; `warnings` are doubts that don't hinder it."""

    status: Literal["ready", "not ready"]
    problem: str
    warnings: tuple[str, ...]


def shown_job(job: Job) -> JobShown:
    """A job as it is sent: without the request, which has paths of the service's machine in it."""
    here = f"/v1/jobs/{job.id}"
    return JobShown(
        id=job.id,
        kind=job.kind,
        state=job.state,
        run_id=job.run_id,
        conversation=job.conversation,
        caller=job.caller,
        target=job.target,
        question=job.question,
        priority=job.priority,
        attempts=job.attempts,
        created=datetime.fromtimestamp(job.created, UTC),
        started=_moment(job.started),
        ended=_moment(job.ended),
        outcome=job.outcome,
        problem=spelled(job.problem, SETTINGS),
        cancelling=job.cancelling,
        links=Links(job=here, events=f"{here}/events", report=f"{here}/report", files=f"{here}/files"),
    )


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
