"""Observe: what was recorded before. Nothing is run, copied or changed; it is only looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from langgraph.runtime import Runtime
from pydantic import TypeAdapter

from agent.deps import Deps
from agent.nodes.recordings import Seen, read_recording
from agent.nodes.stage import stage
from agent.request import Plan
from agent.state import RunState

_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)


def observe(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Look at the target; what it shows goes to the analyst and into the report. Raises: AgentError, ToolError."""
    deps, request = runtime.context, state["request"]
    with stage(deps, "observe") as clock:
        clock.say("reading the recording")
        seen: Seen = read_recording(deps, request, Path(request.target))
        deps.folder.write_json("plan.json", _PLAN, seen.plan)
    return {
        "plan": seen.plan,
        "admitted": None,
        "captures": list(seen.captures),
        "findings": list(seen.findings),
        "pictures": list(seen.pictures),
        "unmeasured": list(seen.missing),
        "stages": clock.times,
    }
