"""A job: one question that waits for a worker, is carried out, or has ended; and what happened on its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from agent.policy import Severity
from agent.request import Change, Request

JobKind = Literal["run", "follow-up"]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]
EventKind = Literal["queued", "started", "progress", "finding", "verdict", "answer", "retry", "ended"]
ENDED: frozenset[JobState] = frozenset({"done", "failed", "cancelled"})
PRIORITIES: Mapping[Severity, int] = {"CRITICAL": 3, "HIGH": 2, "MEDIUM": 1, "LOW": 0}
"""How a priority of the policy is ordered: the greatest goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One question to one target. A follow-up's `run_id` is that of the finished run that it is about.

    `conversation` groups questions of one caller: an A2A context, a Slack thread. `target` is the name that the
    target has in agent.yaml, for a local caller its path. `labels` are what a worker must have. `key` makes repeats of
    the same request one job. Times are seconds since 1970; 0 means not yet. `attempts` counts the workers that began
    it. `outcome` is the report's for a run that is done, `answered` or `needs a model` for a follow-up; `problem` says
    why it failed.
    """

    id: str
    kind: JobKind
    run_id: str
    conversation: str
    caller: str
    door: str
    target: str
    question: str
    request: Request
    priority: Severity = "MEDIUM"
    labels: frozenset[str] = frozenset()
    key: str = ""
    state: JobState = "queued"
    attempts: int = 0
    created: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    outcome: str = ""
    problem: str = ""
    cancelling: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a job. `seq` counts from 1 within the job, without gaps; `text` is a plain sentence
    whose numbers are in place, as it may be shown to people: it may hold names from the target, so each door escapes
    it. `data` holds what programs want of it:

    queued    ahead: jobs before it
    started   worker, attempt
    progress  stage, done and of where it can be counted
    finding   rank, function, file, line, severity
    verdict   title, accepted, reason
    answer    evidence: the ids that it rests on; `text` is the whole answer as Markdown
    retry     why: the job waits for another worker
    ended     state, outcome, problem; the last event of every job
    """

    seq: int
    time: float
    kind: EventKind
    text: str
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the answers to a choice: `value` is what is sent back."""

    value: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What must be decided before a question can be worked on. The next message of the same conversation answers it:
    with an option's value, or with a number of the list.
    """

    what: Literal["target", "workload", "apply"]
    question: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a caller says, in which conversation. `target` and `workload` are names from agent.yaml where the door lets
    them be given apart from the text; `sizes` are for {size} in the command of a local caller's path. `key` is the
    door's own id of the message, "" for none: a repeat of it gives the job that is there already. `conversation` is ""
    for a new one, which is then the job's id. `time_limit_s` overrides the budget of one run, as far as the settings
    allow. A `change` that someone else wrote is judged instead of searching for one.
    """

    text: str
    door: str
    conversation: str = ""
    target: str | None = None
    workload: str | None = None
    sizes: tuple[int, ...] = ()
    key: str = ""
    time_limit_s: float | None = None
    change: Change | None = None
