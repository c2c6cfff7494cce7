"""The pair engine: baseline and candidate back to back in fresh processes, in random order.

What uses one processor only is pinned, both processes of a pair to the same one, which is drawn anew for each pair.

Everything is built before the first sample. The number of pairs is fixed before looking. Within a pair the
order is drawn; in each round the benchmarks are shuffled, so that drift falls on both sides alike.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.measure.statistics import (
    SCREENING_LEVEL,
    FloatArray,
    Interval,
    fewest_pairs,
    holm,
    paired_interval,
    signed_rank_p,
)
from tools.measure.toolchain import Build
from tools.measure.verdict import Comparison
from tools.measure.workload import SECONDS_PER_OP, Benchmark, Sample

DRIFT = 0.05
"""How far (in logarithms) the ratio of medians may be from the pairs' and their interval before it is said."""
Sampler = Callable[[Build, Benchmark, int], Sample]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPlan:
    """How many pairs, and the seed of their order."""

    pairs: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedSamples:
    """The samples of both sides in order: `baseline[b][i]` and `candidate[b][i]` are one pair."""

    baseline: Mapping[str, tuple[Sample, ...]]
    candidate: Mapping[str, tuple[Sample, ...]]


def run_pairs(
    sample: Sampler,
    baseline: Build,
    candidate: Build,
    benchmarks: Sequence[Benchmark],
    iterations: Mapping[str, int],
    plan: PairPlan,
    on_round: Callable[[int], None] | None = None,
) -> PairedSamples:
    """Run all pairs. Raises: ToolError as soon as one process gives no usable result."""
    order = random.Random(plan.seed)  # noqa: S311 - an order, not a secret
    places = random.Random(plan.seed + 1)  # noqa: S311
    processors = sorted(os.sched_getaffinity(0))
    sides: tuple[dict[str, list[Sample]], dict[str, list[Sample]]] = (
        {b.name: [] for b in benchmarks},
        {b.name: [] for b in benchmarks},
    )
    for number in range(plan.pairs):
        for benchmark in order.sample(list(benchmarks), len(benchmarks)):
            pair = [(baseline, sides[0]), (candidate, sides[1])]
            order.shuffle(pair)
            cpu = places.choice(processors)
            for build, side in pair:
                if baseline.processors == candidate.processors == 1:
                    build = replace(build, cpus=frozenset({cpu}))
                side[benchmark.name].append(sample(build, benchmark, iterations[benchmark.name]))
        if on_round is not None:
            on_round(number + 1)
    return PairedSamples(
        baseline={name: tuple(found) for name, found in sides[0].items()},
        candidate={name: tuple(found) for name, found in sides[1].items()},
    )


def compare(
    samples: PairedSamples, *, seed: int, confidence: float = 0.95, level: float = SCREENING_LEVEL
) -> tuple[Comparison, ...]:
    """One comparison for each benchmark and unit, corrected together within each unit's family (Holm).

    Intervals hold at `confidence`; a difference counts as changed when its corrected p is at most `level`, too.
    Units that are zero or missing on either side are left out.
    """
    units = sorted({u for found in samples.baseline.values() for s in found for u in s.values})
    return tuple(c for unit in units for c in _compare_unit(samples, unit, seed, confidence, level))


def log_ratios(samples: PairedSamples, benchmark: str, unit: str) -> FloatArray:
    """log(candidate / baseline) of every pair; empty when a value is missing or not positive."""
    before = [s.values.get(unit, 0.0) for s in samples.baseline[benchmark]]
    after = [s.values.get(unit, 0.0) for s in samples.candidate[benchmark]]
    if min([*before, *after], default=0.0) <= 0:
        return np.zeros(0)
    ratios: FloatArray = np.log(np.array(after)) - np.log(np.array(before))
    return ratios


def _compare_unit(
    samples: PairedSamples, unit: str, seed: int, confidence: float, level: float
) -> list[Comparison]:
    ratios = {name: log_ratios(samples, name, unit) for name in samples.baseline}
    ratios = {name: found for name, found in ratios.items() if len(found)}
    adjusted = holm([signed_rank_p(found) for found in ratios.values()])
    together = 1 - (1 - confidence) / max(len(ratios), 1)
    found = []
    for (name, values), p in zip(ratios.items(), adjusted, strict=True):
        interval = paired_interval(values, together, seed)
        changed = p <= level and (interval.low > 0 or interval.high < 0)
        before = [s.values[unit] for s in samples.baseline[name]]
        after = [s.values[unit] for s in samples.candidate[name]]
        found.append(
            Comparison(
                benchmark=name,
                unit=unit,
                pairs=len(values),
                baseline_median=float(np.median(before)),
                candidate_median=float(np.median(after)),
                ratio=float(np.exp(interval.estimate)),
                ratio_low=float(np.exp(interval.low)),
                ratio_high=float(np.exp(interval.high)),
                p_value=p,
                changed=changed,
                warnings=_warnings(
                    unit, before, after, fewest_pairs(len(ratios), level), interval, len(ratios)
                ),
            )
        )
    return found


def _warnings(
    unit: str, before: list[float], after: list[float], fewest: int, interval: Interval, family: int
) -> tuple[str, ...]:
    found = []
    if len(before) < fewest or math.isinf(interval.low):
        found.append(f"{len(before)} pairs are too few to show a difference among {family} comparisons")
    if unit == SECONDS_PER_OP:
        for side, values in (("baseline", before), ("candidate", after)):
            if max(values) > 3 * min(values):
                found.append(f"the {side}'s times are up to {max(values) / min(values):.1f} times apart")
        medians = float(np.median(after) / np.median(before))
        away = abs(math.log(medians) - interval.estimate) > DRIFT
        if away and not interval.low <= math.log(medians) <= interval.high:
            found.append(
                f"the medians differ by {medians - 1:+.1%}, the pairs by {math.exp(interval.estimate) - 1:+.1%}: "
                "the host's speed changed meanwhile, which only pairs cancel"
            )
    return tuple(found)
