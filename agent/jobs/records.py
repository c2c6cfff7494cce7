"""What is known of every job: made by the desk, written by the one worker that has it, read by everyone.

Each write for a job first locks its row; a worker's also checks that the job is still its own (`Claim`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pydantic import JsonValue, TypeAdapter
from sqlalchemy import Connection, RowMapping, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from agent.database.opening import Database
from agent.database.tables import conversations, events, jobs, notes, seen, workers
from agent.errors import NotThere
from agent.jobs.job import ENDED, PRIORITIES, Choice, Event, EventKind, Job, JobState, Message
from agent.policy import Severity
from agent.request import Request

REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
SEVERITIES: Mapping[int, Severity] = {number: name for name, number in PRIORITIES.items()}
KEPT_S = 3 * 86400.0
"""How long it is remembered that a message was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A choice that a conversation waits for, with the message that it is about."""

    choice: Choice
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Where a conversation stands: its last job, and the choice that is waited for."""

    job_id: str | None = None
    asked: Asked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """A worker that shows signs of life: `heartbeat` is the last one, `job_id` what it works on, "" for nothing."""

    name: str
    labels: frozenset[str]
    heartbeat: float
    job_id: str


_ASKED: TypeAdapter[Asked] = TypeAdapter(Asked)


@dataclass(frozen=True, slots=True)
class Records:
    """The service's jobs and what belongs to them."""

    database: Database

    def create(self, job: Job, text: str) -> Job:
        """Record a job that waits, with its first event; the one that is there already under its key."""
        try:
            with self.database.writing() as connection:
                connection.execute(insert(jobs).values(**_values(job)))
                ahead = connection.execute(
                    select(func.count()).select_from(jobs).where(
                        jobs.c.state == "queued", jobs.c.priority >= PRIORITIES[job.priority], jobs.c.id != job.id
                    )
                ).scalar_one()  # fmt: skip
                add_event(connection, job.id, "queued", text, {"ahead": ahead})
        except IntegrityError:
            found = self.by_key(job.caller, job.key)
            if found is None:
                raise
            return found
        return job

    def create_answered(self, job: Job, text: str) -> Job:
        """Record a job that needed no worker, with its answer; the one that is there already under its key."""
        try:
            with self.database.writing() as connection:
                connection.execute(insert(jobs).values(**_values(job)))
                add_event(connection, job.id, "answer", text, {"evidence": []})
                end(connection, job.id, "done", "answered", "")
        except IntegrityError:
            found = self.by_key(job.caller, job.key)
            if found is None:
                raise
            return found
        return self.job(job.id)

    def by_key(self, caller: str, key: str) -> Job | None:
        """The job that a caller's message with this key made, None for a new key."""
        if not key:
            return None
        with self.database.reading() as connection:
            row = (
                connection.execute(select(jobs).where(jobs.c.caller == caller, jobs.c.key == key))
                .mappings()
                .first()
            )
        return job_of(row) if row is not None else None

    def job(self, job_id: str) -> Job:
        """One job. Raises: NotThere."""
        with self.database.reading() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
        if row is None:
            raise NotThere(f"there is no job {job_id[:64]!r}")
        return job_of(row)

    def jobs(
        self, *, caller: str | None = None, states: Collection[JobState] = (), limit: int = 50
    ) -> tuple[Job, ...]:
        """Jobs, newest first; those of one caller, and in some states."""
        query = select(jobs).order_by(jobs.c.created.desc(), jobs.c.id.desc()).limit(limit)
        if caller is not None:
            query = query.where(jobs.c.caller == caller)
        if states:
            query = query.where(jobs.c.state.in_(list(states)))
        with self.database.reading() as connection:
            return tuple(job_of(row) for row in connection.execute(query).mappings())

    def run_of(self, run_id: str) -> Job:
        """The job that made a run. Raises: NotThere."""
        query = select(jobs).where(jobs.c.run_id == run_id, jobs.c.kind == "run")
        with self.database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotThere(f"there is no run {run_id[:64]!r}")
        return job_of(row)

    def events(self, job_id: str, after: int = 0) -> tuple[Event, ...]:
        """A job's events after number `after`, in order."""
        query = select(events).where(events.c.job_id == job_id, events.c.seq > after).order_by(events.c.seq)
        with self.database.reading() as connection:
            return tuple(_event(row) for row in connection.execute(query).mappings())

    def last_events(self, job_ids: Collection[str]) -> Mapping[str, int]:
        """The number of the last event of each job; a job that isn't there is left out."""
        with self.database.reading() as connection:
            rows = connection.execute(select(jobs.c.id, jobs.c.seq).where(jobs.c.id.in_(list(job_ids))))
            return {row.id: row.seq for row in rows}

    def cancel(self, job_id: str) -> Job:
        """End a job that waits; tell the worker of one that runs. One that has ended stays as it is."""
        with self.database.writing() as connection:
            row = locked(connection, job_id)
            if row is None:
                raise NotThere(f"there is no job {job_id[:64]!r}")
            if row["state"] == "queued":
                end(connection, job_id, "cancelled", "", "it was cancelled before it began")
            elif row["state"] == "running":
                connection.execute(update(jobs).where(jobs.c.id == job_id).values(cancelling=1))
        return self.job(job_id)

    def waiting(self, caller: str) -> int:
        """How many jobs of a caller wait or run."""
        query = select(func.count()).select_from(jobs).where(
            jobs.c.caller == caller, jobs.c.state.in_(["queued", "running"])
        )  # fmt: skip
        with self.database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def counts(self) -> Mapping[JobState, int]:
        """How many jobs are in each state."""
        with self.database.reading() as connection:
            rows = connection.execute(select(jobs.c.state, func.count().label("n")).group_by(jobs.c.state))
            return {row.state: row.n for row in rows}

    def waiting_s(self) -> float:
        """How long the job that has waited longest has waited, 0 without any."""
        with self.database.reading() as connection:
            oldest = connection.execute(
                select(func.min(jobs.c.created)).where(jobs.c.state == "queued")
            ).scalar_one()
        return max(0.0, time.time() - oldest) if oldest else 0.0

    def workers(self, within_s: float = 60.0) -> tuple[WorkerState, ...]:
        """The workers that showed a sign of life within so many seconds."""
        query = select(workers).where(workers.c.heartbeat > time.time() - within_s).order_by(workers.c.name)
        with self.database.reading() as connection:
            return tuple(
                WorkerState(
                    name=row.name,
                    labels=frozenset(json.loads(row.labels)),
                    heartbeat=row.heartbeat,
                    job_id=row.job_id,
                )
                for row in connection.execute(query)
            )

    def conversation(self, caller: str, conversation: str) -> Conversation:
        """Where a caller's conversation stands; a new one is empty."""
        query = select(conversations).where(
            conversations.c.caller == caller, conversations.c.id == conversation
        )
        with self.database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            return Conversation()
        asked = _ASKED.validate_json(row.choice) if row.choice else None
        return Conversation(job_id=row.job_id, asked=asked)

    def converse(self, caller: str, conversation: str, state: Conversation) -> None:
        """Keep where a conversation stands."""
        values = {
            "job_id": state.job_id,
            "choice": _ASKED.dump_json(state.asked).decode() if state.asked else None,
            "updated": time.time(),
        }
        self._put(conversations, {"caller": caller, "id": conversation}, values)

    def first_time(self, key: str) -> bool:
        """True exactly once for each key, for some days, whoever asks."""
        try:
            with self.database.writing() as connection:
                connection.execute(insert(seen).values(key=key, time=time.time()))
        except IntegrityError:
            return False
        return True

    def note(self, key: str, value: str) -> None:
        """Keep what a door wants to find again."""
        self._put(notes, {"key": key}, {"value": value, "time": time.time()})

    def noted(self, key: str) -> str | None:
        """What was kept under a key, None for nothing."""
        with self.database.reading() as connection:
            return connection.execute(select(notes.c.value).where(notes.c.key == key)).scalar_one_or_none()

    def notes(self, prefix: str) -> dict[str, str]:
        """Everything that was kept under keys that begin so, by its key."""
        query = select(notes.c.key, notes.c.value).where(notes.c.key.startswith(prefix, autoescape=True))
        with self.database.reading() as connection:
            return {row.key: row.value for row in connection.execute(query)}

    def forget(self, key: str) -> None:
        """Keep a note no longer."""
        with self.database.writing() as connection:
            connection.execute(delete(notes).where(notes.c.key == key))

    def prune(self, before: float) -> tuple[Job, ...]:
        """Remove the jobs that ended before a time, with what belongs to them; the removed ones."""
        with self.database.writing() as connection:
            old = jobs.c.state.in_(list(ENDED)) & (jobs.c.ended < before)
            found = tuple(job_of(row) for row in connection.execute(select(jobs).where(old)).mappings())
            connection.execute(delete(events).where(events.c.job_id.in_([job.id for job in found])))
            connection.execute(delete(jobs).where(jobs.c.id.in_([job.id for job in found])))
            connection.execute(delete(conversations).where(conversations.c.updated < before))
            connection.execute(delete(notes).where(notes.c.time < before))
            connection.execute(delete(seen).where(seen.c.time < time.time() - KEPT_S))
        return found

    def runs_among(self, run_ids: Collection[str]) -> frozenset[str]:
        """Those of some runs that a job is still about."""
        query = select(jobs.c.run_id).where(jobs.c.run_id.in_(list(run_ids)))
        with self.database.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def _put(self, table: Table, key: Mapping[str, str], values: Mapping[str, object]) -> None:
        """Insert a row or change it."""
        same = [table.c[name] == value for name, value in key.items()]
        for _ in range(2):
            try:
                with self.database.writing() as connection:
                    changed = connection.execute(update(table).where(*same).values(**values)).rowcount
                    if not changed:
                        connection.execute(insert(table).values(**key, **values))
            except IntegrityError:  # someone else inserted it meanwhile
                continue
            return


