"""What every decision on the whole workload shares: refusals as verdicts, which benchmarks decide, what is kept."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from agent.deps import Deps
from agent.nodes.counts import count_both
from agent.nodes.gates import Refused
from agent.nodes.measuring import Measured, benchmark_text
from agent.nodes.scrutiny import Claim, scrutinise
from agent.nodes.stage import StageClock
from agent.patches import make_patch
from agent.request import Plan
from agent.state import Baseline
from tools.errors import Cancelled, ToolError
from tools.measure.benchstat import benchstat_table
from tools.measure.judging import best_gain, judge
from tools.measure.toolchain import ProfileView
from tools.measure.verdict import Comparison, Verdict
from tools.measure.workload import Benchmark, family_of
from tools.run.reading import read_written


def settled(deps: Deps, judge: Callable[[], Verdict], evidence: list[str], title: str) -> Verdict:
    """What `judge` decides; a gate's refusal, or that a tool could not do its work, as a verdict. Raises: Cancelled."""
    try:
        return judge()
    except Refused as refused:
        evidence += refused.evidence
        return refused.verdict
    except Cancelled:
        raise
    except ToolError as error:
        failed = deps.evidence.add("missing", title, "ask-profiler pairs", failure=str(error))
        evidence.append(failed.id)
        return Verdict(accepted=False, reason="not enough samples", detail=str(error))


def weighed(
    deps: Deps, found: Baseline, measured: Measured, primary: Collection[str], view: ProfileView
) -> tuple[Verdict, Comparison | None]:
    """The verdict of a set of pairs by the policy, and the gain that it rests on; None unless it was accepted."""
    verdict = judge(
        measured.comparisons,
        primary=primary,
        minimum_gain=deps.definition.policy.minimum_gain_ratio,
        smallest_detectable_gain=found.smallest_detectable_gain,
        view=view,
    )
    return verdict, best_gain(measured.comparisons, primary, view) if verdict.accepted else None


def look_closer(
    deps: Deps,
    plan: Plan,
    found: Baseline,
    claim: Claim,
    verdict: Verdict,
    clock: StageClock,
    evidence: list[str],
    checks: list[str],
) -> Verdict:
    """An accepted verdict after its gain was scrutinised and counted. Raises: Refused, ToolError."""
    scrutiny = scrutinise(deps, plan, found, claim, clock)
    evidence += scrutiny.evidence
    checks += scrutiny.checks
    counted = count_both(deps, plan, found, claim, clock)
    evidence += counted.evidence
    checks += counted.checks
    return replace(verdict, warnings=(*verdict.warnings, *counted.warnings))


def decisive(benchmarks: tuple[Benchmark, ...], found: Baseline) -> tuple[str, ...]:
    """What decided before, and the largest size of each of its families."""
    families = {family_of(b) for b in benchmarks if b.name in found.primary}
    largest: dict[str, Benchmark] = {}
    for benchmark in benchmarks:
        family = family_of(benchmark)
        if family in families and benchmark.size is not None:
            old = largest.get(family)
            largest[family] = benchmark if old is None or (old.size or 0) < benchmark.size else old
    return tuple(dict.fromkeys((*found.primary, *(b.name for b in largest.values()))))


def keep_change(deps: Deps, before: Path, after: Path, files: tuple[str, ...]) -> str:
    """Keep the patch and every changed file in the run's folder; the patch."""
    patch = make_patch(deps.runner, before, after, files)
    deps.folder.write_text("optimization.patch", patch)
    for name in files:
        content = read_written(after, after / name)
        if content is not None:
            deps.folder.write_bytes(f"optimized/{name}", content)
    return patch


def keep_benchmarks(deps: Deps, plan: Plan, measured: Measured) -> list[str]:
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
