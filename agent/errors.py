"""Errors of the agent: who asked, who configured, the model, or the budget must act.

    AgentError
    ├── BadRequest       the question, target, workload or run id can't be used
    ├── BadDefinition    the agent definition file can't be used
    ├── BadSettings      agent.yaml can't be used
    ├── BadTarget        the target as it stands can't be measured (doesn't build, tests fail)
    ├── ModelFailed      the analyst could not answer
    ├── StorageFailed    the run's folder can't be written
    └── BudgetSpent      time, tokens or money ran out

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
    """A file of the run could not be written; what was there before is untouched."""

    exit_code = 7
