"""Measuring two copies against each other: pairs under the host's lock, kept as evidence and samples."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.deps import Deps
from agent.evidence import Evidence, Quantity
from agent.nodes.gates import Refused
from agent.request import Plan
from agent.state import Baseline
from tools.measure.benchmark_format import BenchmarkLine, format_results
from tools.measure.hostlock import measuring_alone
from tools.measure.outputs import first_difference
from tools.measure.pairs import PairedSamples, PairPlan, compare, run_pairs
from tools.measure.planned import Aim, final_aim, measure_as_planned
from tools.measure.statistics import POWER, SCREENING_LEVEL
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
    found: Baseline,
    seed: int,
    title: str,
    say: Callable[[str, int | None, int | None], None],
    level: float = SCREENING_LEVEL,
    unreached: Collection[str] = (),
    outputs_may_differ: bool = False,
) -> Measured:
    """Run the pairs alone on this host and compare at that `level`. Raises: Refused, ToolError.

    The number of pairs is the baseline's for that level, or more where so many benchmarks need more to show anything.
    The pairs are thrown away and measured again, once, when the host turns out to be less steady than when it was
    calibrated, so that they couldn't show the policy's gain, or when one of the `unreached` benchmarks moved, which
    the change can't touch. The spread and those controls decide that, never the outcome. When a control moves again,
    nothing is decided on such a host.
    """
    toolchain = deps.toolchain(plan)
    baseline, candidate = on_the_same_processors(baseline, candidate)
    spent = deps.runner.seconds_spent
    with measuring_alone(on_wait=lambda text: say(text, None, None), is_cancelled=deps.runner.is_cancelled):

        def run(pairs: PairPlan) -> PairedSamples:
            return run_pairs(
                toolchain.sample,
                baseline,
                candidate,
                benchmarks,
                found.iterations,
                pairs,
                on_round=lambda n: say(title, n, pairs.pairs),
            )

        measured = measure_as_planned(
            run,
            _aim(deps, found, level),
            comparisons=len(benchmarks),
            decisive=found.primary,
            seed=seed,
            unreached=unreached,
            on_repeat=lambda why: say(f"{title} again: {why}", None, None),
        )
    samples, moved = measured.samples, measured.moved
    warnings = [measured.repeated] if measured.repeated else []
    comparisons = compare(samples, seed=seed, level=level)
    evidence = deps.evidence.add(
        "pairs",
        title,
        "ask-profiler pairs",
        tool_version=toolchain.version,
        duration_s=deps.runner.seconds_spent - spent,
        quantities=[q for c in comparisons for q in quantities_of(c)],
        warnings=[*warnings, *(f"{c.benchmark}, {c.unit}: {w}" for c in comparisons for w in c.warnings)],
    )
    differing = different_output(samples)
    if differing is not None and not outputs_may_differ:
        raise Refused(reason="results differ", detail=differing, evidence=(evidence.id,))
    if moved:
        raise Refused(
            reason="not enough samples",
            detail=f"{', '.join(moved)} moved twice, which the change can't reach: the host isn't steady enough to "
            "tell anything; try again when it is quiet",
            evidence=(evidence.id,),
        )
    return Measured(samples=samples, comparisons=comparisons, evidence=evidence)


def on_the_same_processors(baseline: Build, candidate: Build) -> tuple[Build, Build]:
    """Both sides with all processors when one of them needs them: a candidate that starts goroutines may use them."""
    if baseline.processors == candidate.processors:
        return baseline, candidate
    return replace(baseline, processors=None), replace(candidate, processors=None)


def _aim(deps: Deps, found: Baseline, level: float) -> Aim:
    """What the pairs are for, as the baseline planned them for that level."""
    settings = deps.settings.measure
    wanted_gain = deps.definition.policy.minimum_gain_ratio
    if level != SCREENING_LEVEL:
        return final_aim(
            found.noise,
            wanted_gain,
            len(found.first_s),
            low=found.final_pairs,
            most=settings.pairs_max,
            process_s=found.first_s.values(),
            final_s=settings.final_s,
        )
    return Aim(
        wanted_gain=wanted_gain,
        level=level,
        power=POWER,
        noise=found.noise,
        planned=found.pairs,
        most=settings.pairs_max,
    )


def different_output(samples: PairedSamples) -> str | None:
    """That a benchmark's output is always the same before and another after, and where; None when there is none.

    A benchmark whose output changes from run to run, or that has none, can't be compared this way.
    """
    for name, before in samples.baseline.items():
        was = before[0].output
        if was is None or {s.output for s in before} != {was}:
            continue
        now = next((s.output for s in samples.candidate[name] if s.output != was), was)
        if now != was:
            where = first_difference(was, now) if now is not None else "there is none"
            return f"the output of {name} differs: {where}"
    return None


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
