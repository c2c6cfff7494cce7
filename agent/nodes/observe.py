"""Observe: what was recorded before, or runs already. Nothing is started, copied or changed; it is only looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from langgraph.runtime import Runtime
from pydantic import TypeAdapter

from agent.deps import Deps
from agent.nodes.live import live_seen
from agent.nodes.recordings import read_recording
from agent.nodes.stage import stage
from agent.request import Plan
from agent.state import RunState
from agent.targets import is_live

_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)


def observe(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Look at the target; what it shows goes to the analyst and into the report. Raises: AgentError, ToolError."""
    deps, request = runtime.context, state["request"]
    with stage(deps, "observe") as clock:
        if is_live(request.target):
            seen = live_seen(deps, request, clock.say)
        else:
            clock.say("reading the recording")
            seen = read_recording(deps, request, Path(request.target))
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
