"""Whether something that is looked at again and again grows without end: slope, sustained or not, verdict.

Healthy programs grow, too: caches fill, pools reach their size. That growth flattens. So the first third is left out as
warm-up, and a leak is only what goes on growing in the last third about as fast as in the one before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from tools.measure.statistics import FloatArray, Interval

Verdict = Literal["leak", "growing", "settling", "steady"]
CONFIDENCE = 0.95
LEVEL = 0.001
"""The p below which growth is beyond doubt; divided by how many series are looked at."""
SUSTAINED = 0.7
"""A leak's last third grows at least so many times as fast as the third before. What fills up exponentially with a
time constant below 0.93 of the whole time is slower than that.
"""
LEAST_POINTS = 15
"""Fewer can't give each third an interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How a series grew after its warm-up. Slopes are in its unit for each unit of `x` (seconds, or requests).

    `middle` and `late` are the slopes of the last two thirds; `grown` is what the slope makes of the time after the
    warm-up; `p` is of the Mann-Kendall test for a trend.
    """

    verdict: Verdict
    slope: Interval
    middle: Interval
    late: Interval
    grown: float
    p: float


def judge_growth(x: Sequence[float], values: Sequence[float], *, least: float, series: int = 1) -> Growth:
    """The verdict on one of `series` series that are judged together; growth below `least` (in its unit) is none.

    `x` must increase. Raises: ValueError with fewer than LEAST_POINTS points.
    """
    if len(x) < LEAST_POINTS or len(x) != len(values):
        raise ValueError(f"growth is judged from at least {LEAST_POINTS} points, not {len(x)}")
    at, found = np.array(x, dtype=float), np.array(values, dtype=float)
    warm = len(at) // 3
    half = warm + (len(at) - warm) // 2
    first = slope_interval(at[: warm + 1], found[: warm + 1])
    slope = slope_interval(at[warm:], found[warm:])
    middle = slope_interval(at[warm : half + 1], found[warm : half + 1])
    late = slope_interval(at[half:], found[half:])
    p = mann_kendall_p(found[warm:])
    grown = slope.estimate * float(at[-1] - at[warm])
    is_beyond_doubt = p < LEVEL / series and slope.low > 0 and grown >= least
    grew_at_first = first.low > 0 and first.estimate * float(at[warm] - at[0]) >= least
    return Growth(
        verdict=_verdict(is_beyond_doubt, middle, late, grew_at_first),
        slope=slope, middle=middle, late=late, grown=grown, p=p,
    )  # fmt: skip


def _verdict(is_beyond_doubt: bool, middle: Interval, late: Interval, grew_at_first: bool) -> Verdict:
    if not is_beyond_doubt:
        return "settling" if grew_at_first else "steady"
    if late.low > 0 and late.low >= SUSTAINED * middle.estimate:
        return "leak"
    return "settling" if late.estimate < SUSTAINED * middle.estimate else "growing"


def slope_interval(x: FloatArray, y: FloatArray, confidence: float = CONFIDENCE) -> Interval:
    """The Theil-Sen slope with its interval from Kendall's statistic; infinite bounds where points are too few.

    Source: Sen 1968, as in scipy.stats.theilslopes. Raises: ValueError when no two points differ in `x`.
    """
    first, second = np.triu_indices(len(x), k=1)
    apart = x[second] - x[first]
    slopes = np.sort((y[second] - y[first])[apart > 0] / apart[apart > 0])
    if not len(slopes):
        raise ValueError("a slope needs two points that differ in x")
    estimate = float(np.median(slopes))
    deviation = math.sqrt(_variance(y))
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    low = round((len(slopes) - z * deviation) / 2) - 1
    high = round((len(slopes) + z * deviation) / 2)
    return Interval(
        estimate=estimate,
        low=float(slopes[low]) if low >= 0 else -math.inf,
        high=float(slopes[high]) if high < len(slopes) else math.inf,
        confidence=confidence,
    )


def mann_kendall_p(y: FloatArray) -> float:
    """Two-sided p that a series has no trend, by the normal approximation with ties; 1 when all are equal.

    Source: Mann 1945, Kendall 1975.
    """
    first, second = np.triu_indices(len(y), k=1)
    score = float(np.sign(y[second] - y[first]).sum())
    variance = _variance(y)
    if variance == 0:
        return 1.0
    return min(1.0, math.erfc(max(abs(score) - 1, 0.0) / math.sqrt(2 * variance)))


def _variance(y: FloatArray) -> float:
    """The variance of Kendall's score without a trend."""
    count = len(y)
    ties = np.unique(y, return_counts=True)[1].astype(float)
    tied = float((ties * (ties - 1) * (2 * ties + 5)).sum())
    return max(0.0, (count * (count - 1) * (2 * count + 5) - tied) / 18)
