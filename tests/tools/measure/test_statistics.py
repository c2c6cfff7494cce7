"""The statistics agree with scipy where scipy has them, and hold what they promise where it has not."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from tools.measure.statistics import (
    DECISION_LEVEL,
    DECISION_POWER,
    POWER,
    SCREENING_LEVEL,
    FloatArray,
    detectable_log_ratio,
    disturbed_share,
    fewest_pairs,
    holm,
    median_interval,
    outvoting_pairs,
    paired_interval,
    pairs_despite,
    robust_sigma,
    sign_free_sigma,
    signed_rank_p,
)

NOISE = ("normal", "heavy tails", "skewed", "outliers")


def noise(kind: str, size: int, random: np.random.Generator) -> FloatArray:
    """Noise whose true median is 0."""
    if kind == "heavy tails":
        return random.standard_t(2, size)
    if kind == "skewed":
        return random.exponential(1, size) - math.log(2)
    if kind == "outliers":
        return np.where(random.random(size) < 0.1, random.normal(0, 10, size), random.normal(0, 0.1, size))
    return random.normal(0, 1, size)


@pytest.mark.parametrize("size", [2, 5, 8, 12, 25, 60])
def test_the_signed_rank_test_is_scipys_exact_one(size: int) -> None:
    values = np.random.default_rng(size).normal(0.3, 1, size)
    expected = scipy.stats.wilcoxon(values, method="exact")
    assert signed_rank_p(values) == pytest.approx(float(expected.pvalue), abs=1e-12)


@pytest.mark.parametrize(
    "values", [[1, 1, -1, 2, 2, 2], [0, 0, 1, 1, -2, 3, 3], [0, 1, 1, 1, 1, 1, 1], [-0.0, -1]]
)
def test_ties_and_zeros_are_exact_too(values: list[float]) -> None:
    """scipy's permutation test over all signs of the middle ranks."""
    found = np.array(values, dtype=np.float64)
    ranks = scipy.stats.rankdata(np.abs(found)) * np.sign(found)
    expected = scipy.stats.permutation_test(
        [ranks], np.sum, permutation_type="samples", n_resamples=2 ** len(values)
    )
    assert signed_rank_p(found) == pytest.approx(float(expected.pvalue), abs=1e-12)


def test_few_pairs_can_never_look_certain() -> None:
    for size in range(1, 20):
        assert signed_rank_p(np.full(size, -5.0)) >= 2 / 2**size - 1e-9


def test_no_difference_has_no_evidence() -> None:
    assert signed_rank_p(np.zeros(10)) == 1.0
    assert signed_rank_p(np.zeros(0)) == 1.0


