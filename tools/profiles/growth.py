"""How functions' costs grow with the input's size, from profiles at two sizes, and which will be the largest one day.

A function's seconds for one operation are its part of the profile's samples times the measured time. Samples are
counted events, so a function's exponent has an interval. Two functions are compared within the same profiles: the
time, its noise and whatever the profiler left out fall on both alike. docs/scaling.md tells the method.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tools.measure.rates import rate_ratio
from tools.measure.statistics import Interval
from tools.profiles.attribution import Attribution, Place
from tools.profiles.bursts import Dispersion
from tools.profiles.causes import Cause

CONFIDENCE = 0.95
FEWEST = 8
"""A function seen fewer times than this at the larger size tells nothing about its growth."""
ENOUGH = 30
"""A profile with fewer samples than this at either size tells nothing about functions."""
DOUBT = 0.01
"""The chance that any function is named although none grows faster, over all functions of a run together."""
MATERIAL = 0.2
"""How far an exponent must be above the largest function's, beyond doubt: less is memory or a logarithm."""
HORIZON = 1_000.0
"""How many times the largest measured size is still extrapolated to."""
BACKGROUND: tuple[Cause, ...] = ("garbage collection", "the runtime")
"""Unattributed work that is part of a benchmark's time; what else no own function causes is the harness."""
_DRAWS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedCosts:
    """Costs at one size: how often each own function's cost was seen, of how many samples, and seconds for one
    operation with its relative error (as a logarithm). `dispersion` says how much less than single samples they tell.
    """

    size: int
    counts: dict[Place, int]
    samples: int
    seconds: float
    error: float
    dispersion: Dispersion[Place] = field(default_factory=Dispersion)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionGrowth:
    """One function at both sizes: seconds for one operation, its part (0-1) of the time, and how it grows.

    A bound of the exponent is infinite where the samples don't bound it.
    """

    place: Place
    small_s: float
    large_s: float
    share: float
    exponent: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Tomorrow:
    """A function that will be the largest: what is the largest now, and the size from which on it no longer is."""

    function: FunctionGrowth
    largest: FunctionGrowth
    size: Interval


def sized_costs(
    attribution: Attribution,
    samples_seen: int,
    *,
    size: int,
    seconds: float,
    error: float,
    whole: bool,
    dispersion: Dispersion[Place] | None = None,
) -> SizedCosts:
    """Costs from a profile's attribution. `whole` says that the time is that of the whole process, not of a part.

    A benchmark times its operation only: what the harness did beside it is left out there.
    """
    everything = max(attribution.total, 1)
    counted = everything
    if not whole:
        counted = sum(cost.attributed for cost in attribution.places.values())
        counted += sum(attribution.unattributed[cause] for cause in BACKGROUND)
    return SizedCosts(
        size=size,
        counts={place: cost.samples for place, cost in attribution.places.items() if cost.samples},
        samples=round(counted / everything * samples_seen),
        seconds=seconds,
        error=error,
        dispersion=dispersion or Dispersion(),
    )


def function_growths(small: SizedCosts, large: SizedCosts) -> tuple[FunctionGrowth, ...]:
    """Every function seen often enough at the larger size, the costliest first; empty with too few samples."""
    if min(small.samples, large.samples) < ENOUGH:
        return ()
    places = [place for place, count in large.counts.items() if count >= FEWEST]
    found = [_growth(place, small, large) for place in places]
    return tuple(sorted(found, key=lambda f: -f.large_s))


def _growth(place: Place, small: SizedCosts, large: SizedCosts) -> FunctionGrowth:
    count, other = large.counts[place], small.counts.get(place, 0)
    rates = _rates(place, small, large, CONFIDENCE)
    longer = math.log(large.seconds / small.seconds)
    noise = 1.96 * math.hypot(small.error, large.error)
    span = math.log(large.size / small.size)
    middle, low, high = (_log(r) for r in (rates.estimate, rates.low, rates.high))
    share = count / large.samples
    return FunctionGrowth(
        place=place,
        small_s=other / small.samples * small.seconds,
        large_s=share * large.seconds,
        share=share,
        exponent=Interval(
            estimate=(longer + middle) / span,
            low=(longer + middle - math.hypot(middle - low, noise)) / span,
            high=(longer + middle + math.hypot(high - middle, noise)) / span,
            confidence=CONFIDENCE,
        ),
    )


