"""How much of a program's time some functions take, and what of a gain lies in them: Amdahl's law beside a measurement.

A gain that is measured end to end should be found where the change was made. The profiles before and after tell, within
the error of sampling.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from tools.measure.statistics import Interval
from tools.profiles.attribution import Place, place_of
from tools.profiles.ownership import OwnCode
from tools.profiles.profile import Profile
from tools.profiles.queries import sample_of_frame

Z_95 = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The part (0-1) of a profile's cost in stacks that hold any of some functions, and how often that was sampled."""

    share: float
    samples: int

    @property
    def error(self) -> float:
        """The standard error of a share that was sampled so often; never 0, as if one more sample had gone the other
        way (Agresti and Coull 1998).
        """
        count = self.samples + Z_95**2
        middle = (self.share * self.samples + Z_95**2 / 2) / count
        return math.sqrt(middle * (1 - middle) / count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Parts (0-1) of the time before: what is saved in the changed functions, elsewhere, and at most.

    `limit` is what would be saved if the changed functions took no time at all. `inside` and `elsewhere` add up to what
    was measured to be saved. Intervals are at 95 %.
    """

    limit: Interval
    inside: Interval
    elsewhere: Interval


def share_of(profile: Profile, value: str, own: OwnCode, places: Collection[Place]) -> Share | None:
    """What the functions at `places` take with all they call; None when the profile is empty."""
    total = profile.total(value)
    seen = profile.times_seen()
    if total <= 0 or not profile.samples:
        return None
    wanted = np.array([place_of(f, own) in places for f in profile.functions], dtype=bool)
    rows = np.unique(sample_of_frame(profile)[wanted[profile.frame_function[profile.frame_ids]]])
    amounts = profile.values[:, profile.column(value)]
    return Share(share=float(amounts[rows].sum() / total), samples=int(seen.sum()))


def predict(before: Share, after: Share, ratio: Interval) -> Prediction:
    """Divide a gain between the changed functions and the rest.

    `ratio` is the time after over the time before, with its 95 % bounds. The error of sampling and that of the ratio
    are taken to be independent. Source: Amdahl 1967.
    """
    r = ratio.estimate
    spread = (ratio.high - ratio.low) / 2
    inside = before.share - r * after.share
    sampling = Z_95 * math.hypot(before.error, r * after.error)
    inside_error = math.hypot(sampling, after.share * spread)
    elsewhere = (1 - before.share) - r * (1 - after.share)
    elsewhere_error = math.hypot(sampling, (1 - after.share) * spread)
    return Prediction(
        limit=_interval(before.share, Z_95 * before.error),
        inside=_interval(inside, inside_error),
        elsewhere=_interval(elsewhere, elsewhere_error),
    )


def _interval(estimate: float, error: float) -> Interval:
    return Interval(estimate=estimate, low=estimate - error, high=estimate + error, confidence=0.95)
