"""Whether samples came one by one: a process that waits for a processor is seen where it stands, again and again.

Sampled from outside, a process that another program keeps from its processor is taken for one that works. On a busy
host samples of one place come in bursts then, and say less than their number. Several runs of the same program show
it: where each sample is by itself, a place's counts differ from run to run as counts do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Generic, TypeVar

P = TypeVar("P")
RUN = "run"
"""The label of a profile that tells which of several runs of the program a sample is from."""
DOUBT = 0.01
"""The chance that single samples are taken for bursts."""
LEAST = 2.0
"""A place must be expected so often in each run on average: fewer counts don't follow the distribution used."""


@dataclass(frozen=True, slots=True)
class Dispersion(Generic[P]):
    """How many times the variance of counts is that of single samples: of all places, and of places by themselves.

    1 where nothing speaks for bursts, or one run alone can't tell.
    """

    pooled: float = 1.0
    of_places: Mapping[P, float] = field(default_factory=dict)

    def of(self, place: P) -> float:
        """That of one place, which is never below that of all."""
        return max(self.pooled, self.of_places.get(place, 1.0))


def dispersion(runs: Sequence[Mapping[P, int]], samples: Sequence[int]) -> Dispersion[P]:
    """From the counts of places in each run, of so many `samples`.

    Source: Pearson's chi-squared over its degrees of freedom (McCullagh and Nelder 1989, 4.5), where it is beyond
    what chance explains.
    """
    counted = [(run, n) for run, n in zip(runs, samples, strict=True) if n > 0]
    total, freedom = sum(n for _, n in counted), len(counted) - 1
    if freedom < 1:
        return Dispersion()
    found: dict[P, float] = {}
    for place in {place for run, _ in counted for place in run}:
        seen = sum(run.get(place, 0) for run, _ in counted)
        if seen >= LEAST * len(counted):
            found[place] = sum(
                (run.get(place, 0) - seen * n / total) ** 2 / (seen * n / total) for run, n in counted
            )
    if not found:
        return Dispersion()
    pooled = _beyond_chance(sum(found.values()), freedom * max(len(found) - 1, 1))
    return Dispersion(pooled, {place: _beyond_chance(each, freedom) for place, each in found.items()})


def _beyond_chance(chi_squared: float, freedom: int) -> float:
    """The dispersion, 1 where chance explains it. Source: Wilson and Hilferty 1931, for the tail of chi-squared."""
    ratio, spread = chi_squared / freedom, 2 / (9 * freedom)
    normal = (ratio ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return ratio if ratio > 1 and NormalDist().cdf(normal) > 1 - DOUBT else 1.0