def _rates(place: Place, small: SizedCosts, large: SizedCosts, confidence: float) -> Interval:
    """How many times larger the function's part is at the large size; counts that came in bursts tell less."""
    counts = [costs.counts.get(place, 0) for costs in (large, small)]
    found = rate_ratio(counts[0], counts[1], large.samples, small.samples, confidence)
    less = [_less(place, large, small), _less(place, small, large)]
    if max(less) == 1.0:
        return found
    wider = rate_ratio(
        round(counts[0] / less[0]), round(counts[1] / less[1]),
        large.samples / less[0], small.samples / less[1], confidence,
    )  # fmt: skip
    return replace(
        found,
        low=found.estimate * wider.low / wider.estimate,
        high=found.estimate * wider.high / wider.estimate,
    )


def _less(place: Place, costs: SizedCosts, others: SizedCosts) -> float:
    """How much less than single samples a count tells; bursts at the other size are the host's, and so here, too."""
    return max(costs.dispersion.of(place), others.dispersion.pooled)


def _log(ratio: float) -> float:
    return -math.inf if ratio <= 0 else math.log(ratio)


def find_tomorrow(
    growths: Sequence[FunctionGrowth], small: SizedCosts, large: SizedCosts, *, seed: int
) -> Tomorrow | None:
    """The function that becomes the largest at the smallest size, None when none does beyond doubt within reach.

    What counts is the difference of its exponent from that of the largest function, at a confidence that holds for
    all functions looked at together.
    """
    if len(growths) < 2:
        return None
    largest, *others = growths
    confidence = 1 - 2 * DOUBT / len(others)
    found = []
    for growth in others:
        if _grows_faster(growth.place, largest.place, small, large, confidence):
            size = _crossing(growth.place, largest.place, small, large, seed)
            if size.estimate <= HORIZON * large.size and math.isfinite(size.high):
                found.append(Tomorrow(function=growth, largest=largest, size=size))
    return min(found, key=lambda t: t.size.estimate, default=None)


def _grows_faster(
    place: Place, largest: Place, small: SizedCosts, large: SizedCosts, confidence: float
) -> bool:
    """Whether the exponents differ by `MATERIAL` beyond doubt.

    The interval of the difference is made of those of both. Source: Zou and Donner 2008 (MOVER).
    """
    one, other = (_rates(p, small, large, confidence) for p in (place, largest))
    middle = _log(one.estimate) - _log(other.estimate)
    low = middle - math.hypot(_log(one.estimate) - _log(one.low), _log(other.high) - _log(other.estimate))
    return low / math.log(large.size / small.size) > MATERIAL


def _crossing(place: Place, largest: Place, small: SizedCosts, large: SizedCosts, seed: int) -> Interval:
    """The size at which both cost the same, extrapolated; infinite bounds where they may never.

    The rates are drawn as the counts leave them open (Jeffreys), which keeps the interval's ends apart as they are.
    """
    random = np.random.default_rng(seed)

    def ratios(costs: SizedCosts, others: SizedCosts) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        here, there = (
            _drawn(costs.counts.get(p, 0), _less(p, costs, others), random) for p in (place, largest)
        )
        return np.log(here / there)

    span = math.log(large.size / small.size)
    now = ratios(large, small)
    faster = (now - ratios(small, large)) / span
    ahead = np.where(faster > 0, -now / np.where(faster > 0, faster, 1.0), math.inf)
    low, high = np.quantile(ahead, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], method="closest_observation")
    counts = [(costs.counts.get(p, 0) + 0.5) for costs in (large, small) for p in (place, largest)]
    apart = math.log(counts[0] / counts[1])
    closing = (apart - math.log(counts[2] / counts[3])) / span
    estimate = -apart / closing if closing > 0 else math.inf
    return Interval(
        estimate=large.size * _exp(estimate),
        low=large.size * max(_exp(float(low)), 1.0),
        high=large.size * _exp(float(high)),
        confidence=CONFIDENCE,
    )


def _drawn(
    count: int, less: float, random: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return random.gamma(count / less + 0.5, scale=less, size=_DRAWS)


def _exp(value: float) -> float:
    return math.exp(value) if value < 100 else math.inf
