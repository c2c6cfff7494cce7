"""Combine: everything accepted, together against the baseline, on every benchmark; and profiled again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.nodes.capture import run_profiler
from agent.nodes.deciding import decisive, keep_benchmarks, keep_change, look_closer, settled, weighed
from agent.nodes.measuring import measure
from agent.nodes.prediction import with_prediction
from agent.nodes.scrutiny import Claim
from agent.nodes.stage import StageClock, stage
from agent.nodes.values import guard_gate
from agent.nodes.verify import accepted_count
from agent.state import Baseline, CaptureRecord, Combined, RunState
from agent.workspace import changed_files
from tools.measure.hostlock import measuring_alone
from tools.measure.statistics import DECISION_LEVEL
from tools.measure.toolchain import ProfileView
from tools.measure.verdict import Verdict


def combine(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Measure the combination end to end and keep its patch; None when nothing was accepted."""
    deps = runtime.context
    combined: Combined | None = None
    after: list[CaptureRecord] = []
    with stage(deps, "combine") as clock:
        if accepted_count(state) and state["baseline"] is not None:
            combined = _measure_combination(state, state["baseline"], deps, clock)
            after = _profile_again(state, deps, clock)
            combined = with_prediction(state, deps, combined, after)
    return {"combined": combined, "captures_after": after, "stages": clock.times}


def _measure_combination(state: RunState, found: Baseline, deps: Deps, clock: StageClock) -> Combined:
    base, final = deps.workspace.baseline, deps.workspace.step(accepted_count(state))
    meant = {name for j in state["judged"] if j.verdict.accepted for name in j.candidate.files}
    files = tuple(name for name in changed_files(base, final) if name in meant)  # not what tests left behind
    patch = keep_change(deps, base, final, files)
    evidence: list[str] = []
    checks: list[str] = []
    verdict = settled(
        deps,
        lambda: _judge_combination(state, found, deps, clock, files, evidence, checks),
        evidence,
        "the combination",
    )
    return Combined(verdict=verdict, evidence=tuple(evidence), patch=patch, files=files, checks=tuple(checks))


def _judge_combination(
    state: RunState,
    found: Baseline,
    deps: Deps,
    clock: StageClock,
    files: tuple[str, ...],
    evidence: list[str],
    checks: list[str],
) -> Verdict:
    """Every benchmark, at the decision level, and what is asked of a gain beyond. Raises: Refused, ToolError."""
    plan = state["plan"]
    base, final = deps.workspace.baseline, deps.workspace.step(accepted_count(state))
    measured = measure(
        deps,
        plan,
        deps.build(plan, base),
        deps.build(plan, final),
        benchmarks=plan.workload.benchmarks,
        found=found,
        seed=state["request"].seed + 1000,
        title="the whole workload, before and after: pairs",
        say=clock.say,
        level=DECISION_LEVEL,
    )
    evidence += [measured.evidence.id, *keep_benchmarks(deps, plan, measured)]
    primary = decisive(plan.workload.benchmarks, found)
    view: ProfileView = "memory" if _is_about_memory(state) else "cpu"
    verdict, gain = weighed(deps, found, measured, primary, view)
    if gain is None:
        return verdict
    label = "the combination"
    read = guard_gate(deps, plan, base, final, files, label)
    claim = Claim(
        gain=gain,
        before=base,
        after=final,
        suspicions=read.suspicions,
        label=label,
        seed=state["request"].seed + 3000,
    )
    evidence += read.evidence
    verdict = look_closer(deps, plan, found, claim, verdict, clock, evidence, checks)
    return replace(verdict, warnings=(*verdict.warnings, *read.doubts))


def _is_about_memory(state: RunState) -> bool:
    """Whether the question, or an accepted candidate's bottleneck, is about memory."""
    views = {b.rank: b.view for b in state["bottlenecks"]}
    accepted = [j.candidate.bottleneck_rank for j in state.get("judged", []) if j.verdict.accepted]
    return state["plan"].focus[:1] == ("memory",) or any(views[rank] == "memory" for rank in accepted)


def _profile_again(state: RunState, deps: Deps, clock: StageClock) -> list[CaptureRecord]:
    """The views a picture is made of, on the final copy."""
    plan = state["plan"]
    final = deps.workspace.step(accepted_count(state))
    done = {r.profiler for r in state.get("captures", []) if r.view in ("cpu", "memory")}
    found = []
    for profiler in deps.toolchain(plan).profilers:
        if profiler.name in done:
            clock.say(f"{profiler.name}: profiling the result")
            with measuring_alone(on_wait=clock.say, is_cancelled=deps.runner.is_cancelled):
                record, _ = run_profiler(deps, plan, profiler, final, "after")
            if record is not None:
                found.append(record)
    return found
