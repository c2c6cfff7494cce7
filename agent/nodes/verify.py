"""Verify: one candidate through every gate; accepted, or rejected with exactly one reason."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.nodes.gates import Refused, apply_gate, build_gate, frozen_gate, tests_gate
from agent.nodes.measuring import measure
from agent.nodes.stage import StageClock, stage
from agent.report import Candidate, JudgedCandidate
from agent.state import RunState
from tools.errors import Cancelled, ToolError
from tools.measure.judging import judge
from tools.measure.verdict import Verdict


def verify(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Judge the candidate against the target with what was accepted before it."""
    deps = runtime.context
    candidate = state["candidate"]
    if candidate is None:
        raise ValueError("verify was reached without a candidate")
    evidence: list[str] = []
    with stage(deps, "verify") as clock:
        try:
            verdict = _judge(state, deps, candidate, evidence, clock)
        except Refused as refused:
            evidence += refused.evidence
            verdict = refused.verdict
        except Cancelled:
            raise
        except ToolError as error:
            failed = deps.evidence.add(
                "missing", f"measuring {candidate.id}", "ask-profiler pairs", failure=str(error)
            )
            evidence.append(failed.id)
            verdict = Verdict(accepted=False, reason="not enough samples", detail=str(error))
        if verdict.accepted:
            deps.workspace.accept(accepted_count(state) + 1)
    judged = JudgedCandidate(candidate=candidate, verdict=verdict, evidence=tuple(evidence))
    return {"judged": [judged], "stages": clock.times}


def accepted_count(state: RunState) -> int:
    """How many candidates were accepted so far."""
    return sum(j.verdict.accepted for j in state.get("judged", []))


def _judge(
    state: RunState, deps: Deps, candidate: Candidate, evidence: list[str], clock: StageClock
) -> Verdict:
    plan, found = state["plan"], state["baseline"]
    if found is None:
        raise ValueError("verify was reached without a baseline")
    before = deps.workspace.step(accepted_count(state))
    root = deps.workspace.start_candidate(accepted_count(state))
    label = f"{candidate.id} ({candidate.title})"
    clock.say(f"{candidate.id}: {candidate.title}: building")
    apply_gate(deps, root, candidate)
    frozen_gate(root, deps.workspace.baseline)
    evidence.append(build_gate(deps, plan, root, label))
    clock.say(f"{candidate.id}: {candidate.title}: tests")
    evidence.append(tests_gate(deps, plan, root, label))
    wanted = {*found.primary, *found.controls}
    measured = measure(
        deps,
        plan,
        deps.build(plan, before),
        deps.build(plan, root),
        benchmarks=[b for b in plan.workload.benchmarks if b.name in wanted],
        found=found,
        seed=state["request"].seed + len(state.get("judged", [])) + 1,
        title=f"{candidate.id}: {candidate.title}: pairs",
        say=clock.say,
    )
    evidence.append(measured.evidence.id)
    view = next(b.view for b in state["bottlenecks"] if b.rank == candidate.bottleneck_rank)
    return judge(
        measured.comparisons,
        primary=found.primary,
        minimum_gain=deps.definition.policy.minimum_gain_ratio,
        smallest_detectable_gain=found.smallest_detectable_gain,
        view=view,
    )