def test_holm_gives_the_published_example() -> None:
    """R's `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")`."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_no_correction_and_bonferronis(values: list[float]) -> None:
    adjusted = holm(values)
    for raw, corrected in zip(values, adjusted, strict=True):
        assert raw <= corrected <= min(1.0, len(values) * raw) + 1e-12
    order = sorted(range(len(values)), key=lambda n: values[n])
    assert [adjusted[n] for n in order] == sorted(adjusted)
    assert adjusted[order[0]] == pytest.approx(min(1.0, len(values) * values[order[0]]))


def test_holm_keeps_the_family_of_comparisons_at_its_level() -> None:
    """Ten comparisons of nothing: any false alarm in at most about 5 % of families; uncorrected in 40 %."""
    random = np.random.default_rng(11)
    families = random.random((2000, 10))
    corrected = np.mean([min(holm(list(family))) <= 0.05 for family in families])
    assert corrected < 0.065
    assert np.mean(families.min(axis=1) <= 0.05) > 0.35


@pytest.mark.slow
@pytest.mark.parametrize("kind", NOISE)
@pytest.mark.parametrize("pairs", [8, 10, 15])
def test_the_interval_holds_the_truth_as_often_as_it_says(kind: str, pairs: int) -> None:
    """Both sides of a pair have the same noise; what their difference is said to be holds at 95 %."""
    random = np.random.default_rng(pairs)
    trials, held = 600, 0
    for trial in range(trials):
        values = noise(kind, pairs, random) - noise(kind, pairs, random) + 0.3
        interval = paired_interval(values, 0.95, seed=trial)
        held += interval.low <= 0.3 <= interval.high
    assert held / trials >= 0.93  # 95 % and what 600 trials leave to chance


@pytest.mark.parametrize("kind", NOISE)
@pytest.mark.parametrize("pairs", [10, 25])
def test_false_wins_are_as_rare_as_the_decision_level_says(kind: str, pairs: int) -> None:
    """At most 1 in 200 trials of identical code is called faster; expected is half of that."""
    random = np.random.default_rng(pairs)
    trials = 2_000
    wins = 0
    for _ in range(trials):
        values = noise(kind, pairs, random) - noise(kind, pairs, random)
        wins += signed_rank_p(values) <= DECISION_LEVEL and float(values.sum()) < 0
    assert wins / trials <= 1 / 200


def test_the_interval_is_never_narrower_than_the_exact_one() -> None:
    """The exact one holds every shift that scipy's signed-rank test doesn't reject."""
    for size in (8, 13, 21):
        values = np.random.default_rng(size).normal(0, 1, size)
        ours = paired_interval(values, 0.95, seed=1)
        inside = np.linspace(ours.low - 0.5, ours.high + 0.5, 301)
        for shift in inside[(inside < ours.low) | (inside > ours.high)]:
            assert scipy.stats.wilcoxon(values - shift, method="exact").pvalue <= 0.05


def test_the_estimate_is_the_median_of_all_averages() -> None:
    interval = paired_interval(np.array(_VALUES), 0.95, seed=1)
    averages = [(a + b) / 2 for n, a in enumerate(_VALUES) for b in _VALUES[n:]]
    assert interval.estimate == pytest.approx(float(np.median(averages)))


_VALUES = [1.0, 2.0, 3.0, 4.0, 5.0, 60.0, 7.0]


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(1).normal(0, 1, 9)
    assert paired_interval(values, 0.95, seed=4) == paired_interval(values, 0.95, seed=4)


def test_one_pair_shows_nothing() -> None:
    interval = paired_interval(np.array([-3.0]), 0.95, seed=1)
    assert (interval.low, interval.high) == (-math.inf, math.inf)


def test_a_higher_confidence_widens_the_interval() -> None:
    values = np.random.default_rng(2).normal(0, 1, 25)
    narrow, wide = paired_interval(values, 0.8, seed=1), paired_interval(values, 0.99, seed=1)
    assert wide.low < narrow.low < narrow.high < wide.high


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_the_robust_deviation_is_the_median_distance_of_two_values(values: list[float]) -> None:
    distances = [abs(a - b) for n, a in enumerate(values) for b in values[n + 1 :]]
    expected = float(np.median(distances)) / (math.sqrt(2) * scipy.stats.norm.ppf(0.75))
    assert robust_sigma(np.array(values)) == pytest.approx(expected, rel=1e-4, abs=1e-9)


def test_a_tenth_of_wild_values_hardly_moves_the_robust_deviation() -> None:
    values = np.random.default_rng(3).normal(0, 0.03, 400)
    assert robust_sigma(values) == pytest.approx(0.03, rel=0.1)
    values[:40] *= 1000
    assert robust_sigma(values) < 0.04


def test_one_value_has_no_deviation() -> None:
    assert robust_sigma(np.array([3.0])) == 0.0


@pytest.mark.parametrize("shift", [0.0, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0, 8.0])
def test_noise_is_told_around_any_shift_from_sizes_alone(shift: float) -> None:
    values = np.random.default_rng(7).normal(shift, 1.0, 4000)
    assert 0.95 < sign_free_sigma(values) < 1.15


@pytest.mark.parametrize("count", [0, 1, 2, 9, 17])
def test_signs_make_no_difference_to_what_values_are_thrown_away_by(count: int) -> None:
    random = np.random.default_rng(count)
    values = random.normal(0.0, 1.0, count)
    assert sign_free_sigma(np.abs(values)) == sign_free_sigma(values) == sign_free_sigma(-values)
    assert sign_free_sigma(np.zeros(count)) == 0.0


@pytest.mark.parametrize(("level", "power"), [(SCREENING_LEVEL, POWER), (DECISION_LEVEL, DECISION_POWER)])
@pytest.mark.parametrize("comparisons", [1, 3])
@pytest.mark.parametrize("pairs", [12, 14, 25, 26, 40])
def test_the_detectable_change_is_found_as_often_as_is_promised(
    pairs: int, comparisons: int, level: float, power: float
) -> None:
    change = detectable_log_ratio(0.03, pairs, comparisons, level=level, power=power)
    random = np.random.default_rng(pairs)
    trials = 600
    found = sum(
        signed_rank_p(random.normal(change, 0.03, pairs)) <= level / comparisons for _ in range(trials)
    )
    assert found / trials == pytest.approx(power, abs=0.05)  # 3 deviations of 600 tosses


def test_the_fewest_pairs_reach_the_level_and_one_less_does_not() -> None:
    for comparisons in (1, 2, 3, 7, 20):
        for level in (SCREENING_LEVEL, DECISION_LEVEL):
            fewest = fewest_pairs(comparisons, level)
            assert comparisons * signed_rank_p(np.full(fewest, 1.0)) <= level
            assert comparisons * signed_rank_p(np.full(fewest - 1, 1.0)) > level
            assert math.isfinite(detectable_log_ratio(0.03, fewest, comparisons, level=level))


@pytest.mark.parametrize(
    ("comparisons", "level"), [(1, DECISION_LEVEL), (3, DECISION_LEVEL), (1, SCREENING_LEVEL)]
)
@pytest.mark.parametrize("disturbed", [0, 1, 2, 3])
def test_pairs_gone_wrong_are_outvoted_by_so_many_and_not_by_one_less(
    comparisons: int, level: float, disturbed: int
) -> None:
    def p(pairs: int) -> float:
        wrong = [-1000.0 - n for n in range(disturbed)]
        return comparisons * signed_rank_p(np.array([*wrong, *(1.0 + np.arange(pairs - disturbed))]))

    enough = outvoting_pairs(comparisons, level, disturbed)
    assert p(enough) <= level < p(enough - 1)


def test_more_pairs_detect_less_and_more_comparisons_detect_later() -> None:
    assert detectable_log_ratio(0.03, 20) < detectable_log_ratio(0.03, 10)
    assert detectable_log_ratio(0.03, 10, 4) > detectable_log_ratio(0.03, 10)
    assert detectable_log_ratio(0.0001, 5) == math.inf
    assert detectable_log_ratio(0.0001, 8, 10) == math.inf


@pytest.mark.parametrize("size", [6, 9, 10, 20, 31])
def test_the_medians_interval_is_exact(size: int) -> None:
    """By the binomial distribution: at least 95 %, and one value less would not reach it."""
    values = [float(n) for n in range(size)]
    interval = median_interval(values)
    cut = int(interval.low)
    assert interval.high == size - 1 - cut
    coin = scipy.stats.binom(size, 0.5)
    assert 1 - 2 * coin.cdf(cut) >= 0.95
    assert 1 - 2 * coin.cdf(cut + 1) < 0.95


def test_five_values_are_too_few_for_an_interval_of_the_median() -> None:
    assert median_interval([1, 2, 3, 4, 5]).low == -math.inf
    assert median_interval([1, 2, 3, 4, 5]).estimate == 3


@pytest.mark.parametrize("shift", [0.0, -0.1, 0.3])
def test_what_is_disturbed_is_told_from_sizes_alone(shift: float) -> None:
    values = shift + np.random.default_rng(4).normal(0, 0.01, 40)
    values[::10] += 0.9
    assert disturbed_share(values) == disturbed_share(-values) == disturbed_share(np.abs(values)) == 0.1
    assert disturbed_share(np.array([])) == 0.0
    assert disturbed_share(np.where(values == values.max(), values, shift)) == 0.0  # one alone is no share


def test_plain_noise_is_hardly_ever_taken_for_disturbed() -> None:
    random = np.random.default_rng(9)
    found = [disturbed_share(shift + random.normal(0, 0.02, 25)) for shift in (0.0, 0.1) for _ in range(300)]
    assert float(np.mean(np.array(found) >= 0.08)) < 0.02  # two of 25, from which on more pairs are wanted


@pytest.mark.parametrize("share", [0.04, 0.12, 0.2, 0.3])
def test_as_many_pairs_as_are_asked_for_find_a_gain_despite_what_is_disturbed(share: float) -> None:
    """By tossing: each pair agrees, or is disturbed one way or the other by more than any gain."""
    pairs = pairs_despite(share, 1, DECISION_LEVEL, 0.95, 10, 400)
    random = np.random.default_rng(2)

    def found_of(count: int) -> float:
        hits = 0
        for _ in range(300):
            values = -0.1 + random.normal(0, 0.005, count)
            spikes = random.random(count) < share
            values[spikes] += random.choice([-0.6, 0.6], int(spikes.sum()))
            hits += signed_rank_p(values) <= DECISION_LEVEL
        return hits / 300

    assert found_of(pairs) >= 0.92
    assert found_of(max(10, pairs // 2)) < found_of(pairs)
    assert pairs_despite(0.0, 1, DECISION_LEVEL, 0.95, 10, 400) == 10
    assert pairs_despite(0.9, 1, DECISION_LEVEL, 0.95, 10, 60) == 60
