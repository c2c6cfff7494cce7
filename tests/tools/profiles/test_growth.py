"""A function that grows faster than the rest is named with the size where it becomes the largest; others never are."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from tools.profiles.attribution import Attribution, Place, PlaceCost
from tools.profiles.growth import (
    HORIZON,
    SizedCosts,
    Tomorrow,
    find_tomorrow,
    function_growths,
    sized_costs,
)

NAMES = ("parse", "render", "sum", "sort", "join", "check")


def seen(
    seconds: dict[str, float], size: int, samples: int, random: np.random.Generator | None = None
) -> SizedCosts:
    """What a profiler sees of functions that take so many seconds each."""
    total = sum(seconds.values())
    expected = {name: samples * s / total for name, s in seconds.items()}
    counts = {
        Place(name, "app.py"): int(random.poisson(n)) if random is not None else round(n)
        for name, n in expected.items()
    }
    return SizedCosts(size=size, counts=counts, samples=samples, seconds=total, error=0.01)


def linear(size: int, planted: float = 0.0, power: float = 2.0) -> dict[str, float]:
    """Functions that grow with the size, and one by `power` that takes that part of the linear ones' at 10,000."""
    found = {name: size * (n + 1) * 1e-7 for n, name in enumerate(NAMES)}
    if planted:
        found["planted"] = planted * sum(NAMES.index(n) + 1 for n in NAMES) * 1e-3 * (size / 10_000) ** power
    return found


def named(small: SizedCosts, large: SizedCosts) -> Tomorrow | None:
    return find_tomorrow(function_growths(small, large), small, large, seed=1)


def test_the_planted_one_is_named_with_the_size_where_it_becomes_the_largest() -> None:
    random = np.random.default_rng(1)
    small, large = (
        seen(linear(1_000, 0.15), 1_000, 400, random),
        seen(linear(10_000, 0.15), 10_000, 400, random),
    )
    found = named(small, large)
    assert found is not None
    assert (found.function.place.function, found.largest.place.function) == ("planted", "check")
    truth = 10_000 * 6e-7 * 10_000 / (0.15 * 21e-3)
    assert found.size.low <= truth <= found.size.high
    assert found.size.low <= found.size.estimate <= found.size.high
    assert found.function.exponent.low <= 2 <= found.function.exponent.high


def test_functions_that_grow_alike_are_never_named_however_often_it_is_tried() -> None:
    random = np.random.default_rng(2)
    trials, samples = 400, 100
    alarms = sum(
        named(seen(linear(1_000), 1_000, samples, random), seen(linear(10_000), 10_000, samples, random))
        is not None
        for _ in range(trials)
    )
    assert alarms == 0


def test_one_that_grows_a_little_faster_is_not_named() -> None:
    small, large = (seen(linear(n, 0.2, power=1.1), n, 100_000) for n in (1_000, 10_000))
    assert named(small, large) is None


def test_one_that_would_overtake_beyond_the_horizon_is_not_named() -> None:
    small, large = (seen(linear(n, 0.0004, power=1.4), n, 10_000_000) for n in (1_000, 10_000))
    assert named(small, large) is None
    small, large = (seen(linear(n, 0.1, power=1.4), n, 1_000_000) for n in (1_000, 10_000))
    found = named(small, large)
    assert found is not None
    assert found.size.estimate < HORIZON * 10_000


def test_the_largest_itself_is_not_tomorrows() -> None:
    small, large = (seen(linear(n, 3.0), n, 10_000) for n in (1_000, 10_000))
    assert function_growths(small, large)[0].place.function == "planted"
    assert named(small, large) is None


def test_exponents_hold_the_truth_in_most_of_many_profiles() -> None:
    random = np.random.default_rng(3)
    held = tried = 0
    for _ in range(100):
        small = seen(linear(1_000, 0.3), 1_000, 300, random)
        large = seen(linear(10_000, 0.3), 10_000, 300, random)
        for growth in function_growths(small, large):
            truth = 2.0 if growth.place.function == "planted" else 1.0
            held += growth.exponent.low <= truth <= growth.exponent.high
            tried += 1
    assert tried > 500
    assert held / tried >= 0.95


def test_a_function_that_was_not_seen_at_the_small_size_has_a_least_exponent() -> None:
    small = seen({"parse": 1.0, "render": 1.0}, 1_000, 200)
    large = seen({"parse": 10.0, "render": 10.0, "new": 10.0}, 10_000, 300)
    found = next(g for g in function_growths(small, large) if g.place.function == "new")
    assert found.exponent.high == math.inf
    assert found.exponent.low > 1.5


@pytest.mark.parametrize("samples", [0, 20])
def test_too_few_samples_tell_nothing(samples: int) -> None:
    assert function_growths(seen(linear(1_000), 1_000, samples), seen(linear(10_000), 10_000, 400)) == ()


def test_what_the_harness_does_beside_a_benchmark_is_no_part_of_its_time() -> None:
    attribution = Attribution(
        total=1_000,
        places={Place("f", "a.go"): PlaceCost(attributed=300, samples=30)},
        unattributed=Counter({"garbage collection": 100, "formatting": 600}),
    )
    part = sized_costs(attribution, 100, size=10, seconds=1.0, error=0.0, whole=False)
    whole = sized_costs(attribution, 100, size=10, seconds=1.0, error=0.0, whole=True)
    assert (part.samples, whole.samples) == (40, 100)
    assert part.counts == {Place("f", "a.go"): 30}
