"""A task as A2A shows it, made from the desk's job and its events: they are the only truth about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from a2a.types import Artifact, Message, Task, TaskState, TaskStatus
from pydantic import JsonValue

from agent.doors.a2a.incoming import DOOR
from agent.doors.a2a.parts import MARKDOWN, data_part, message, moment, struct, text_part
from agent.doors.a2a.undecided import Undecided
from agent.jobs.job import ENDED, Event, EventKind, Job, JobState
from agent.rendering.terminal import plain

STATES: Mapping[JobState, TaskState] = {
    "queued": TaskState.TASK_STATE_SUBMITTED,
    "running": TaskState.TASK_STATE_WORKING,
    "done": TaskState.TASK_STATE_COMPLETED,
    "failed": TaskState.TASK_STATE_FAILED,
    "cancelled": TaskState.TASK_STATE_CANCELED,
}
WAITS: frozenset[EventKind] = frozenset({"queued", "retry"})
TOLD: frozenset[EventKind] = frozenset({"finding", "verdict", "retry"})
"""The events that stay in a task's history, beside what was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What stands behind a task: a job, or a choice that is to be made, or a choice and the job that came of it."""

    id: str
    context: str
    job: Job | None = None
    undecided: Undecided | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to the task."""
        return self.job.has_ended if self.job is not None else not self.waits_for_choice

    @property
    def waits_for_choice(self) -> bool:
        """Whether it is the caller's turn."""
        return self.job is None and self.undecided is not None and self.undecided.is_waiting

    @property
    def place(self) -> tuple[float, str]:
        """What tasks are ordered by: when they began, then their id."""
        if self.job is not None:
            return self.job.created, self.id
        return (self.undecided.time if self.undecided is not None else 0.0), self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a job that is done comes to: a sentence for its last status, and its files."""

    sentence: str = ""
    artefacts: tuple[Artifact, ...] = ()


def task_of(tracked: Tracked, events: Sequence[Event] = (), outcome: Outcome | None = None) -> Task:
    """The task as it stands after `events`."""
    return Task(
        id=tracked.id,
        context_id=tracked.context,
        status=_status(tracked, events, outcome),
        artifacts=[*answers(events), *(outcome.artefacts if outcome else ())],
        history=[*_said(tracked), *(_told(tracked, e) for e in events if e.kind in TOLD)],
        metadata=struct(_facts(tracked.job)) if tracked.job else None,
    )


def status_after(
    tracked: Tracked, event: Event, answer: Event | None = None, outcome: Outcome | None = None
) -> TaskStatus:
    """The status that an event brings. The last one says the answer, or what the run came to."""
    said = _told(tracked, event)
    if event.kind == "ended" and answer is not None:
        said = message(said.message_id, True, tracked.id, tracked.context, [text_part(answer.text, MARKDOWN)])
    elif event.kind == "ended" and outcome is not None and outcome.sentence:
        said = message(said.message_id, True, tracked.id, tracked.context, [text_part(outcome.sentence)])
    return TaskStatus(state=state_after(event), message=said, timestamp=moment(event.time))


def state_after(event: Event) -> TaskState:
    """The state that an event leaves a task in."""
    if event.kind == "ended":
        state = event.data.get("state")
        return next((STATES[name] for name in ENDED if name == state), TaskState.TASK_STATE_FAILED)
    return TaskState.TASK_STATE_SUBMITTED if event.kind in WAITS else TaskState.TASK_STATE_WORKING


def answers(events: Iterable[Event]) -> list[Artifact]:
    """The last answer among the events as an artefact, if there is one."""
    found = [event for event in events if event.kind == "answer"]
    return [answer_artefact(found[-1])] if found else []


def answer_artefact(event: Event) -> Artifact:
    """A whole answer as Markdown, with the evidence that it rests on."""
    return Artifact(
        artifact_id="answer",
        name="answer",
        description="the answer to the question",
        parts=[text_part(event.text, MARKDOWN, "answer.md")],
        metadata=struct(event.data),
    )


def facts_of(event: Event) -> dict[str, JsonValue]:
    """What programs want of an event: which it is, and its own values."""
    return {**event.data, "event": event.kind, "seq": event.seq}


def _status(tracked: Tracked, events: Sequence[Event], outcome: Outcome | None) -> TaskStatus:
    undecided, job = tracked.undecided, tracked.job
    if events:
        answer = next((event for event in reversed(events) if event.kind == "answer"), None)
        return status_after(tracked, events[-1], answer, outcome)
    if job is not None:
        return TaskStatus(state=STATES[job.state], timestamp=moment(job.ended or job.started or job.created))
    if undecided is None or undecided.withdrawn:
        return _ended_undecided(tracked, undecided)
    return TaskStatus(
        state=TaskState.TASK_STATE_INPUT_REQUIRED,
        message=_asked(tracked, undecided),
        timestamp=moment(undecided.time),
    )


def _ended_undecided(tracked: Tracked, undecided: Undecided | None) -> TaskStatus:
    """Cancelled, or rejected with the reason."""
    if undecided is None or not undecided.problem:
        time_s = undecided.time if undecided else 0.0
        return TaskStatus(state=TaskState.TASK_STATE_CANCELED, timestamp=moment(time_s))
    why = [text_part(plain(undecided.problem))]
    return TaskStatus(
        state=TaskState.TASK_STATE_REJECTED,
        message=message(f"{tracked.id}-end", True, tracked.id, tracked.context, why),
        timestamp=moment(undecided.time),
    )


def _asked(tracked: Tracked, undecided: Undecided) -> Message:
    """The question, for people as text and for programs as data."""
    choice, last = undecided.choice, undecided.said[-1]
    options: list[JsonValue] = [{"value": option.value, "text": option.text} for option in choice.options]
    data: dict[str, JsonValue] = {"choice": choice.what, "question": choice.question, "options": options}
    return message(last.id, True, tracked.id, tracked.context, [text_part(plain(last.text)), data_part(data)])


def _said(tracked: Tracked) -> list[Message]:
    """What the caller and the agent said; the question that is open stands in the status, not here."""
    undecided, job = tracked.undecided, tracked.job
    if undecided is not None:
        said = undecided.said[:-1] if undecided.is_waiting else undecided.said
        return [
            message(s.id, s.by_agent, tracked.id, tracked.context, [text_part(plain(s.text))]) for s in said
        ]
    if job is None:
        return []
    identity = job.key.removeprefix(f"{DOOR}:") or job.id
    return [message(identity, False, tracked.id, tracked.context, [text_part(plain(job.question))])]


def _told(tracked: Tracked, event: Event) -> Message:
    job_id = tracked.job.id if tracked.job else tracked.id
    parts = [text_part(plain(event.text))]
    return message(f"{job_id}-{event.seq}", True, tracked.id, tracked.context, parts)


def _facts(job: Job) -> dict[str, JsonValue]:
    facts: dict[str, JsonValue] = {"job": job.id, "run": job.run_id, "target": job.target, "kind": job.kind}
    if job.outcome:
        facts["outcome"] = job.outcome
    return facts
