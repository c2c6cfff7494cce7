"""One trial: a pilot, pairs in a number fixed before looking, and the verdict, as for a run's final comparison."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tools.measure.calibration import calibrate, choose_iterations
from tools.measure.hostlock import measuring_alone
from tools.measure.judging import judge
from tools.measure.pairs import PairedSamples, PairPlan, compare, run_pairs
from tools.measure.planned import Aim, final_aim, measure_as_planned
from tools.measure.statistics import DECISION_LEVEL
from tools.measure.toolchain import Build
from tools.measure.trials.subject import Subject
from tools.measure.unpaired import mann_whitney_p
from tools.measure.verdict import Comparison
from tools.measure.workload import SECONDS_PER_OP, Benchmark, Sample

BENCHSTAT_LEVEL = 0.05
"""What benchstat calls a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a run measures: its settings, and the gain that its pairs must be able to show."""

    process_s: float
    calibration_pairs: int
    pairs_min: int
    pairs_max: int
    final_s: float
    wanted_gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one comparison said. `seconds` is what measuring took, pilot included.

    `won` says that the candidate was called faster; `won_in_sequence` says that benchstat's test would call the later
    half of the same samples faster than the earlier half.
    """

    comparison: Comparison
    won: bool
    won_in_sequence: bool
    seconds: float
    repeated: bool

    def holds(self, gain: float) -> bool:
        """Whether the interval that a report prints holds a gain (a fraction of the baseline's time)."""
        return self.comparison.ratio_low <= 1 - gain <= self.comparison.ratio_high


class Recorder:
    """Samples through a toolchain and keeps them in the order in which they ran."""

    def __init__(self, sample: Callable[[Build, Benchmark, int], Sample]) -> None:
        self.kept: list[Sample] = []
        self._sample = sample

    def sample(self, build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        """One process. Raises: ToolError."""
        found = self._sample(build, benchmark, iterations)
        self.kept.append(found)
        return found


def iterations_for(subject: Subject, rules: Rules) -> dict[str, int]:
    """How many operations a process runs, chosen as a run chooses it. Raises: ToolError."""
    benchmarks = subject.workload.benchmarks
    with measuring_alone():
        return choose_iterations(subject.toolchain.sample, subject.baseline, benchmarks, rules.process_s)[0]


def run_trial(
    subject: Subject,
    candidate: Build,
    rules: Rules,
    iterations: Mapping[str, int],
    *,
    seed: int,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Trial:
    """Measure a candidate against the baseline, alone on this host. Raises: ToolError, Cancelled.

    The minimum gain of the policy is off: whatever is called faster counts.
    """
    recorder = Recorder(subject.toolchain.sample)
    benchmarks = subject.workload.benchmarks
    with measuring_alone(is_cancelled=is_cancelled):
        started = time.monotonic()
        pilot = PairPlan(pairs=rules.calibration_pairs, seed=seed)
        noise = calibrate(recorder.sample, subject.baseline, benchmarks, iterations, pilot).worst_noise
        process_s = statistics.median(s.duration_s for s in recorder.kept)

        def run(plan: PairPlan) -> PairedSamples:
            recorder.kept.clear()
            return run_pairs(recorder.sample, subject.baseline, candidate, benchmarks, iterations, plan)

        measured = measure_as_planned(
            run,
            _aim(noise, process_s, rules),
            comparisons=len(benchmarks),
            decisive=[subject.benchmark.name],
            seed=seed + 1000,
        )
        seconds = time.monotonic() - started
    comparisons = compare(measured.samples, seed=seed, level=DECISION_LEVEL)
    verdict = judge(
        comparisons,
        primary=[subject.benchmark.name],
        minimum_gain=0.0,
        smallest_detectable_gain=0.0,
        view="cpu",
    )
    return Trial(
        comparison=next(c for c in comparisons if c.unit == SECONDS_PER_OP),
        won=verdict.accepted,
        won_in_sequence=won_in_sequence([s.values[SECONDS_PER_OP] for s in recorder.kept]),
        seconds=seconds,
        repeated=bool(measured.repeated),
    )


def _aim(noise: float, process_s: float, rules: Rules) -> Aim:
    """As a run plans its final comparison from its calibration."""
    return final_aim(
        noise,
        rules.wanted_gain,
        1,
        low=rules.pairs_min,
        most=rules.pairs_max,
        process_s=[process_s],
        final_s=rules.final_s,
    )


def won_in_sequence(times: list[float]) -> bool:
    """Whether benchstat's test calls the later half of the times faster than the earlier half."""
    half = len(times) // 2
    before, after = times[:half], times[half:]
    return mann_whitney_p(before, after) < BENCHSTAT_LEVEL and float(np.median(after)) < float(
        np.median(before)
    )
