"""What the door finds again after a restart: where each job is told of, and who tells it.

slack/open/<job>   the process that follows the job; gone when everything has been said
slack/job/<job>    where it is said, how far that has come, and which files are missing
slack/door/<id>    the last sign of life of a process
slack/asked/<place>  the message whose buttons a conversation waits for
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from agent.access.caller import Caller
from agent.doors.slack.people import DIRECT
from agent.jobs.records import Records
from agent.service_settings import Scope

DOOR = "slack"
"""How jobs and messages of this door are marked."""
LOST_AFTER_S = 12.0
"""A process that showed no sign of life for so long doesn't follow its jobs any more."""
Stage = Literal["working", "answered", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Where and how far a job is told. `message` is the one that shows its progress; `missing` are files that weren't
    sent. The caller is who asked.
    """

    job_id: str
    channel: str
    thread: str
    user: str
    caller_id: str
    caller_channel: str
    scopes: tuple[Scope, ...] = ("ask",)
    message: str = ""
    stage: Stage = "working"
    missing: tuple[str, ...] = ()

    @property
    def caller(self) -> Caller:
        """Who asked."""
        return Caller(id=self.caller_id, scopes=frozenset(self.scopes), channel=self.caller_channel)


_TOLD: TypeAdapter[Told] = TypeAdapter(Told)


@dataclass(slots=True)
class Memory:
    """The door's notes. Jobs of a process that is gone are taken over by exactly one other."""

    records: Records
    clock: Callable[[], float] = time.time
    lost_after_s: float = LOST_AFTER_S
    me: str = field(default_factory=lambda: token_hex(8))

    def first_time(self, kind: str, key: str) -> bool:
        """True exactly once for each key of a kind. Raises: StorageFailed."""
        return self.records.first_time(f"slack/{kind}/{key}"[:500])

    def begin(self, told: Told) -> bool:
        """Remember a job that this process follows from now on; False when it was begun before."""
        if not self.first_time("begun", told.job_id):
            return False
        self._take(told)
        return True

    def keep(self, told: Told) -> None:
        """Remember how far a job has been told."""
        self.records.note(f"slack/job/{told.job_id}", _TOLD.dump_json(told).decode())

    def told(self, job_id: str) -> Told | None:
        """Where a job is told, None for one that isn't known."""
        found = self.records.noted(f"slack/job/{job_id}")
        try:
            return _TOLD.validate_json(found) if found else None
        except ValidationError:  # of another version
            return None

    def close(self, job_id: str) -> None:
        """Everything has been said about a job."""
        self.records.forget(f"slack/open/{job_id}")

    def is_mine(self, job_id: str) -> bool:
        """Whether this process is still the one that follows a job."""
        return self.records.noted(f"slack/open/{job_id}") == self.me

    def beat(self) -> None:
        """Show a sign of life."""
        self.records.note(f"slack/door/{self.me}", str(self.clock()))

    def leave(self) -> None:
        """Let others take over at once what this process follows."""
        self.records.forget(f"slack/door/{self.me}")

    def orphans(self) -> list[Told]:
        """Jobs that nobody follows any more, and that this process follows from now on."""
        found = []
        alive = self._alive()
        for key, owner in self.records.notes("slack/open/").items():
            job_id = key.rpartition("/")[2]
            if owner in alive or not self.first_time("taken", f"{job_id}/{owner}"):
                continue
            told = self.told(job_id)
            if told is None:
                self.close(job_id)
                continue
            self.records.note(key, self.me)
            found.append(told)
        return found

    def forgotten(self) -> list[Told]:
        """Jobs from Slack that go on and were never begun to be followed, for the process was killed just then."""
        found = []
        for job in self.records.jobs(states=("queued", "running"), limit=1000):
            parts = job.conversation.split("/")
            is_old = self.clock() - job.created > self.lost_after_s
            if job.door != DOOR or len(parts) != 3 or not is_old:
                continue
            if self.records.noted(f"slack/job/{job.id}") is None and self.first_time("adopted", job.id):
                place = f"{parts[0]}/{DIRECT}" if parts[1].startswith("D") else "/".join(parts[:2])
                told = Told(
                    job_id=job.id, channel=parts[1], thread=parts[2], user=job.caller.rpartition("/")[2],
                    caller_id=job.caller, caller_channel=place,
                )  # fmt: skip
                self._take(told)
                found.append(told)
        return found

    def _take(self, told: Told) -> None:
        self.keep(told)
        self.records.note(f"slack/open/{told.job_id}", self.me)

    def _alive(self) -> set[str]:
        found = {self.me}
        for key, beaten in self.records.notes("slack/door/").items():
            if self.clock() - float(beaten) < self.lost_after_s:
                found.add(key.rpartition("/")[2])
            elif self.clock() - float(beaten) > 100 * self.lost_after_s:
                self.records.forget(key)
        return found

    def wait_for_answer(self, place: str, message: str) -> None:
        """Remember the message whose buttons a conversation waits for."""
        self.records.note(f"slack/asked/{place}", message)

    def take_answer(self, place: str, message: str = "") -> str | None:
        """The message whose buttons the conversation waited for, once; with `message` only if it is that one."""
        waited = self.records.noted(f"slack/asked/{place}")
        if waited is None or (message and waited != message):
            return None
        self.records.forget(f"slack/asked/{place}")
        return waited if self.first_time("answered", f"{place}/{waited}") else None
