"""Slopes and trends are those of scipy; what goes on growing is a leak, what fills up isn't."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tools.live.growth import LEAST_POINTS, judge_growth, mann_kendall_p, slope_interval

TIMES = [2.0 * n for n in range(30)]


@given(st.lists(st.integers(-50, 50), min_size=4, max_size=40))
def test_slope_and_interval_are_scipys(values: list[int]) -> None:
    x, y = np.arange(len(values), dtype=float), np.array(values, dtype=float)
    ours, theirs = slope_interval(x, y), stats.theilslopes(y, x, alpha=0.95)
    assert ours.estimate == pytest.approx(theirs.slope)
    if math.isfinite(ours.low) and math.isfinite(ours.high):
        assert (ours.low, ours.high) == pytest.approx((theirs.low_slope, theirs.high_slope))


def test_the_trends_p_is_that_of_scipys_normal_approximation() -> None:
    y = np.array([3, 1, 4, 2, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16], dtype=float)
    assert mann_kendall_p(y) == pytest.approx(
        stats.kendalltau(np.arange(15), y, method="asymptotic").pvalue, rel=0.5
    )
    assert mann_kendall_p(np.ones(20)) == 1.0


def judged(values: list[float], least: float = 10) -> str:
    return judge_growth(TIMES, values, least=least).verdict


def test_what_grows_without_end_is_a_leak() -> None:
    noise = random.Random(1)
    assert judged([100 + 5 * t + noise.gauss(0, 3) for t in TIMES]) == "leak"


@pytest.mark.parametrize("constant_s", [5, 10, 20, 30])
def test_what_fills_up_exponentially_is_none(constant_s: float) -> None:
    noise = random.Random(2)
    values = [1000 * (1 - math.exp(-t / constant_s)) + noise.gauss(0, 2) for t in TIMES]
    assert judged(values) in ("settling", "steady")


@pytest.mark.parametrize("full_s", [10, 25, 40, 48])
def test_what_fills_up_evenly_and_then_stops_is_none(full_s: float) -> None:
    assert judged([min(t, full_s) * 50 for t in TIMES]) in ("settling", "steady")


def test_a_sawtooth_and_noise_are_no_growth() -> None:
    noise = random.Random(3)
    assert judged([100 + (n % 7) * 20.0 for n in range(30)]) == "steady"
    verdicts = [judged([noise.gauss(1000, 50) for _ in TIMES]) for _ in range(500)]
    assert not {"leak", "growing"}.intersection(verdicts)


def test_growth_too_small_to_matter_is_none() -> None:
    assert judged([t * 0.1 for t in TIMES]) == "steady"


def test_the_verdict_needs_enough_looks() -> None:
    with pytest.raises(ValueError, match=str(LEAST_POINTS)):
        judge_growth([1.0] * 5, [1.0] * 5, least=1)
