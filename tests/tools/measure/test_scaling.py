"""Exponents of known growth are found within their intervals, and what can't be told is said."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tools.measure.rates import proportion_interval, rate_ratio
from tools.measure.scaling import FEWEST_SAMPLES, Growth, SizeTimes, Untold, fit_growth
from tools.measure.sizes import size_in_name, without_size
from tools.measure.workload import Benchmark, family_of

DECADES = (100, 1_000, 10_000, 100_000)
Curve = Callable[[float], float]


def made(
    curve: Curve, sizes: Sequence[int], samples: int, random: np.random.Generator, noise: float = 0.03
) -> list[SizeTimes]:
    """Samples with heavy-tailed noise, as a shared host makes it."""
    found = []
    for size in sizes:
        tails = (random.random(samples) < 0.1) * random.exponential(5 * noise, samples)
        logs = math.log(curve(size)) + random.normal(0, noise, samples) + tails
        found.append(SizeTimes(size=size, seconds=tuple(np.exp(logs))))
    return found


def fitted(times: Sequence[SizeTimes], seed: int = 0) -> Growth:
    found = fit_growth(times, seed=seed)
    assert isinstance(found, Growth), found
    return found


def exact(curve: Curve, sizes: Sequence[int]) -> Growth:
    return fitted([SizeTimes(size=n, seconds=(curve(n),) * FEWEST_SAMPLES) for n in sizes])


@pytest.mark.parametrize(
    ("curve", "sizes", "samples"),
    [
        (lambda n: 1e-8 * n, (1_000, 100_000), 5),
        (lambda n: 1e-8 * n, DECADES[1:], 12),
        (lambda n: 1e-8 * n, DECADES, 5),
        (lambda n: 1e-8 * n * math.log2(n), DECADES[1:], 12),
        (lambda n: 1e-12 * n * n, (1_000, 100_000), 12),
        (lambda n: 1e-12 * n * n, DECADES, 12),
        (lambda n: 1e-12 * (n * n + 1e6 * n), DECADES, 12),
        (lambda n: 0.05 + 2e-6 * n, DECADES, 12),
        (lambda n: 0.05 + 3e-11 * n * n, DECADES, 12),
        (lambda n: 1.0, DECADES, 5),
    ],
)
def test_the_interval_holds_what_the_same_times_without_noise_show(
    curve: Curve, sizes: Sequence[int], samples: int
) -> None:
    random = np.random.default_rng(3)
    truth = exact(curve, sizes).exponent.estimate
    trials = 30
    held = 0
    for trial in range(trials):
        found = fitted(made(curve, sizes, samples, random), seed=trial).exponent
        held += found.low <= truth <= found.high
    assert held >= stats.binom.ppf(0.001, trials, 0.95), f"{held} of {trials}"


@given(st.floats(0.3, 3.0), st.floats(1e-9, 1e-3), st.integers(2, 6))
@settings(max_examples=40)
def test_a_power_law_without_noise_is_found_whatever_its_exponent(k: float, a: float, count: int) -> None:
    found = exact(lambda n: max(a * n**k, 1e-12), [8 * 4**step for step in range(count)])
    assert found.exponent.estimate == pytest.approx(k, abs=0.01)
    assert found.exponent.low - 0.01 <= k <= found.exponent.high + 0.01


def test_the_exponent_of_a_power_law_is_that_of_scipys_regression() -> None:
    random = np.random.default_rng(5)
    times = [
        SizeTimes(size=n, seconds=tuple(np.full(7, 1e-7 * n**1.4 * math.exp(random.normal(0, 0.05)))))
        for n in DECADES[:3]
    ]
    expected = stats.linregress(np.log([t.size for t in times]), np.log([t.median_s for t in times])).slope
    assert fitted(times).exponent.estimate == pytest.approx(expected, abs=1e-9)


def test_two_sizes_give_the_ratio_of_medians() -> None:
    found = exact(lambda n: 1e-6 * n**2, (1_000, 4_000))
    assert found.exponent.estimate == pytest.approx(2.0)
    assert (found.sizes, found.told_constant) == ((1_000, 4_000), False)


def test_a_programs_start_is_told_apart_where_there_are_four_sizes() -> None:
    found = exact(lambda n: 0.06 + 4e-6 * n, DECADES)
    assert found.exponent.estimate == pytest.approx(1.0, abs=0.02)
    assert found.constant_s == pytest.approx(0.06, rel=0.02)


def test_growth_that_is_no_single_power_is_said() -> None:
    def bent(n: float) -> float:
        return 1e-9 * (n * n + 1e4 * n)

    found = exact(bent, (*DECADES, 1_000_000))
    assert any("no single power" in w for w in found.warnings)
    assert "1.0 from 100 to 1,000" in found.warnings[0]
    assert "2.0 from 100,000 to 1,000,000" in found.warnings[0]
    assert found.exponent.high > found.exponent.estimate + 0.1
    assert exact(lambda n: 1e-9 * n * math.log(n), DECADES).warnings == ()


def test_time_that_hardly_grows_is_said() -> None:
    found = exact(lambda n: 0.05 + 1e-9 * n, DECADES)
    assert found.exponent.estimate < 0.05
    assert "hardly grows" in found.warnings[0]


@pytest.mark.parametrize(
    ("sizes", "seconds", "why"),
    [
        ((100,), (1.0,) * 5, "only one size"),
        ((), (), "only one size"),
        ((100, 150), (1.0,) * 5, "less than 2 times apart"),
        ((100, 100), (1.0,) * 5, "the same size"),
        ((0, 100), (1.0,) * 5, "isn't above 0"),
        ((10, 100), (1.0,) * 4, "only 4 samples"),
        ((10, 100), (0.0, 1.0, 1.0, 1.0, 1.0), "less than the clock can tell"),
        ((10, 100), (math.nan, 1.0, 1.0, 1.0, 1.0), "less than the clock can tell"),
    ],
)
def test_what_cannot_be_told_is_said(sizes: Sequence[int], seconds: tuple[float, ...], why: str) -> None:
    found = fit_growth([SizeTimes(size=n, seconds=seconds) for n in sizes], seed=0)
    assert isinstance(found, Untold)
    assert why in found.why


def test_times_below_the_clock_are_not_fitted() -> None:
    found = fit_growth([SizeTimes(size=n, seconds=(1e-9,) * 5, timed_s=1e-9) for n in (10, 100)], seed=0)
    assert isinstance(found, Untold)


def test_the_same_seed_gives_the_same_interval() -> None:
    times = made(lambda n: 1e-8 * n, DECADES, 7, np.random.default_rng(1))
    assert fit_growth(times, seed=4) == fit_growth(times, seed=4)


@given(st.integers(0, 400), st.integers(0, 400), st.sampled_from([0.9, 0.95, 0.999]))
@settings(max_examples=60)
def test_the_interval_of_a_proportion_is_scipys_exact_one(seen: int, others: int, confidence: float) -> None:
    total = seen + others
    low, high = proportion_interval(seen, total, confidence)
    if total == 0:
        assert (low, high) == (0.0, 1.0)
        return
    expected = stats.binomtest(seen, total).proportion_ci(confidence, method="exact")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_many_events_give_nearly_the_exact_interval() -> None:
    expected = stats.binomtest(3_000, 9_000).proportion_ci(0.99, method="exact")
    assert proportion_interval(3_000, 9_000, 0.99) == pytest.approx((expected.low, expected.high), abs=2e-4)


def test_a_ratio_of_rates_holds_the_truth_and_is_open_where_none_was_seen() -> None:
    random = np.random.default_rng(2)
    held = 0
    for _ in range(300):
        found = rate_ratio(int(random.poisson(40)), int(random.poisson(10)), 100.0, 200.0, 0.95)
        held += found.low <= 8.0 <= found.high
    assert held >= 280
    assert rate_ratio(10, 0, 1.0, 1.0, 0.95).high == math.inf
    assert rate_ratio(0, 10, 1.0, 1.0, 0.95).low == 0.0


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Report/size=1000", "Report/size=N"),
        ("Sort/10k", "Sort/N"),
        ("X/size=10/kind=a", "X/size=N/kind=a"),
        ("test_a/test_b/tree-1000", "test_a/test_b/tree-N"),
        ("Plain", "Plain"),
        ("Command/app2/size=4", "Command/app2/size=N"),
    ],
)
def test_benchmarks_of_one_thing_share_a_name_but_for_the_size(name: str, family: str) -> None:
    assert without_size(name) == family
    assert (size_in_name(name) is None) == (family == name)


def test_two_things_whose_names_begin_alike_are_two_families() -> None:
    names = ("Map/n=16/swiss", "Map/n=64/swiss", "Map/n=16/std")
    families = [family_of(Benchmark(name=n, selector=(n,), size=size_in_name(n))) for n in names]
    assert families[0] == families[1] != families[2]
