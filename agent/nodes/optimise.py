"""Optimise: the analyst's next candidate for the current bottleneck, within the budget."""

from __future__ import annotations

import dataclasses
from typing import Any

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.nodes.harness import WrittenTests
from agent.nodes.laboratory import Laboratory
from agent.nodes.model_use import waited_s
from agent.nodes.picture import make_picture
from agent.nodes.stage import stage
from agent.report import Candidate, JudgedCandidate
from agent.state import RunState


def optimise(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """The next candidate, on the sources as accepted so far; None when there are no ideas or budget left."""
    deps = runtime.context
    with stage(deps, "optimise") as clock:
        turn, candidate = _next(state, deps, Laboratory(deps=deps, plan=state["plan"], tell=clock.say))
        if candidate is None:
            deps.analyst.finished()
        else:
            clock.say(f"{deps.analyst.name}: {candidate.title}")
    return {"turn": turn, "candidate": candidate, "stages": clock.times}


def _next(state: RunState, deps: Deps, lab: Laboratory) -> tuple[int, Candidate | None]:
    judged = state.get("judged", [])
    bottlenecks = state["bottlenecks"]
    turn = state.get("turn", 0)
    accepted = sum(j.verdict.accepted for j in judged)
    while turn < len(bottlenecks) and not time_is_spent(state, deps):
        bottleneck = bottlenecks[turn]
        tried = [j for j in judged if j.candidate.bottleneck_rank == bottleneck.rank]
        if len(tried) < deps.settings.budgets.attempts_per_bottleneck:
            picture = dataclasses.replace(
                make_picture(state, deps, state["hotspots"], deps.workspace.step(accepted), lab),
                harness=WrittenTests(deps=deps, plan=state["plan"]),
            )
            for candidate in deps.analyst.propose(picture, bottleneck, judged):
                if not _was_judged(candidate, judged):
                    return turn, dataclasses.replace(candidate, id=f"C{len(judged) + 1}")
        turn += 1
    return turn, None


def _was_judged(candidate: Candidate, judged: list[JudgedCandidate]) -> bool:
    """The same patch twice is one candidate, whatever it is called."""
    return any(j.candidate.patch == candidate.patch for j in judged)


def time_is_spent(state: RunState, deps: Deps) -> bool:
    """Whether the run's time budget is spent, counting the stages of earlier, interrupted processes.

    Waiting for a model has a budget of its own, unless the request limits the whole.
    """
    used = sum(s.duration_s for s in state.get("stages", []))
    limit = state["request"].time_limit_s
    if limit is not None:
        return used >= limit
    return used - waited_s(deps.evidence.index) >= deps.settings.budgets.run_s
