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
from tools.measure.calibration import choose_pairs
from tools.measure.hostlock import measuring_alone
from tools.measure.judging import TOLERANCE
from tools.measure.pairs import PairedSamples, PairPlan, compare, log_ratios, run_pairs
from tools.measure.statistics import SCREENING_LEVEL, robust_sigma
from tools.measure.toolchain import Build
from tools.measure.verdict import Comparison
from tools.measure.workload import SECONDS_PER_OP, Benchmark, Sample

MUCH_MORE = 1.5
"""How many times the planned pairs must be asked for to throw the planned ones away."""


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
    warnings: list[str] = []
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

        planned = _pairs(deps, 0.0, found, len(benchmarks), level)
        samples = run(PairPlan(pairs=planned, seed=seed))
        moved = moved_controls(samples, unreached, seed)
        wanted = _pairs_now(deps, samples, found, level)
        if moved or wanted >= MUCH_MORE * planned:
            again = max(planned, wanted)
            why = (
                f"{moved[0]} moved, which the change can't reach" if moved else "the host is less steady now"
            )
            say(f"{title} again: {why}", None, None)
            samples = run(PairPlan(pairs=again, seed=seed + 500))
            moved = moved_controls(samples, unreached, seed)
            warnings.append(f"{why}: {planned} pairs were thrown away and {again} measured instead")
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
    if differing is not None:
        raise Refused(
            reason="results differ", detail=f"the output of {differing} differs", evidence=(evidence.id,)
        )
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


def moved_controls(samples: PairedSamples, unreached: Collection[str], seed: int) -> tuple[str, ...]:
    """The benchmarks that a change can't reach and whose time moved all the same, beyond doubt and tolerance.

    A few percent come from another layout of the same code in memory, which isn't the host's doing.
    """
    found = [c for c in compare(samples, seed=seed) if c.unit == SECONDS_PER_OP and c.benchmark in unreached]
    allowed = 1 + TOLERANCE
    return tuple(
        c.benchmark for c in found if c.changed and (c.ratio_low > allowed or c.ratio_high < 1 / allowed)
    )


def _pairs_now(deps: Deps, samples: PairedSamples, found: Baseline, level: float) -> int:
    """The pairs that the noise of these samples asks for, at most the settings' most."""
    decisive = [name for name in samples.baseline if name in found.primary]
    noise = max((robust_sigma(log_ratios(samples, name, SECONDS_PER_OP)) for name in decisive), default=0.0)
    return _pairs(deps, max(noise, found.noise), found, len(samples.baseline), level)


def _pairs(deps: Deps, noise: float, found: Baseline, comparisons: int, level: float) -> int:
    """At least the baseline's pairs, and as many as this noise and so many comparisons ask for."""
    planned = found.pairs if level == SCREENING_LEVEL else found.final_pairs
    return choose_pairs(
        noise,
        deps.definition.policy.minimum_gain_ratio,
        comparisons,
        low=planned,
        high=max(planned, deps.settings.measure.pairs_max),
        level=level,
    )


def different_output(samples: PairedSamples) -> str | None:
    """The first benchmark whose output is always the same before and another after; None when there is none.

    A benchmark whose output changes from run to run, or that has none, can't be compared this way.
    """
    for name, before in samples.baseline.items():
        outputs = {s.output_sha256 for s in before}
        after = {s.output_sha256 for s in samples.candidate[name]}
        if len(outputs) == 1 and "" not in outputs and after != outputs:
            return name
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
