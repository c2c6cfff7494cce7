"""Combine: everything accepted, together against the baseline, on every benchmark; and profiled again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.nodes.capture import run_profiler
from agent.nodes.counts import count_both
from agent.nodes.gates import Refused
from agent.nodes.measuring import Measured, benchmark_text, measure
from agent.nodes.scrutiny import Claim, scrutinise
from agent.nodes.stage import StageClock, stage
from agent.nodes.values import guard_gate
from agent.nodes.verify import accepted_count
from agent.patches import make_patch
from agent.request import Plan
from agent.state import Baseline, CaptureRecord, Combined, RunState
from agent.workspace import changed_files
from tools.errors import Cancelled, ToolError
from tools.measure.benchstat import benchstat_table
from tools.measure.hostlock import measuring_alone
from tools.measure.judging import best_gain, judge
from tools.measure.statistics import DECISION_LEVEL
from tools.measure.toolchain import ProfileView
from tools.measure.verdict import Verdict
from tools.measure.workload import Benchmark, family_of
from tools.run.reading import read_written


def combine(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Measure the combination end to end and keep its patch; None when nothing was accepted."""
    deps = runtime.context
    combined: Combined | None = None
    after: list[CaptureRecord] = []
    with stage(deps, "combine") as clock:
        if accepted_count(state) and state["baseline"] is not None:
            combined = _measure_combination(state, state["baseline"], deps, clock)
            after = _profile_again(state, deps, clock)
    return {"combined": combined, "captures_after": after, "stages": clock.times}


def _measure_combination(state: RunState, found: Baseline, deps: Deps, clock: StageClock) -> Combined:
    base, final = deps.workspace.baseline, deps.workspace.step(accepted_count(state))
    meant = {name for j in state["judged"] if j.verdict.accepted for name in j.candidate.files}
    files = tuple(name for name in changed_files(base, final) if name in meant)  # not what tests left behind
    patch = make_patch(deps.runner, base, final, files)
    deps.folder.write_text("optimization.patch", patch)
    for name in files:
        content = read_written(final, final / name)
        if content is not None:
            deps.folder.write_bytes(f"optimized/{name}", content)
    evidence: list[str] = []
    checks: list[str] = []
    try:
        verdict = _judge_combination(state, found, deps, clock, files, evidence, checks)
    except Cancelled:
        raise
    except Refused as refused:
        evidence += refused.evidence
        verdict = refused.verdict
    except ToolError as error:
        failed = deps.evidence.add("missing", "the combination", "ask-profiler pairs", failure=str(error))
        evidence.append(failed.id)
        verdict = Verdict(accepted=False, reason="not enough samples", detail=str(error))
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
    evidence += [measured.evidence.id, *_keep_benchmarks(deps, plan, measured)]
    primary = _decisive(plan.workload.benchmarks, found)
    view: ProfileView = "memory" if _is_about_memory(state) else "cpu"
    verdict = judge(
        measured.comparisons,
        primary=primary,
        minimum_gain=deps.definition.policy.minimum_gain_ratio,
        smallest_detectable_gain=found.smallest_detectable_gain,
        view=view,
    )
    gain = best_gain(measured.comparisons, primary, view)
    if not verdict.accepted or gain is None:
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
    scrutiny = scrutinise(deps, plan, found, claim, clock)
    evidence += [*read.evidence, *scrutiny.evidence]
    checks += scrutiny.checks
    counted = count_both(deps, plan, found, claim, clock)
    evidence += counted.evidence
    checks += counted.checks
    return replace(verdict, warnings=(*verdict.warnings, *counted.warnings))


def _keep_benchmarks(deps: Deps, plan: Plan, measured: Measured) -> list[str]:
    """Keep the samples in the Go benchmark format, and benchstat's table where it is installed; its evidence."""
    before_text = benchmark_text(measured.samples.baseline, plan, "before")
    after_text = benchmark_text(measured.samples.candidate, plan, "after")
    deps.folder.write_text("benchmarks.txt", before_text + "\n" + after_text)
    table = benchstat_table(deps.runner, before_text, after_text)
    if table is None:
        return []
    artefact = deps.folder.write_text("benchstat.txt", table.text)
    beside = deps.evidence.add(
        "analysis",
        "benchstat on the same samples",
        "benchstat",
        argv=table.argv,
        exit_code=0,
        artefacts=[artefact],
    )
    return [beside.id]


def _is_about_memory(state: RunState) -> bool:
    """Whether the question, or an accepted candidate's bottleneck, is about memory."""
    views = {b.rank: b.view for b in state["bottlenecks"]}
    accepted = [j.candidate.bottleneck_rank for j in state.get("judged", []) if j.verdict.accepted]
    return state["plan"].focus[:1] == ("memory",) or any(views[rank] == "memory" for rank in accepted)


def _decisive(benchmarks: tuple[Benchmark, ...], found: Baseline) -> tuple[str, ...]:
    """What decided before, and the largest size of each of its families."""
    families = {family_of(b) for b in benchmarks if b.name in found.primary}
    largest: dict[str, Benchmark] = {}
    for benchmark in benchmarks:
        family = family_of(benchmark)
        if family in families and benchmark.size is not None:
            old = largest.get(family)
            largest[family] = benchmark if old is None or (old.size or 0) < benchmark.size else old
    return tuple({*found.primary, *(b.name for b in largest.values())})


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
