"""Optimise: the analyst's next candidate for the current bottleneck, within the budget."""

from __future__ import annotations

import dataclasses
from typing import Any

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.nodes.picture import make_picture
from agent.nodes.stage import stage
from agent.report import Candidate, JudgedCandidate
from agent.state import RunState


def optimise(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """The next candidate, on the sources as accepted so far; None when there are no ideas or budget left."""
    deps = runtime.context
    with stage(deps, "optimise") as clock:
        turn, candidate = _next(state, deps)
        if candidate is not None:
            clock.say(f"{deps.analyst.name}: {candidate.title}")
    return {"turn": turn, "candidate": candidate, "stages": clock.times}


def _next(state: RunState, deps: Deps) -> tuple[int, Candidate | None]:
    judged = state.get("judged", [])
    bottlenecks = state["bottlenecks"]
    turn = state.get("turn", 0)
    accepted = sum(j.verdict.accepted for j in judged)
    while turn < len(bottlenecks) and not time_is_spent(state, deps):
        bottleneck = bottlenecks[turn]
        tried = [j for j in judged if j.candidate.bottleneck_rank == bottleneck.rank]
        if len(tried) < deps.settings.budgets.attempts_per_bottleneck:
            picture = make_picture(state, deps, state["hotspots"], deps.workspace.step(accepted))
            for candidate in deps.analyst.propose(picture, bottleneck, judged):
                if not _was_judged(candidate, judged):
                    return turn, dataclasses.replace(candidate, id=f"C{len(judged) + 1}")
        turn += 1
    return turn, None


def _was_judged(candidate: Candidate, judged: list[JudgedCandidate]) -> bool:
    """The same patch twice is one candidate, whatever it is called."""
    return any(j.candidate.patch == candidate.patch for j in judged)


def time_is_spent(state: RunState, deps: Deps) -> bool:
    """Whether the run's time budget is spent, counting the stages of earlier, interrupted processes."""
    used = sum(s.duration_s for s in state.get("stages", []))
    return used >= (state["request"].time_limit_s or deps.settings.budgets.run_s)
