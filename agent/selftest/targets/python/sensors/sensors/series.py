"""One sensor's values over time. A value that wasn't measured is NaN."""

from __future__ import annotations

import math


def smooth(values: list[float], window: int) -> list[float]:
    """The mean of each value and its neighbours up to `window` away, NaN left out; NaN where there are none."""
    smoothed = []
    for place in range(len(values)):
        near = values[max(0, place - window) : place + window + 1]
        known = [value for value in near if not math.isnan(value)]
        smoothed.append(sum(known) / len(known) if known else math.nan)
    return smoothed


def scale(values: list[float]) -> list[float]:
    """The values between 0 and 1: the smallest becomes 0 and the largest 1. All 0 when they are all the same."""
    scaled = []
    for value in values:
        known = [other for other in values if not math.isnan(other)]
        low = min(known, default=math.nan)
        span = max(known, default=math.nan) - low
        scaled.append((value - low) / span if span else 0.0 * value)
    return scaled


def quantiles(values: list[float], shares: list[float]) -> list[float]:
    """For each share, 0 to 1, the value that so many of the values are at most; NaN of no values."""
    found = []
    for share in shares:
        ordered = sorted(value for value in values if not math.isnan(value))
        if not ordered:
            found.append(math.nan)
            continue
        place = share * (len(ordered) - 1)
        below = math.floor(place)
        above = min(below + 1, len(ordered) - 1)
        found.append(ordered[below] + (ordered[above] - ordered[below]) * (place - below))
    return found
