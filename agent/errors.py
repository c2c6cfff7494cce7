"""Errors of the agent: who asked, who configured, the model, or the budget must act.

    AgentError
    ├── BadRequest       the question, target, workload or run id can't be used
    ├── BadDefinition    the agent definition file can't be used
    ├── BadSettings      agent.yaml can't be used
    ├── BadTarget        the target as it stands can't be measured (doesn't build, tests fail)
    ├── ModelFailed      the analyst could not answer
    ├── StorageFailed    the run's folder, or the service's database, can't be written
    ├── BudgetSpent      time, tokens or money ran out
    ├── JobLost          another worker has taken the job over; nothing more may be written for it
    └── Refused          a caller of the service may not have what it asks for
        ├── Unauthenticated  who is asking isn't known
        ├── Forbidden        they may not do this
        ├── NotThere         it isn't there, or isn't theirs to see
        └── LimitReached     too much was asked for, too often

`exit_code` is what the CLI ends with; docs/guides/cli.md lists them.
"""

from __future__ import annotations

from typing import ClassVar


class AgentError(Exception):
    """Someone must act; the message says who, on what and how."""

    exit_code: ClassVar[int] = 1


class BadRequest(AgentError):
    """The request can't be carried out as asked."""

    exit_code = 2


class BadDefinition(AgentError):
    """The agent definition can't be read; the message has the file and line."""

    exit_code = 3


class BadSettings(AgentError):
    """agent.yaml can't be read or has an unknown or impossible value."""

    exit_code = 3


class BadTarget(AgentError):
    """The target doesn't build, its tests fail, or its workload doesn't run; nothing was optimised."""

    exit_code = 4


class ModelFailed(AgentError):
    """The analyst could not answer."""

    exit_code = 5


class BudgetSpent(AgentError):
    """A budget was spent before a result was reached."""

    exit_code = 6


class StorageFailed(AgentError):
    """A file of the run, or the database, could not be written; what was there before is untouched."""

    exit_code = 7


class JobLost(AgentError):
    """Another worker has taken the job over, or it was cancelled: this one must end and write nothing more."""

    exit_code = 7


class Refused(AgentError):
    """A caller of the service may not have what it asks for; `status` is HTTP's."""

    exit_code = 2
    status: ClassVar[int] = 400


class Unauthenticated(Refused):
    """Who is asking isn't known: no token, a forged or an expired one."""

    status = 401


class Forbidden(Refused):
    """The caller is known and may not do this."""

    status = 403


class NotThere(Refused):
    """It isn't there, or isn't the caller's to see: which of the two isn't told."""

    status = 404


class LimitReached(Refused):
    """Too much was asked for, too often; `retry_after_s` is when it may be tried again."""

    status = 429

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
