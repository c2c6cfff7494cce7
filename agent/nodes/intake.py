"""Intake: a private copy of the target, and a plan for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from langgraph.runtime import Runtime
from pydantic import TypeAdapter

from agent.deps import Deps
from agent.nodes.stage import stage
from agent.request import Missing, Plan
from agent.state import RunState
from agent.targets import locate

_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)


def intake(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Copy the target, choose workload and profilers, name what is missing. Raises: AgentError."""
    deps, request = runtime.context, state["request"]
    with stage(deps, "intake") as clock:
        clock.say("taking a private copy of the target")
        place = locate(Path(request.target))
        notes = deps.workspace.take(place.root)
        clock.say("choosing a workload")
        plan = deps.intake.plan(request, deps.workspace.baseline)
        deps.folder.write_json("plan.json", _PLAN, plan)
        missing = [
            Missing(
                what=f"{name} (a link that leads outside the target)",
                leaves_unmeasured="whatever needs this file: links out of a target aren't followed",
                remedy="copy the file into the target",
            )
            for name in notes.links_outside
        ]
        missing += [
            Missing(
                what=name,
                leaves_unmeasured="this file couldn't be read and isn't in the copy",
                remedy="check its permissions",
            )
            for name in notes.unreadable
        ]
    return {"plan": plan, "unmeasured": [*missing, *plan.missing], "stages": clock.times}
