"""What the worker of these tests does with a question."""

from __future__ import annotations

from agent.jobs.claims import Claim
from tests.jobs.scripted import Script, ScriptedWorker


def slowly(worker: ScriptedWorker, seconds: float) -> Script:
    """Work for so long, then find what is usually found; a cancelled job ends at once."""

    def script(claim: Claim) -> str:
        worker.wait(claim, seconds)
        return ScriptedWorker._usual(claim)

    return script