def locked(connection: Connection, job_id: str) -> RowMapping | None:
    """A job's row, which nobody else changes until the transaction ends; None without one."""
    return connection.execute(select(jobs).where(jobs.c.id == job_id).with_for_update()).mappings().first()


def add_event(
    connection: Connection, job_id: str, kind: EventKind, text: str, data: Mapping[str, JsonValue]
) -> None:
    """Add an event to a job whose row is locked."""
    seq = connection.execute(
        update(jobs).where(jobs.c.id == job_id).values(seq=jobs.c.seq + 1).returning(jobs.c.seq)
    ).scalar_one()
    connection.execute(
        insert(events).values(
            job_id=job_id, seq=seq, time=time.time(), kind=kind, text=text, data=json.dumps(dict(data))
        )
    )


def end(connection: Connection, job_id: str, state: JobState, outcome: str, problem: str) -> None:
    """End a job whose row is locked, with its last event."""
    connection.execute(
        update(jobs).where(jobs.c.id == job_id).values(
            state=state, outcome=outcome, problem=problem, ended=time.time(), cancelling=0
        )
    )  # fmt: skip
    add_event(
        connection,
        job_id,
        "ended",
        problem or outcome or state,
        {"state": state, "outcome": outcome, "problem": problem},
    )


def _values(job: Job) -> dict[str, object]:
    return {
        "id": job.id, "kind": job.kind, "run_id": job.run_id, "conversation": job.conversation,
        "caller": job.caller, "door": job.door, "target": job.target, "question": job.question,
        "request": REQUEST.dump_json(job.request).decode(), "priority": PRIORITIES[job.priority],
        "labels": json.dumps(sorted(job.labels)), "key": job.key or None, "state": job.state,
        "created": job.created, "started": job.started, "ended": job.ended, "outcome": job.outcome,
        "problem": job.problem, "seq": 0,
    }  # fmt: skip


def job_of(row: RowMapping) -> Job:
    """A job from its row."""
    return Job(
        id=row["id"],
        kind=row["kind"],
        run_id=row["run_id"],
        conversation=row["conversation"],
        caller=row["caller"],
        door=row["door"],
        target=row["target"],
        question=row["question"],
        request=REQUEST.validate_json(row["request"]),
        priority=SEVERITIES[row["priority"]],
        labels=frozenset(json.loads(row["labels"])),
        key=row["key"] or "",
        state=row["state"],
        attempts=row["attempts"],
        created=row["created"],
        started=row["started"],
        ended=row["ended"],
        outcome=row["outcome"],
        problem=row["problem"],
        cancelling=bool(row["cancelling"]),
    )


def _event(row: RowMapping) -> Event:
    return Event(
        seq=row["seq"], time=row["time"], kind=row["kind"], text=row["text"], data=json.loads(row["data"])
    )
