"""Measuring two copies against each other: pairs under the host's lock, kept as evidence and samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agent.deps import Deps
from agent.evidence import Evidence, Quantity
from agent.request import Plan
from tools.measure.benchmark_format import BenchmarkLine, format_results
from tools.measure.hostlock import measuring_alone
from tools.measure.pairs import PairedSamples, PairPlan, compare, run_pairs
from tools.measure.toolchain import Build
from tools.measure.verdict import Comparison
from tools.measure.workload import SECONDS_PER_OP, Benchmark, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a set of pairs showed, and its evidence."""

    samples: PairedSamples
    comparisons: tuple[Comparison, ...]
    evidence: Evidence


def measure(
    deps: Deps,
    plan: Plan,
    baseline: Build,
    candidate: Build,
    *,
    benchmarks: Sequence[Benchmark],
    iterations: Mapping[str, int],
    pairs: PairPlan,
    title: str,
    say: Callable[[str, int | None, int | None], None],
) -> Measured:
    """Run the pairs alone on this host and compare. Raises: ToolError."""
    toolchain = deps.toolchain(plan)
    spent = deps.runner.seconds_spent
    with measuring_alone(on_wait=lambda text: say(text, None, None)):
        samples = run_pairs(
            toolchain.sample,
            baseline,
            candidate,
            benchmarks,
            iterations,
            pairs,
            on_round=lambda n: say(title, n, pairs.pairs),
        )
    comparisons = compare(samples, seed=pairs.seed)
    evidence = deps.evidence.add(
        "pairs",
        title,
        "ask-profiler pairs",
        tool_version=toolchain.version,
        duration_s=deps.runner.seconds_spent - spent,
        quantities=[q for c in comparisons for q in quantities_of(c)],
        warnings=[f"{c.benchmark}, {c.unit}: {w}" for c in comparisons for w in c.warnings],
    )
    return Measured(samples=samples, comparisons=comparisons, evidence=evidence)


def quantities_of(comparison: Comparison) -> list[Quantity]:
    """A comparison as quantities: `<benchmark>:<unit>:before`, `:after` and `:ratio` with its interval."""
    key = f"{comparison.benchmark}:{comparison.unit}"
    return [
        Quantity(name=f"{key}:before", value=comparison.baseline_median, unit=comparison.unit),
        Quantity(name=f"{key}:after", value=comparison.candidate_median, unit=comparison.unit),
        Quantity(
            name=f"{key}:ratio",
            value=comparison.ratio,
            unit="ratio",
            interval=(comparison.ratio_low, comparison.ratio_high),
        ),
    ]


def benchmark_text(samples: Mapping[str, Sequence[Sample]], plan: Plan, side: str) -> str:
    """One side's samples in the Go benchmark format, as benchstat reads it."""
    lines = [
        BenchmarkLine(name=s.benchmark, iterations=s.iterations, values=s.values)
        for found in samples.values()
        for s in found
        if s.values.get(SECONDS_PER_OP)
    ]
    return format_results(lines, {"toolchain": plan.toolchain, "side": side})
