"""Verify: one candidate through every gate; accepted, or rejected with exactly one reason."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.nodes.deciding import settled, weighed
from agent.nodes.gates import apply_gate, build_gate, frozen_gate
from agent.nodes.measuring import measure
from agent.nodes.scrutiny import Claim, scrutinise
from agent.nodes.stage import StageClock, stage
from agent.nodes.values import guard_gate, tests_and_values_gate
from agent.report import Candidate, JudgedCandidate
from agent.request import Plan
from agent.state import Baseline, RunState
from tools.measure.toolchain import ProfileView
from tools.measure.verdict import Verdict
from tools.measure.workload import Benchmark

CONTROLS = 2
LONGEST_CONTROL_S = 0.5
"""A benchmark that takes longer in one process is too dear as a negative control."""


def verify(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Judge the candidate against the target with what was accepted before it."""
    deps = runtime.context
    candidate = state["candidate"]
    if candidate is None:
        raise ValueError("verify was reached without a candidate")
    accepted = accepted_count(state)
    with stage(deps, "verify") as clock:
        seed = state["request"].seed + len(state.get("judged", [])) + 1
        case = case_of(state, candidate, accepted=accepted, seed=seed)
        judged = judge_candidate(deps, case, candidate, clock)
        if judged.verdict.accepted:
            deps.workspace.accept(accepted + 1)
    return {"judged": [judged], "stages": clock.times}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a candidate is judged against: the target with the first `accepted` candidates, measured as `found` says.

    `view` is what it is about.
    """

    plan: Plan
    found: Baseline
    accepted: int
    seed: int
    view: ProfileView


def case_of(state: RunState, candidate: Candidate, *, accepted: int, seed: int) -> Case:
    """The case of a candidate in a run that has a baseline."""
    found = state["baseline"]
    if found is None:
        raise ValueError("a candidate was to be judged without a baseline")
    return Case(plan=state["plan"], found=found, accepted=accepted, seed=seed, view=view_of(state, candidate))


def judge_candidate(deps: Deps, case: Case, candidate: Candidate, clock: StageClock) -> JudgedCandidate:
    """The candidate with what the gates say of it; in its copy, nothing is accepted here. Raises: Cancelled."""
    evidence: list[str] = []
    checks: list[str] = []
    verdict = settled(
        deps,
        lambda: _judge(deps, case, candidate, evidence, checks, clock),
        evidence,
        f"measuring {candidate.id}",
    )
    return JudgedCandidate(
        candidate=candidate, verdict=verdict, evidence=tuple(evidence), checks=tuple(checks)
    )


def accepted_count(state: RunState) -> int:
    """How many candidates were accepted so far."""
    return sum(j.verdict.accepted for j in state.get("judged", []))


def _judge(
    deps: Deps,
    case: Case,
    candidate: Candidate,
    evidence: list[str],
    checks: list[str],
    clock: StageClock,
) -> Verdict:
    plan, found, seed = case.plan, case.found, case.seed
    before = deps.workspace.step(case.accepted)
    root = deps.workspace.start_candidate(case.accepted)
    label = f"{candidate.id} ({candidate.title})"
    clock.say(f"{candidate.id}: {candidate.title}: building")
    apply_gate(deps, root, candidate)
    frozen_gate(root, deps.workspace.baseline)
    read = guard_gate(deps, plan, before, root, candidate.files, label)
    evidence += read.evidence
    evidence.append(build_gate(deps, plan, root, label))
    clock.say(f"{candidate.id}: {candidate.title}: tests and values")
    looked = tests_and_values_gate(deps, plan, before, root, candidate.files, label, seed)
    evidence += looked.evidence
    checks += looked.checks
    primary = [name for name in found.primary if name not in looked.unreached]
    if not primary:
        detail = f"none of {', '.join(found.primary[:3])} calls what it changes"
        return Verdict(accepted=False, reason="no detectable gain", detail=detail)
    measured = measure(
        deps,
        plan,
        deps.build(plan, before),
        deps.build(plan, root),
        benchmarks=benchmarks_for(plan.workload.benchmarks, found, looked.unreached),
        found=found,
        seed=seed,
        title=f"{candidate.id}: {candidate.title}: pairs",
        say=clock.say,
        unreached=looked.unreached,
    )
    evidence.append(measured.evidence.id)
    verdict, gain = weighed(deps, found, measured, primary, case.view)
    known = candidate.origin.startswith(RULES) and not read.suspicions
    if gain is not None and not known:
        claim = Claim(
            gain=gain, before=before, after=root, suspicions=read.suspicions, label=label, seed=seed + 2000
        )
        scrutiny = scrutinise(deps, plan, found, claim, clock)
        evidence += scrutiny.evidence
        checks += scrutiny.checks
    return replace(verdict, warnings=(*verdict.warnings, *read.doubts))


RULES = "playbook:"
"""Candidates of this origin come from rules that know no inputs: they are scrutinised with the combination only."""


def benchmarks_for(
    benchmarks: Sequence[Benchmark], found: Baseline, unreached: Collection[str]
) -> list[Benchmark]:
    """What is measured for a candidate: what decides, what is watched, and up to two that it can't reach."""
    wanted = {*found.primary, *found.controls}
    quickest = sorted(unreached, key=lambda name: found.first_s.get(name, math.inf))
    wanted |= {name for name in quickest[:CONTROLS] if found.first_s.get(name, math.inf) <= LONGEST_CONTROL_S}
    return [b for b in benchmarks if b.name in wanted]


def view_of(state: RunState, candidate: Candidate) -> ProfileView:
    """What a candidate is about: its bottleneck's view, or the question's where it has no bottleneck."""
    views = {b.rank: b.view for b in state.get("bottlenecks", [])}
    return views.get(candidate.bottleneck_rank, state["plan"].focus[0])
