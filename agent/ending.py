"""How a run ended that has no report: it failed, or it was cancelled.

An interrupted run (Ctrl-C, a killed process, a full disk) has no ending: it can be gone on with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from agent.errors import AgentError, BadRequest, JobLost, StorageFailed
from tools.errors import Cancelled, NoWorkload, ToolError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How, and why. `can_go_on` says that `resume` may get further once the problem is put right."""

    how: Literal["failed", "cancelled"]
    problem: str
    can_go_on: bool


ENDING: TypeAdapter[Ending] = TypeAdapter(Ending)
"""How an ending is kept."""
CANCELLED = Ending(how="cancelled", problem="it was cancelled", can_go_on=False)


def ending_by(error: AgentError | ToolError, *, is_new: bool) -> Ending | None:
    """The ending that an error is, None for an interruption.

    A new run whose request is at fault would fail the same way again; one that got further before may not.
    """
    if isinstance(error, Cancelled | StorageFailed | JobLost):
        return None
    is_asked_wrongly = isinstance(error, BadRequest | NoWorkload)
    return Ending(how="failed", problem=str(error), can_go_on=not (is_new and is_asked_wrongly))


def why_unfinished(run_id: str, ending: Ending | None) -> str:
    """Why a run has no report, and what to do about it."""
    if ending is None:
        return f"run {run_id} hasn't ended: `ask-profiler resume {run_id}` goes on with it"
    if ending.how == "cancelled":
        return f"run {run_id} was cancelled: ask anew"
    if ending.can_go_on:
        remedy = f"with that put right, `ask-profiler resume {run_id}` goes on with it"
    else:
        remedy = "ask anew, with that put right"
    return f"run {run_id} failed: {ending.problem}; {remedy}"
