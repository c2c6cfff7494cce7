"""The statistics of pairs: a bootstrap interval, an exact sign-flip test, Holm's correction.

Noise on a shared host is heavy-tailed and drifts. Pairs cancel the drift; the median of the paired log
ratios ignores the tails. Intervals are percentile bootstraps of that median: with 8 to 30 pairs they fall
on order statistics, so they cover like the exact interval of the sign test and never claim more than the
number of pairs can show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
RESAMPLES = 10_000
EXACT_PAIRS = 14
MEDIAN_EFFICIENCY = math.sqrt(math.pi / 2)
"""How much wider a median is than a mean on normal noise; what robustness costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with the bounds that hold at `confidence`."""

    estimate: float
    low: float
    high: float
    confidence: float


def bootstrap_median(values: FloatArray, confidence: float, seed: int) -> Interval:
    """The median of `values` with its percentile bootstrap interval; the same seed gives the same interval.

    With one value the interval is infinite: one pair shows nothing.
    """
    estimate = float(np.median(values))
    if len(values) < 2:
        return Interval(estimate=estimate, low=-math.inf, high=math.inf, confidence=confidence)
    random = np.random.default_rng(seed)
    resampled = values[random.integers(0, len(values), size=(RESAMPLES, len(values)))]
    medians = np.median(resampled, axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(medians, [tail, 1 - tail], method="closest_observation")
    return Interval(estimate=estimate, low=float(low), high=float(high), confidence=confidence)


def sign_flip_p(values: FloatArray, seed: int) -> float:
    """Two-sided p of the paired sign-flip test on the mean: exact up to 14 pairs, else 20,000 random flips.

    Source: Fisher's randomisation test for paired differences. It can't be below 2 / 2**n.
    """
    n = len(values)
    if n == 0 or not np.any(values):
        return 1.0
    observed = abs(float(values.sum()))
    if n <= EXACT_PAIRS:
        flips = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        sums = np.abs(flips @ values)
        return float(np.mean(sums >= observed * (1 - 1e-12)))
    random = np.random.default_rng(seed)
    flips = random.choice(np.array([-1.0, 1.0]), size=(20_000, n))
    extreme = int(np.sum(np.abs(flips @ values) >= observed * (1 - 1e-12)))
    return max((extreme + 1) / 20_001, math.ldexp(1.0, 1 - n))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment, in the order given. Source: Holm 1979."""
    count = len(p_values)
    adjusted = [0.0] * count
    largest = 0.0
    for position, index in enumerate(sorted(range(count), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (count - position) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def robust_sigma(values: FloatArray) -> float:
    """The standard deviation of normal noise with this median absolute deviation; 0 below two values."""
    if len(values) < 2:
        return 0.0
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


def detectable_log_ratio(noise: float, pairs: int, comparisons: int = 1) -> float:
    """The smallest |log ratio| found with 80 % power at 95 % over a family of `comparisons`.

    `noise` is the standard deviation of one paired log ratio. Infinite when so few pairs can't reach the level.
    """
    if 2 / 2**pairs > 0.05 / comparisons:
        return math.inf
    normal = NormalDist()
    z = normal.inv_cdf(1 - 0.05 / comparisons / 2) + normal.inv_cdf(0.8)
    return z * MEDIAN_EFFICIENCY * noise / math.sqrt(pairs)


def median_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """The median with its order-statistic interval; infinite below six values at 95 %.

    Source: golang.org/x/perf/benchmath (binomial order statistics), printed by benchstat as ±.
    """
    ordered = sorted(values)
    n = len(ordered)
    weights = [math.comb(n, k) / 2**n for k in range(n + 1)]
    best = 0
    for low in range(1, n // 2 + 1):
        if sum(weights[low : n + 1 - low]) >= confidence:
            best = low
    median = float(np.median(np.array(ordered)))
    if not best:
        return Interval(estimate=median, low=-math.inf, high=math.inf, confidence=confidence)
    return Interval(estimate=median, low=ordered[best - 1], high=ordered[n - best], confidence=confidence)
