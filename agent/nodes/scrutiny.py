"""What is asked of a gain beyond the pairs: it must be there for one operation, and for inputs nobody had seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent.deps import Deps
from agent.evidence import Quantity
from agent.nodes.gates import Refused
from agent.nodes.measuring import different_output, on_the_same_processors, quantities_of
from agent.nodes.stage import StageClock
from agent.report import plain
from agent.request import Plan
from agent.state import Baseline
from agent.workspace import clone
from tools.errors import Cancelled, ToolError
from tools.measure.calibration import choose_iterations
from tools.measure.guard import Objection
from tools.measure.hostlock import measuring_alone
from tools.measure.pairs import PairedSamples, PairPlan, compare, run_pairs
from tools.measure.statistics import Interval, paired_interval
from tools.measure.unseen import Unseen
from tools.measure.verdict import Comparison
from tools.measure.workload import PEAK_RSS_BYTES, SECONDS_PER_OP, Benchmark, family_of

KEPT_SHARE = 0.25
"""What must be left, beyond doubt, of a gain for one operation or other inputs; less contradicts it."""
SHORTEST_S = 50e-6
"""An operation shorter than this can't be told apart from a process's cold start."""
UNSEEN_BENCHMARKS = 2
MORE = 6
"""So many times the pairs are run where the first ones don't tell whether one operation has the gain,"""
MORE_S = 20.0
"""within about so many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A gain to be looked at: the comparison it rests on, the two copies, and what the guard thought suspicious."""

    gain: Comparison
    before: Path
    after: Path
    suspicions: tuple[Objection, ...]
    label: str
    seed: int

    @property
    def saved(self) -> float:
        """What one operation saves, in the unit of the gain."""
        return self.gain.baseline_median * (1 - self.gain.ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrutiny:
    """What scrutiny showed when it contradicted nothing."""

    evidence: tuple[str, ...]
    checks: tuple[str, ...]


def scrutinise(deps: Deps, plan: Plan, found: Baseline, claim: Claim, clock: StageClock) -> Scrutiny:
    """Look at a gain in a fresh process with one operation, and on unseen inputs. Raises: Refused, ToolError."""
    with measuring_alone(on_wait=clock.say, is_cancelled=deps.runner.is_cancelled):
        single = single_operation(deps, plan, found, claim, clock)
    unseen = unseen_inputs(deps, plan, found, claim, clock)
    return Scrutiny(evidence=(*single.evidence, *unseen.evidence), checks=(*single.checks, *unseen.checks))


def single_operation(deps: Deps, plan: Plan, found: Baseline, claim: Claim, clock: StageClock) -> Scrutiny:
    """The gain in processes that run one operation only: what was remembered from earlier ones can't help there.

    Differences are compared, not ratios: what a cold start adds to both sides cancels. Raises: Refused, ToolError.
    """
    benchmark = next(b for b in plan.workload.benchmarks if b.name == claim.gain.benchmark)
    if plan.workload.kind != "benchmarks" or found.iterations[benchmark.name] == 1:
        return Scrutiny(evidence=(), checks=("Every measured process ran one operation.",))
    silent = why_one_is_silent(claim.gain)
    if silent:
        if claim.suspicions:
            raise Refused(reason="gaming", detail=f"{claim.suspicions[0].words}; {silent}")
        return Scrutiny(evidence=(), checks=(f"{silent[0].upper()}{silent[1:]}.",))
    clock.say(f"{claim.label}: one operation in a fresh process")
    started = deps.clock()
    first = _one_operation(deps, plan, claim, benchmark, found.pairs, claim.seed)
    each_s = (deps.clock() - started) / found.pairs
    if first.is_decided:
        return _judge_single(claim, [first])
    clock.say(f"{claim.label}: one operation in a fresh process, once more with more pairs")
    more = max(
        found.pairs, min(MORE * found.pairs, int(MORE_S / each_s) if each_s > 0 else MORE * found.pairs)
    )
    return _judge_single(claim, [first, _one_operation(deps, plan, claim, benchmark, more, claim.seed + 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Single:
    """How much of the gain is left for one operation, over so many pairs."""

    share: Interval
    pairs: int
    evidence: str

    @property
    def is_gone(self) -> bool:
        return self.share.high < KEPT_SHARE

    @property
    def is_decided(self) -> bool:
        """Whether some of the gain is left beyond doubt, or most of it is gone beyond doubt."""
        return self.is_gone or self.share.low > 0


def _one_operation(
    deps: Deps, plan: Plan, claim: Claim, benchmark: Benchmark, pairs: int, seed: int
) -> _Single:
    samples = run_pairs(
        deps.toolchain(plan).sample,
        *on_the_same_processors(deps.build(plan, claim.before), deps.build(plan, claim.after)),
        [benchmark],
        {benchmark.name: 1},
        PairPlan(pairs=pairs, seed=seed),
    )
    left = saved_interval(samples, benchmark.name, claim.gain.unit, seed)
    share = Interval(
        estimate=left.estimate / claim.saved,
        low=left.low / claim.saved,
        high=left.high / claim.saved,
        confidence=left.confidence,
    )
    evidence = deps.evidence.add(
        "pairs",
        f"{claim.label}: one operation in a fresh process",
        "ask-profiler pairs",
        quantities=[
            Quantity(name="kept_share", value=share.estimate, unit="ratio", interval=(share.low, share.high)),
            *(q for c in compare(samples, seed=seed) for q in quantities_of(c)),
        ],
    )
    return _Single(share=share, pairs=pairs, evidence=evidence.id)


def _judge_single(claim: Claim, tries: Sequence[_Single]) -> Scrutiny:
    """The last try decides, by itself: it was planned before its pairs were seen. Raises: Refused."""
    last, evidence = tries[-1], tuple(found.evidence for found in tries)
    share = last.share
    if last.is_gone or (claim.suspicions and share.low <= 0):
        after = f"; {claim.suspicions[0].words}" if claim.suspicions else ""
        raise Refused(
            reason="gaming",
            detail=f"in a fresh process with one operation {share.estimate:.0%} of the gain is left "
            f"({share.low:.0%} to {share.high:.0%}): it comes from earlier operations{after}",
            evidence=evidence,
        )
    words = f"Of the gain {{{last.evidence}.kept_share}} is there for one operation in a fresh process."
    if share.low <= 0:
        words += (
            f" That doesn't tell, over {last.pairs} pairs, whether the first operation has it at all: that the gain "
            "doesn't come from earlier ones wasn't shown."
        )
    return Scrutiny(evidence=evidence, checks=(words,))


def why_one_is_silent(gain: Comparison) -> str:
    """Why one operation can't show a gain even if every operation has it; "" where it can."""
    if gain.unit == SECONDS_PER_OP and gain.baseline_median < SHORTEST_S:
        return "one operation is too short to show a gain alone"
    if gain.unit == PEAK_RSS_BYTES:
        return "what many operations leave behind makes the peak, which one operation alone doesn't show"
    return ""


def saved_interval(samples: PairedSamples, benchmark: str, unit: str, seed: int) -> Interval:
    """What one operation saves, in the unit, over the pairs."""
    pairs = zip(samples.baseline[benchmark], samples.candidate[benchmark], strict=True)
    saved = np.array([before.values.get(unit, 0.0) - after.values.get(unit, 0.0) for before, after in pairs])
    return paired_interval(saved, 0.95, seed)


def unseen_inputs(deps: Deps, plan: Plan, found: Baseline, claim: Claim, clock: StageClock) -> Scrutiny:
    """The gain on inputs of other sizes and seeds. Raises: Refused when it isn't there or results differ, ToolError."""
    clock.say(f"{claim.label}: inputs of other sizes and seeds")
    roots = deps.workspace.path / "uns0", deps.workspace.path / "uns1"
    for source, root in zip((claim.before, claim.after), roots, strict=True):
        clone(source, root)
        deps.builds.pop(root, None)
    try:
        varied = [deps.verifier(plan).unseen(root, plan.workload, claim.seed + 1) for root in roots]
        samples = _measure_unseen(deps, plan, found, claim, roots, varied)
    except Cancelled:
        raise
    except ToolError as error:
        failed = deps.evidence.add(
            "pairs", f"{claim.label}: unseen inputs", "ask-profiler pairs", failure=str(error)
        )
        return Scrutiny(evidence=(failed.id,), checks=("Inputs couldn't be varied: what was tried failed.",))
    if samples is None:
        why = varied[0].why_not or "the varied benchmarks don't run on the code as it was"
        return Scrutiny(evidence=(), checks=(f"Inputs couldn't be varied: {plain(why)}.",))
    return _judge_unseen(deps, claim, samples, varied[0])


def _measure_unseen(
    deps: Deps,
    plan: Plan,
    found: Baseline,
    claim: Claim,
    roots: tuple[Path, Path],
    varied: Sequence[Unseen],
) -> PairedSamples | None:
    """Pairs on the varied workload; None when the old code can't run it. Raises: Refused, ToolError."""
    workload = varied[0].workload
    if workload is None or varied[1].workload is None:
        return None
    toolchain = deps.toolchain(plan)
    before, after = on_the_same_processors(
        deps.build(plan, roots[0], workload), deps.build(plan, roots[1], workload)
    )
    with measuring_alone(is_cancelled=deps.runner.is_cancelled):
        chosen: list[Benchmark] = []
        iterations: dict[str, int] = {}
        for benchmark in _wanted(plan, claim, workload.benchmarks):
            try:
                counts, _ = choose_iterations(
                    toolchain.sample, before, [benchmark], deps.settings.measure.process_s
                )
            except Cancelled:
                raise
            except ToolError:
                continue  # an expectation that belongs to the old size, say
            try:
                toolchain.sample(after, benchmark, 1)
            except Cancelled:
                raise
            except ToolError as error:
                raise Refused(
                    reason="results differ",
                    detail=f"{benchmark.name}, which nobody had seen, fails with the change: {error}",
                ) from error
            chosen.append(benchmark)
            iterations |= counts
        if not chosen:
            return None
        pairs = PairPlan(pairs=deps.settings.verify.unseen_pairs, seed=claim.seed)
        return run_pairs(toolchain.sample, before, after, chosen, iterations, pairs)


def _wanted(plan: Plan, claim: Claim, benchmarks: Sequence[Benchmark]) -> list[Benchmark]:
    """Those of the gain's own family, the largest first, at most two; any others when it has none there."""
    seen = next(b for b in plan.workload.benchmarks if b.name == claim.gain.benchmark)
    same = [b for b in benchmarks if family_of(b) == family_of(seen)]
    near = sorted(same or benchmarks, key=lambda b: -(b.size or 0))
    return near[:1] if same else near[:UNSEEN_BENCHMARKS]


def _judge_unseen(deps: Deps, claim: Claim, samples: PairedSamples, varied: Unseen) -> Scrutiny:
    comparisons = [c for c in compare(samples, seed=claim.seed) if c.unit == claim.gain.unit]
    title = f"{claim.label}: unseen inputs: {', '.join(varied.changes[:5])}"
    evidence = deps.evidence.add(
        "pairs", title, "ask-profiler pairs", quantities=[q for c in comparisons for q in quantities_of(c)]
    )
    differing = different_output(samples)
    if differing is not None:
        raise Refused(
            reason="results differ",
            detail=f"on an input nobody had seen {differing}",
            evidence=(evidence.id,),
        )
    claimed = -math.log(claim.gain.ratio)
    for comparison in comparisons:
        if -math.log(comparison.ratio_low) < KEPT_SHARE * claimed:
            raise Refused(
                reason="gaming",
                detail=f"on inputs nobody had seen the gain isn't there: {comparison.benchmark} "
                f"{comparison.ratio - 1:+.1%} ({comparison.ratio_low - 1:+.1%} to {comparison.ratio_high - 1:+.1%}) "
                f"where {claim.gain.benchmark} showed {claim.gain.ratio - 1:+.1%}",
                evidence=(evidence.id,),
            )
    if not comparisons:
        return Scrutiny(evidence=(evidence.id,), checks=("On unseen inputs that signal wasn't measured.",))
    first = comparisons[0]
    words = (
        f"On inputs nobody had seen ({plain('; '.join(varied.changes[:3]))}) it takes "
        f"{{{evidence.id}.{first.benchmark}:{first.unit}:ratio}} of what it took."
    )
    return Scrutiny(evidence=(evidence.id,), checks=(words,))
