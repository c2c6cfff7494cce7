"""Two samples that weren't measured in pairs: benchstat's statistics, and an interval for the change.

Medians, their intervals and p are benchstat's own, so that nobody has to choose whom to believe. The interval of
the change belongs to the same test: it leaves out "no change" where the test rejects it at that level.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from tools.measure.statistics import FloatArray, Interval

EXACT_SAMPLES = 50
EXACT_SAMPLES_WITH_TIES = 25
EXACT_ORDER = 30
"""Up to here benchstat takes the exact distributions, beyond them the normal approximation."""
ALL_DIFFERENCES = 4_000_000
"""Up to so many pairwise differences are sorted; of more the wanted one is found by bisection."""


def median_with_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """The median with its order-statistic interval; infinite below six values at 95 %. Empty is an error.

    Where an interval of that confidence can't be symmetric and smallest, the smaller one leans to the left.
    Source: golang.org/x/perf/benchmath (AssumeNothing) at the version in .ci/setup.
    """
    ordered = sorted(values)
    count = len(ordered)
    low, high = _order_bounds(count, confidence)
    return Interval(
        estimate=float(np.median(np.array(ordered))),
        low=ordered[low - 1] if low >= 1 else -math.inf,
        high=ordered[high - 1] if high <= count else math.inf,
        confidence=confidence,
    )


@lru_cache(maxsize=256)
def _order_bounds(count: int, confidence: float) -> tuple[int, int]:
    """Which order statistics (from 1) bound the median; 0 and `count + 1` lie outside of the sample."""
    if count > EXACT_ORDER:
        return _order_bounds_by_normal(count, confidence)
    weights = [math.comb(count, k) / 2**count for k in range(count + 1)]
    middle = math.ceil((count + 1) / 2) - 1
    low, high = 0, count + 1
    for size in range(1, count + 2):
        low = middle - (size // 2 if count % 2 == 0 else (size - 1) // 2)
        high = low + size
        if sum(weights[max(low, 0) : high]) >= confidence:
            break
    return max(low, 0), min(high, count + 1)


def _order_bounds_by_normal(count: int, confidence: float) -> tuple[int, int]:
    normal = NormalDist(count / 2, math.sqrt(count) / 2)
    left = normal.inv_cdf((1 - confidence) / 2)
    low = math.floor(left - 0.5) + 1
    high = math.ceil(count - left - 0.5) + 1

    def held(end: int) -> float:
        return normal.cdf(end - 0.5) - normal.cdf(low - 0.5)

    if confidence <= held(high - 1) < held(high):
        high -= 1
    return max(low, 0), min(high, count + 1)


def mann_whitney_p(before: Sequence[float], after: Sequence[float]) -> float:
    """The two-sided p of the Mann-Whitney U test, exact for small samples, ties included; 1 when all are equal.

    Source: Klotz, "The Wilcoxon, Ties, and the Computer", 1966; limits and tails as in benchstat
    (github.com/aclements/go-moremath). Raises: ValueError when a side is empty.
    """
    first, second = len(before), len(after)
    if not first or not second:
        raise ValueError("the Mann-Whitney test needs values on both sides")
    values, ties = np.unique(np.array([*before, *after], dtype=float), return_counts=True)
    if len(values) == 1:
        return 1.0
    ends = np.cumsum(ties)
    doubled_ranks = 2 * ends - ties + 1
    rank_sum = int(doubled_ranks[np.searchsorted(values, np.array(before, dtype=float))].sum())
    u = (rank_sum - first * (first + 1)) // 1  # doubled, so that it is whole with ties, too
    product = 2 * first * second
    limit = EXACT_SAMPLES if len(values) == first + second else EXACT_SAMPLES_WITH_TIES
    if max(first, second) > limit:
        return _p_by_normal(u / 2, first, second, ties)
    if 2 * u == product:
        return 1.0
    return min(1.0, 2 * float(_u_weights(first, tuple(ties.tolist()))[: min(u, product - u) + 1].sum()))


def _p_by_normal(u: float, first: int, second: int, ties: np.typing.NDArray[np.int64]) -> float:
    total = first + second
    correction = float((ties.astype(float) ** 3 - ties).sum()) / (total * (total - 1))
    deviation = math.sqrt(first * second / 12 * (total + 1 - correction))
    z = max(abs(u - first * second / 2) - 0.5, 0.0) / deviation
    return min(1.0, math.erfc(z / math.sqrt(2)))


@lru_cache(maxsize=64)
def _u_weights(first: int, ties: tuple[int, ...]) -> FloatArray:
    """The probability of each doubled U of `first` values, drawn at random among values with such ties."""
    total = sum(ties)
    offset = first * (first + 1)
    sums = np.zeros((first + 1, 2 * first * total + 1))
    sums[0, 0] = 1.0
    seen = 0
    for tied in ties:
        rank = 2 * seen + tied + 1
        seen += tied
        grown = sums.copy()
        for taken in range(1, min(tied, first) + 1):
            shift = taken * rank
            grown[taken:, shift:] += (
                math.comb(tied, taken) * sums[: first + 1 - taken, : sums.shape[1] - shift]
            )
        sums = grown
    weights: FloatArray = sums[first, offset:] / math.comb(total, first)
    return weights


def shift_interval(before: Sequence[float], after: Sequence[float], confidence: float = 0.95) -> Interval:
    """By how much `after` lies above `before`, with the interval of the Mann-Whitney test.

    The estimate is the median of all differences. The interval is infinite where so few values can't reach the
    confidence. Source: Hollander and Wolfe, Nonparametric Statistical Methods, 4.2 and 4.3 (Hodges, Lehmann, Moses).
    """
    left, right = np.sort(np.array(before, dtype=float)), np.sort(np.array(after, dtype=float))
    pairs = len(left) * len(right)
    cut = _cut(len(left), len(right), confidence)
    estimate = (_difference(left, right, (pairs - 1) // 2) + _difference(left, right, pairs // 2)) / 2
    if cut == 0:
        return Interval(estimate=estimate, low=-math.inf, high=math.inf, confidence=confidence)
    return Interval(
        estimate=estimate,
        low=_difference(left, right, cut - 1),
        high=_difference(left, right, pairs - cut),
        confidence=confidence,
    )


def _cut(first: int, second: int, confidence: float) -> int:
    """The order (from 1) of the difference that the interval begins with, counted from each end; 0: there is none."""
    tail = (1 - confidence) / 2
    if max(first, second) > EXACT_SAMPLES:
        deviation = math.sqrt(first * second * (first + second + 1) / 12)
        return max(0, math.floor(first * second / 2 - 0.5 + NormalDist().inv_cdf(tail) * deviation) + 1)
    weights = _u_weights(first, (1,) * (first + second))[::2]
    return int(np.searchsorted(np.cumsum(weights), tail * (1 + 1e-9), side="right"))


def _difference(before: FloatArray, after: FloatArray, order: int) -> float:
    """The `order`-th smallest (from 0) of all differences `after - before`; both sorted."""
    if len(before) * len(after) <= ALL_DIFFERENCES:
        found = np.subtract.outer(after, before).ravel()
        return float(np.partition(found, order)[order])
    low, high = float(after[0] - before[-1]), float(after[-1] - before[0])
    for _ in range(80):
        middle = (low + high) / 2
        if (
            int(np.searchsorted(before, after - middle, side="left").sum())
            > len(before) * len(after) - order - 1
        ):
            low = middle  # so many differences are above it that the wanted one is, too
        else:
            high = middle
    return high
