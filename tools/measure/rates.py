"""Rates of counted events, such as a profiler's samples: the ratio of two with its exact interval."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from tools.measure.statistics import FloatArray, Interval

MANY = 2_000
"""With more than this on both sides the normal interval is as good, and much quicker."""
_STEPS = 50


def rate_ratio(count: int, other: int, exposure: float, other_exposure: float, confidence: float) -> Interval:
    """`count` events in `exposure` over `other` events in `other_exposure`, exact given their sum.

    The estimate adds half an event to both, so that none seen is a small rate and not none. A bound is 0 or infinite
    where nothing bounds it. Source: Przyborowski and Wilenski 1940, by Clopper and Pearson's interval of a proportion.
    """
    scale = other_exposure / exposure
    low, high = proportion_interval(count, count + other, confidence)
    return Interval(
        estimate=(count + 0.5) / (other + 0.5) * scale,
        low=low / (1 - low) * scale if low < 1 else math.inf,
        high=high / (1 - high) * scale if high < 1 else math.inf,
        confidence=confidence,
    )


def proportion_interval(count: int, total: int, confidence: float) -> tuple[float, float]:
    """The interval of a proportion of which `count` of `total` were seen: exact, or normal where both are many.

    Source: Clopper and Pearson 1934.
    """
    if total == 0:
        return 0.0, 1.0
    if min(count, total - count) > MANY:
        share = count / total
        half = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(share * (1 - share) / total)
        return share - half, share + half
    seen = np.arange(1, total + 1, dtype=np.float64)
    choose = np.concatenate([[0.0], np.cumsum(np.log((total - seen + 1) / seen))])
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else _where(choose, count, tail)
    high = 1.0 if count == total else _where(choose, count + 1, 1 - tail)
    return low, high


def _where(choose: FloatArray, count: int, wanted: float) -> float:
    """The proportion at which at least `count` are seen with the probability `wanted`."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _at_least(choose, count, middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_least(choose: FloatArray, count: int, proportion: float) -> float:
    total = len(choose) - 1
    seen = np.arange(count, total + 1)
    logs = choose[count:] + seen * math.log(proportion) + (total - seen) * math.log1p(-proportion)
    return float(np.exp(logs).sum())
