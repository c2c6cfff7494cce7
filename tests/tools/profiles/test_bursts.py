"""Samples that come in bursts are noticed, and what is told from their counts is wide enough to be true."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from tools.profiles.attribution import Place
from tools.profiles.bursts import DOUBT, Dispersion, dispersion
from tools.profiles.growth import SizedCosts, find_tomorrow, function_growths

PLACES = tuple(Place(name, "app.py") for name in ("parse", "render", "sum", "sort", "join", "check"))
TRIALS = 300


def profiled(
    size: int, runs: int, samples: int, often: float, random: np.random.Generator, *, looks: bool = True
) -> SizedCosts:
    """Functions that grow with the size, seen in so many runs; in that part of the runs one of them in a burst."""
    found = []
    for _ in range(runs):
        counts = random.poisson(samples * np.arange(1, 7) / 21)
        if random.random() < often:
            counts[random.integers(6)] += random.poisson(30)
        found.append({place: int(n) for place, n in zip(PLACES, counts, strict=True)})
    totals = [sum(run.values()) for run in found]
    return SizedCosts(
        size=size,
        counts={place: sum(run[place] for run in found) for place in PLACES},
        samples=sum(totals),
        seconds=size * 1e-3,
        error=0.01,
        dispersion=dispersion(found, totals) if looks else Dispersion(),
    )


def held(often: float, large_runs: int, *, looks: bool = True) -> tuple[float, int]:
    """The part of the intervals that holds the true exponent, 1, and how often a function is named for growing."""
    random = np.random.default_rng(3)
    holds, alarms = [], 0
    for _ in range(TRIALS):
        small = profiled(1_000, 4, 100, often, random, looks=looks)
        large = profiled(4_000, large_runs, 200, often, random, looks=looks)
        growths = function_growths(small, large)
        holds += [g.exponent.low <= 1 <= g.exponent.high for g in growths]
        alarms += find_tomorrow(growths, small, large, seed=1) is not None
    return float(np.mean(holds)), alarms


@pytest.mark.parametrize("large_runs", [1, 2, 3])
@pytest.mark.parametrize("often", [0.0, 0.3, 1.0])
def test_intervals_of_exponents_hold_the_truth_however_often_a_run_is_held_up(
    often: float, large_runs: int
) -> None:
    share, alarms = held(often, large_runs)
    assert share >= 0.94
    assert alarms <= 0.03 * TRIALS


def test_without_a_look_at_the_runs_they_would_not() -> None:
    share, alarms = held(1.0, 2, looks=False)
    assert share < 0.7
    assert alarms > 0.05 * TRIALS


def test_single_samples_are_hardly_ever_taken_for_bursts() -> None:
    random = np.random.default_rng(4)
    found = [profiled(1, runs, 60, 0.0, random).dispersion for runs in (2, 3, 5) for _ in range(400)]
    assert np.mean([each.pooled > 1 for each in found]) <= 2 * DOUBT
    assert np.mean([each.of(place) > 1 for each in found for place in PLACES]) <= 3 * DOUBT


def test_the_dispersion_is_chi_squared_over_its_degrees_of_freedom() -> None:
    one, other = {"f": 100, "g": 100}, {"f": 40, "g": 160}
    found = dispersion([one, other], [200, 200])
    expected = 2 * (30**2 / 70) + 2 * (30**2 / 130)
    assert found.pooled == pytest.approx(expected)
    assert found.of_places["f"] == pytest.approx(2 * 30**2 / 70)
    assert found.of("f") == pytest.approx(max(expected, 2 * 30**2 / 70))
    assert found.of("never seen") == pytest.approx(expected)
    assert chi2.sf(expected, 1) < DOUBT


def test_what_chance_explains_is_no_dispersion_as_scipy_judges() -> None:
    for freedom, values in ((1, (2.0, 6.0, 6.4, 7.5)), (3, (4.0, 11.0, 11.6, 13.0))):
        for chi_squared in values:
            half = np.sqrt(chi_squared * 10**6 / (freedom + 1))
            signs = [(-1) ** n for n in range(freedom + 1)]
            runs = [{"f": round(10**6 + sign * half), "rest": 10**12} for sign in signs]
            found = dispersion(runs, [10**12] * len(runs)).of_places["f"]
            is_chance = chi2.sf(chi_squared, freedom) > DOUBT
            assert (found == 1.0) == is_chance, (freedom, chi_squared)


@pytest.mark.parametrize("runs", [[], [{"f": 100}], [{"f": 100}, {}], [{"f": 1}, {"g": 1}]])
def test_one_run_or_few_samples_tell_nothing(runs: list[dict[str, int]]) -> None:
    found = dispersion(runs, [sum(run.values()) for run in runs])
    assert (found.pooled, found.of("f")) == (1.0, 1.0)
