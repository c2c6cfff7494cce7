"""Errors of the tools: something outside this program could not do its work.

    ToolError
    ├── ProgramMissing      not installed, or not on PATH
    ├── ProgramFailed       ended with a non-zero exit code
    ├── ProgramTimedOut     ended by us at its time limit
    ├── LimitExceeded       ended by us at another limit: output, memory, processes, disk
    ├── NoWorkload          nothing to run was found, or nothing that fits what was asked
    ├── Cancelled           ended by us because the run was cancelled
    └── UnreadableOutput    ended well, but what it wrote can't be understood

Caught at a tool call (it becomes evidence that something could not be measured)
and at a door (it becomes a sentence and an exit code). Nowhere else.
"""

from __future__ import annotations


class ToolError(Exception):
    """A program or a file of the target's could not do what was asked; the message says the remedy."""


class ProgramMissing(ToolError):
    """A program isn't installed; `remedy` is the command that brings it."""

    def __init__(self, program: str, remedy: str) -> None:
        super().__init__(f"{program} is not installed: {remedy}")
        self.program = program
        self.remedy = remedy


class ProgramFailed(ToolError):
    """A program ended with a non-zero exit code; `stderr_tail` holds its last words."""

    def __init__(self, message: str, *, exit_code: int, stderr_tail: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.stderr_tail = stderr_tail


class ProgramTimedOut(ToolError):
    """A program was ended at its time limit, with its whole process group."""

    def __init__(self, message: str, *, timeout_s: float) -> None:
        super().__init__(message)
        self.timeout_s = timeout_s


class LimitExceeded(ToolError):
    """A program was ended because it went over a limit; `limit` names which."""

    def __init__(self, message: str, *, limit: str) -> None:
        super().__init__(message)
        self.limit = limit


class NoWorkload(ToolError):
    """Nothing to run was found, or nothing that fits what was asked; the message says what to give instead."""


class Cancelled(ToolError):
    """The run was cancelled while a program was running; nothing of it is left."""


class UnreadableOutput(ToolError):
    """A file or output can't be understood; the message has the offset, line or field."""
