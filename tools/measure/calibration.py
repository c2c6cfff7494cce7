"""Calibration: how many iterations a process runs, and what this host can tell apart today."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.measure.pairs import PairPlan, Sampler, compare, log_ratios, run_pairs
from tools.measure.statistics import (
    POWER,
    SCREENING_LEVEL,
    detectable_log_ratio,
    fewest_pairs,
    robust_sigma,
)
from tools.measure.toolchain import Build
from tools.measure.verdict import Comparison
from tools.measure.workload import SECONDS_PER_OP, Benchmark, Sample

MAX_ITERATIONS = 10_000_000
NOISE_FLOOR = 0.002
"""Timers and rounding: no host is quieter than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What a baseline measured against itself showed.

    `noise` is the standard deviation of one paired log ratio of time by benchmark. `comparisons` are of the
    baseline with itself: whatever they call changed is the host's doing.
    """

    noise: Mapping[str, float]
    comparisons: tuple[Comparison, ...]
    warnings: tuple[str, ...]

    @property
    def worst_noise(self) -> float:
        """The noisiest benchmark's."""
        return max(self.noise.values())


def choose_iterations(
    sample: Sampler, build: Build, benchmarks: Sequence[Benchmark], target_s: float
) -> tuple[dict[str, int], dict[str, Sample]]:
    """Iterations for each benchmark so that one process takes about `target_s`, and the last sample of each.

    Starts from one iteration and grows at most a hundredfold at a time. Raises: ToolError.
    """
    iterations: dict[str, int] = {}
    last: dict[str, Sample] = {}
    for benchmark in benchmarks:
        count = 1
        while True:
            found = sample(build, benchmark, count)
            per_op = found.values[SECONDS_PER_OP]
            # Count what really ran: a whole command stays at one iteration.
            wanted = min(max(1, round(target_s / max(per_op, 1e-9))), MAX_ITERATIONS, count * 100)
            if found.iterations < count or wanted <= count * 1.2 or wanted == count:
                count = (
                    min(count, found.iterations) if found.iterations < count else max(1, min(count, wanted))
                )
                break
            count = wanted
        iterations[benchmark.name] = count
        last[benchmark.name] = found
    return iterations, last


def calibrate(
    sample: Sampler,
    build: Build,
    benchmarks: Sequence[Benchmark],
    iterations: Mapping[str, int],
    plan: PairPlan,
) -> Calibration:
    """Measure the baseline against itself. Raises: ToolError."""
    samples = run_pairs(sample, build, build, benchmarks, iterations, plan)
    comparisons = compare(samples, seed=plan.seed)
    noise = {}
    for benchmark in benchmarks:
        ratios = log_ratios(samples, benchmark.name, SECONDS_PER_OP)
        noise[benchmark.name] = max(NOISE_FLOOR, robust_sigma(ratios))
    found = [c for c in comparisons if c.changed and c.unit == SECONDS_PER_OP]
    warnings = [f"{c.benchmark}: the baseline differs from itself; this host is unsteady" for c in found]
    return Calibration(noise=noise, comparisons=comparisons, warnings=tuple(warnings))


def choose_pairs(
    noise: float,
    wanted_gain: float,
    comparisons: int,
    *,
    low: int,
    high: int,
    level: float = SCREENING_LEVEL,
    power: float = POWER,
) -> int:
    """The fewest pairs, from `low` to `high`, that find `wanted_gain` (a fraction of time saved).

    At least as many as are needed to reach the `level` at all, even if that is more than `high`.
    """
    wanted = -math.log1p(-wanted_gain)
    low = max(low, fewest_pairs(comparisons, level))
    for pairs in range(low, high):
        if detectable_log_ratio(noise, pairs, comparisons, level=level, power=power) <= wanted:
            return pairs
    return max(low, high)


def smallest_detectable_gain(
    noise: float, pairs: int, comparisons: int, *, level: float = SCREENING_LEVEL
) -> float:
    """The smallest fraction of time saved that `pairs` pairs find with 80 % power at that level; 1 if none."""
    return 1.0 - math.exp(-detectable_log_ratio(noise, pairs, comparisons, level=level))
